"""What all of the desk's rooms share: who may reach which request, the transaction of an act with its line in the
access log, the shapes that are shown, and what the desk refuses.

Every act of a worker goes through `DeskBase._acting`; nothing reaches a request but by `reach`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Unpack

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.i18n import _
from bot.requests import access_log
from bot.requests.service import OPEN_STATUSES, event
from bot.requests.summary import Words, centre_label, language_name, need_label, place_label, team_label
from bot.requests.translation import NO_TRANSLATION, Translation
from bot.requests.workdays import half_time, local_day
from bot.staff.rights import Right, Worker
from bot.storage.crypto import Box
from bot.storage.database import Database
from bot.storage.models import ContactRequestRow, RequestEventRow, StaffRow
from bot.text.addresses import mask_addresses
from bot.text.masking import mask_identity_codes

HANDLING = "käsittely"
"""The reason that stands in the access log where a worker gives no other: handling the request."""
TEXT_MAX = 4000
UNANSWERED = ("new", "claimed")
"""States in which the promise to the family still runs."""
STATUSES: Mapping[str, str] = {
    "new": _("New"),
    "claimed": _("Taken"),
    "contacted": _("Contacted"),
    "closed": _("Closed"),
    "withdrawn": _("Withdrawn"),
}
URGENCIES: Mapping[int, str] = {1: _("Today"), 2: _("Soon"), 3: _("Ordinary")}
WAYS: Mapping[str, str] = {
    "phone": _("Talked on the phone"),
    "meeting": _("Met"),
    "email": _("Wrote an e-mail"),
    "sms": _("Sent a text message"),
    "no_answer": _("Called, no answer"),
}
NO_ANSWER = "no_answer"
TRIES, TRY_DAYS = 3, 2
"""A family counts as not reached after this many calls without an answer, on this many different days."""


@dataclass(frozen=True)
class Outcome:
    """How a request ended. `reached`: it can end so only after the family was contacted; `tried`: after TRIES."""

    label: str
    reached: bool = False
    tried: bool = False


OUTCOMES: Mapping[str, Outcome] = {
    "helped": Outcome(_("Got advice or help, nothing more is needed"), reached=True),
    "continues": Outcome(_("Goes on as a client of a service"), reached=True),
    "referred": Outcome(_("Guided to another service"), reached=True),
    "declined": Outcome(_("The family does not want help now"), reached=True),
    "unreachable": Outcome(_("The family could not be reached"), tried=True),
    "duplicate": Outcome(_("The same matter is in another request")),
    "mistake": Outcome(_("Not a request for help")),
}


class NotFound(LookupError):
    """No such request among those of the worker's centres; whether it is somewhere else is told to nobody."""


class Taken(RuntimeError):
    """A colleague has the request; `by` is the colleague's name."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class WrongTransition(ValueError):
    """The request's state does not allow this; `status` is the state it is in."""

    def __init__(self, action: str, status: str) -> None:
        super().__init__(f"{action}: {status}")
        self.action = action
        self.status = status


class BadInput(ValueError):
    """A field that cannot be accepted; `message` is a msgid for the worker."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(field)
        self.field = field
        self.message = message


@dataclass(frozen=True)
class Row:
    """A request in the list: codes and labels, no words of the family, no name, no contact details."""

    id: str
    reference: str
    status: str
    need: str
    need_label: str
    team_label: str
    place_label: str
    centre: str
    centre_label: str
    language: str
    language_name: str
    interpreter: bool
    urgency: int
    created_at: datetime
    due: datetime
    age: timedelta
    late: bool
    claimed_by: str | None
    mine: bool
    outcome: str | None
    soon: bool = False
    """Half of the promised time has passed, and nobody has answered."""
    follow_up: datetime | None = None
    follow_up_due: bool = False
    wrote: bool = False
    """The family added words that nobody has answered yet."""
    labels: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()
    """Colleagues who have the page open now."""


@dataclass(frozen=True)
class Event:
    """Something that happened. `actor`: a worker's name, None for the family or the machine; `detail`: opened;
    `undone`: it was taken back, and its words are gone."""

    at: datetime
    kind: str
    actor: str | None
    detail: Mapping[str, Any]
    undone: bool = False


@dataclass(frozen=True)
class Double:
    """Another open request with the same contact or from the same conversation."""

    id: str
    reference: str
    need_label: str
    created_at: datetime


@dataclass(frozen=True)
class RequestView:
    """A request as its page shows it.

    `summary`: Finnish labels and values; `words`: the family's own words; `contact`, `contact_kind`: to call or to
    write to; `quiet`: no message may be left; `actions`: what this worker can do now; `outcomes`: how it can be
    closed now; `own_worker`: who was told to the family by name; `team`: the team's id; `conversation`: what the family
    let the workers see of it (from, text, moment), None where it did not; `doubles`, `joined`: requests that may be the
    same, and that were joined with this one; `colleagues`: ids and names of who can be given the request; `undo`: the
    kind of the last act where this worker can take it back now; `tries`: calls without an answer, and on how many
    days.
    """

    row: Row
    summary: list[tuple[str, str]]
    words: list[Words]
    contact: str | None
    contact_kind: str | None
    quiet: bool
    events: list[Event]
    actions: frozenset[str]
    outcomes: tuple[str, ...]
    team: str
    own_worker: str | None
    conversation: list[Words] | None
    doubles: list[Double]
    joined: list[Double]
    colleagues: list[tuple[str, str]]
    undo: str | None
    tries: tuple[int, int]


@dataclass
class Act:
    """A worker's act on a request while its transaction is open. `before`: the row's SNAPSHOT as it was."""

    session: AsyncSession
    row: ContactRequestRow
    worker: Worker
    box: Box
    before: dict[str, Any] = field(default_factory=dict)

    def record(self, kind: str, detail: Mapping[str, Any] | None = None, *, undoable: bool = True) -> None:
        """Writes what was done into the history, with what it takes to undo it."""
        kept = {**(detail or {}), **({"before": self.before} if undoable else {})}
        self.session.add(event(self.box, self.row.id, kind, kept, self.worker.id))
        self.row.changed_at = clock.now()


class DeskBase:
    """The requests of a database for workers, as far as all rooms need it."""

    def __init__(self, database: Database, translation: Translation = NO_TRANSLATION) -> None:
        self._db = database
        self._translation = translation

    @asynccontextmanager
    async def _acting(
        self, worker: Worker, id: str, action: str, reason: str = HANDLING, after: str | None = None
    ) -> AsyncIterator[Act]:
        # What the block does and its line in the log are one transaction: both happen or neither.
        worker.demand(Right.REQUESTS)
        async with self._db.write() as session:
            row = await self._visible(session, worker, id)
            yield Act(session, row, worker, self._db.box, snapshot(row))
            if after is None or not await access_log.follows(session, worker, row.id, after):
                await access_log.append(session, worker, row.id, action, reason)

    async def _visible(self, session: AsyncSession, worker: Worker, id: str) -> ContactRequestRow:
        row = await session.scalar(
            select(ContactRequestRow).where(ContactRequestRow.id == id, *reach(worker)).with_for_update()
        )
        if row is None:
            raise NotFound(id)
        return row

    async def _own(self, act: Act, action: str) -> None:
        await self._refuse_others(act.session, act.worker, act.row)
        if act.row.claimed_by != act.worker.id or act.row.status not in ("claimed", "contacted"):
            raise WrongTransition(action, act.row.status)

    async def _refuse_others(self, session: AsyncSession, worker: Worker, row: ContactRequestRow) -> None:
        if row.status in OPEN_STATUSES and row.claimed_by not in (None, worker.id):
            raise Taken(str(await session.scalar(select(StaffRow.name).where(StaffRow.id == row.claimed_by))))

    async def _events(self, session: AsyncSession, id: str) -> list[Event]:
        found = await session.execute(
            select(RequestEventRow, StaffRow.name)
            .outerjoin(StaffRow, StaffRow.id == RequestEventRow.actor)
            .where(RequestEventRow.request_id == id)
            .order_by(RequestEventRow.at, RequestEventRow.id)
        )
        events = []
        for row, name in found:
            detail = self._db.box.open(row.sealed_detail)
            detail.pop("before", None)
            events.append(Event(row.at, row.kind, name, detail, undone=bool(detail.pop("undone", False))))
        return events


SNAPSHOT = (
    "status",
    "centre",
    "team",
    "claimed_by",
    "outcome",
    "closed_at",
    "own_worker",
    "merged_into",
    "follow_up_at",
    "wrote_at",
)
"""Columns that acts change and an undo puts back."""
_MOMENTS = ("closed_at", "follow_up_at", "wrote_at")


def snapshot(row: ContactRequestRow) -> dict[str, Any]:
    """The changeable columns as JSON-able values."""
    values = {name: getattr(row, name) for name in SNAPSHOT}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def restore(row: ContactRequestRow, before: Mapping[str, Any]) -> None:
    """Puts a snapshot back."""
    for name in SNAPSHOT:
        value = before[name]
        setattr(row, name, datetime.fromisoformat(value) if name in _MOMENTS and value else value)


def happened(events: Iterable[Event]) -> list[Event]:
    """Events that were not taken back."""
    return [each for each in events if not each.undone]


def tries(events: Iterable[Event]) -> tuple[int, int]:
    """Calls without an answer, and on how many days."""
    tried = [local_day(each.at) for each in happened(events) if each.kind == "tried"]
    return len(tried), len(set(tried))


def reach(worker: Worker) -> tuple[Any, ...]:
    """The condition under which a request is the worker's to see: the one place that says so."""
    return (ContactRequestRow.centre.in_(sorted(worker.centres)),)


def columns() -> Select[Unpack[tuple[Any, ...]]]:
    """What a line of the list is made of."""
    # The list never loads what families wrote.
    return select(
        ContactRequestRow.id,
        ContactRequestRow.reference,
        ContactRequestRow.status,
        ContactRequestRow.need,
        ContactRequestRow.team,
        ContactRequestRow.place,
        ContactRequestRow.centre,
        ContactRequestRow.language,
        ContactRequestRow.interpreter,
        ContactRequestRow.urgency,
        ContactRequestRow.created_at,
        ContactRequestRow.due_at,
        ContactRequestRow.claimed_by,
        ContactRequestRow.outcome,
        ContactRequestRow.follow_up_at,
        ContactRequestRow.wrote_at,
        StaffRow.name.label("claimed_name"),
    ).outerjoin(StaffRow, StaffRow.id == ContactRequestRow.claimed_by)


def row_of(found: Any, worker: Worker, moment: datetime, language: str, **more: tuple[str, ...]) -> Row:
    """A line of the list. `more`: labels and readers."""
    return Row(
        id=found.id,
        reference=found.reference,
        status=found.status,
        need=found.need,
        need_label=need_label(found.need, language),
        team_label=team_label(found.team),
        place_label=place_label(found.place),
        centre=found.centre,
        centre_label=centre_label(found.centre),
        language=found.language,
        language_name=language_name(found.language, language),
        interpreter=found.interpreter,
        urgency=found.urgency,
        created_at=found.created_at,
        due=found.due_at,
        age=moment - found.created_at,
        late=found.status in UNANSWERED and found.due_at < moment,
        claimed_by=found.claimed_name,
        mine=found.claimed_by == worker.id,
        outcome=found.outcome,
        soon=found.status in UNANSWERED and half_time(found.created_at) <= moment <= found.due_at,
        follow_up=found.follow_up_at,
        follow_up_due=found.status in OPEN_STATUSES and found.follow_up_at is not None and found.follow_up_at <= moment,
        wrote=found.wrote_at is not None,
        **more,
    )


def clean_reason(reason: str) -> str:
    """A reason for the access log; raises BadInput."""
    # The log is not sealed, and it outlives the request.
    clean = mask_addresses(mask_identity_codes(reason.strip())[0])
    if not clean or len(clean) > access_log.REASON_MAX:
        raise BadInput("reason", _("Write the reason in a few words."))
    return clean


def clean_text(field: str, text: str, *, needed: bool = True) -> str:
    """What a worker wrote, without identity codes; raises BadInput."""
    clean, _count = mask_identity_codes(text.strip())
    if needed and not clean:
        raise BadInput(field, _("Write something here first."))
    if len(clean) > TEXT_MAX:
        raise BadInput(field, _("The text is too long. Please shorten it."))
    return clean
