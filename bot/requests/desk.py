"""The workers' side of contact requests: who may see which, and what can be done to it in which state.

Rights are enforced here, below the web layer: a worker reaches the requests of their own family centres, everything
else is NotFound, as if it did not exist. Every look and every act is written into the access log in its own
transaction (bot.requests.access_log), and every act into the request's history.

new -> claimed -> contacted -> closed; release gives a request back, reopen undoes a closing, transfer makes it new at
another centre. A withdrawn request is erased and stays so. A call that nobody answered leaves the request as it
was: the family has not been reached, so the promise still runs.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Unpack

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.i18n import _
from bot.requests import access_log
from bot.requests.service import ANSWERED, OPEN_STATUSES, event, notify
from bot.requests.summary import (
    Words,
    centre_label,
    language_name,
    need_label,
    original_words,
    place_label,
    summary_fi,
    team_label,
    words,
)
from bot.routing.places import regions
from bot.staff.rights import Right, Worker
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


@dataclass(frozen=True)
class Outcome:
    """How a request ended. `reached`: it can end so only after the family was contacted; `tried`: after a try."""

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


@dataclass(frozen=True)
class Event:
    """Something that happened. `actor`: a worker's name, None for the family or the machine; `detail`: opened."""

    at: datetime
    kind: str
    actor: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class RequestView:
    """A request as its page shows it.

    `summary`: Finnish labels and values; `words`: the family's own words; `contact`, `contact_kind`: to call or to
    write to; `quiet`: no message may be left; `actions`: what this worker can do now; `outcomes`: how it can be
    closed now.
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


class Desk:
    """The requests of a database, for workers."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def inbox(
        self,
        worker: Worker,
        *,
        status: str | None = None,
        need: str | None = None,
        centre: str | None = None,
        mine: bool = False,
        limit: int = 200,
        offset: int = 0,
        language: str = "fi",
    ) -> list[Row]:
        """The requests of the worker's centres; `status` None: all that are open. Raises Forbidden.

        Those still waiting for an answer come first; among them the most urgent, then what is due first, then the
        newest. Closed ones: the latest first.
        """
        worker.demand(Right.REQUESTS)
        query = _columns().where(*_reach(worker))
        query = query.where(
            ContactRequestRow.status == status if status else ContactRequestRow.status.in_(OPEN_STATUSES)
        )
        if need:
            query = query.where(ContactRequestRow.need == need)
        if centre:
            query = query.where(ContactRequestRow.centre == centre)
        if mine:
            query = query.where(ContactRequestRow.claimed_by == worker.id)
        if status in ("closed", "withdrawn"):
            query = query.order_by(ContactRequestRow.closed_at.desc(), ContactRequestRow.id)
        else:
            query = query.order_by(
                case((ContactRequestRow.status.in_(UNANSWERED), 0), else_=1),
                ContactRequestRow.urgency,
                ContactRequestRow.due_at,
                ContactRequestRow.created_at.desc(),
                ContactRequestRow.id,
            )
        async with self._db.read() as session:
            found = (await session.execute(query.limit(limit).offset(offset))).all()
        moment = clock.now()
        return [_row(each, worker, moment, language) for each in found]

    async def counts(self, worker: Worker) -> dict[str, int]:
        """How many requests of the worker's centres are in each state. Raises Forbidden."""
        worker.demand(Right.REQUESTS)
        query = select(ContactRequestRow.status, func.count()).where(*_reach(worker)).group_by(ContactRequestRow.status)
        async with self._db.read() as session:
            found = {each[0]: each[1] for each in await session.execute(query)}
        return {status: found.get(status, 0) for status in STATUSES}

    async def open(
        self, worker: Worker, id: str, reason: str = HANDLING, language: str = "fi", *, after: str | None = None
    ) -> RequestView:
        """The request with everything in it; the look is in the access log before anything is shown.

        `after`: the act that the page is shown after; where the log tells that this worker has just done it, the look
        gets no row of its own. Raises Forbidden, NotFound, BadInput (no reason, or a long one).
        """
        async with self._acting(worker, id, "open", _reason(reason), after) as (session, row):
            columns = (await session.execute(_columns().where(ContactRequestRow.id == row.id))).one()
            body: dict[str, Any] = self._db.box.open(row.sealed_body)
            events = await self._events(session, row.id)
        actions = _actions(row, worker)
        added = [
            words(_("Added later"), str(each.detail.get("text", "")), row.language)
            for each in events
            if each.kind == "added"
        ]
        return RequestView(
            row=_row(columns, worker, clock.now(), language),
            summary=summary_fi(body, row),
            words=[*original_words(body), *added],
            contact=body.get("contact"),
            contact_kind=body.get("contact_kind"),
            quiet=bool(body.get("quiet")),
            events=events,
            actions=actions,
            outcomes=_outcomes(row, events) if "close" in actions else (),
        )

    async def claim(self, worker: Worker, id: str) -> None:
        """Takes the request; of several who try only one wins. Taking what one has already changes nothing.

        Raises Forbidden, NotFound, Taken, WrongTransition.
        """
        worker.demand(Right.REQUESTS)
        taking = (
            update(ContactRequestRow)
            .where(
                ContactRequestRow.id == id,
                *_reach(worker),
                ContactRequestRow.claimed_by.is_(None),
                ContactRequestRow.status.in_(("new", "contacted")),
            )
            .values(
                claimed_by=worker.id,
                status=case((ContactRequestRow.status == "new", "claimed"), else_=ContactRequestRow.status),
            )
            .returning(ContactRequestRow.id)
            .execution_options(synchronize_session=False)
        )
        async with self._db.write() as session:
            if await session.scalar(taking) is None:
                row = await self._visible(session, worker, id)
                if row.claimed_by != worker.id or row.status not in OPEN_STATUSES:
                    await self._refuse_others(session, worker, row)
                    raise WrongTransition("claim", row.status)
                return
            session.add(event(self._db.box, id, "claimed", actor=worker.id))
            await access_log.append(session, worker, id, "claim", HANDLING)

    async def release(self, worker: Worker, id: str, reason: str = "") -> None:
        """Gives the request back to the centre. A colleague's may be given back too (illness must not hold a family
        up), with a reason that stays in the history.

        Raises Forbidden, NotFound, WrongTransition, BadInput (a colleague's, and no reason).
        """
        async with self._acting(worker, id, "release", HANDLING) as (session, row):
            if row.status not in ("claimed", "contacted") or row.claimed_by is None:
                raise WrongTransition("release", row.status)
            text = _text("reason", reason, needed=row.claimed_by != worker.id)
            row.claimed_by = None
            row.status = "new" if row.status == "claimed" else row.status
            session.add(event(self._db.box, id, "released", {"text": text}, worker.id))

    async def note(self, worker: Worker, id: str, text: str) -> None:
        """Adds a note that only staff read. Raises Forbidden, NotFound, WrongTransition (withdrawn), BadInput."""
        async with self._acting(worker, id, "note", HANDLING) as (session, row):
            if row.status == "withdrawn":
                raise WrongTransition("note", row.status)
            session.add(event(self._db.box, id, "note", {"text": _text("text", text)}, worker.id))

    async def contacted(self, worker: Worker, id: str, how: str, text: str = "") -> None:
        """Records a contact or a try (`how`: one of WAYS); only the worker who has the request.

        Raises Forbidden, NotFound, Taken, WrongTransition (not taken yet), BadInput.
        """
        async with self._acting(worker, id, "contacted", HANDLING) as (session, row):
            if how not in WAYS:
                raise BadInput("how", _("Choose how you contacted the family."))
            await self._own(session, worker, row, "contacted")
            if how != NO_ANSWER:
                row.status = "contacted"
            kind = "tried" if how == NO_ANSWER else "contacted"
            detail = {"how": how, "text": _text("text", text, needed=False)}
            session.add(event(self._db.box, id, kind, detail, worker.id))

    async def answer(self, worker: Worker, id: str, text: str) -> None:
        """Writes an answer that the family reads with reference and PIN; only the worker who has the request.

        Raises Forbidden, NotFound, Taken, WrongTransition (not taken yet), BadInput.
        """
        async with self._acting(worker, id, "answer", HANDLING) as (session, row):
            await self._own(session, worker, row, "answer")
            row.status = "contacted"
            detail = {"how": ANSWERED, "text": _text("text", text)}
            session.add(event(self._db.box, id, "contacted", detail, worker.id))

    async def close(self, worker: Worker, id: str, outcome: str) -> None:
        """Closes the request (`outcome`: one of OUTCOMES); only the worker who has it.

        Raises Forbidden, NotFound, Taken, WrongTransition (not taken; or the outcome needs a contact or a try that
        has not been), BadInput.
        """
        async with self._acting(worker, id, "close", HANDLING) as (session, row):
            if outcome not in OUTCOMES:
                raise BadInput("outcome", _("Choose how the matter ended."))
            await self._own(session, worker, row, "close")
            if outcome not in _outcomes(row, await self._events(session, id)):
                raise WrongTransition("close", row.status)
            row.status, row.outcome, row.closed_at = "closed", outcome, clock.now()
            session.add(event(self._db.box, id, "closed", {"outcome": outcome}, worker.id))

    async def reopen(self, worker: Worker, id: str) -> None:
        """Undoes a closing; the worker who reopens has the request then, and its due date is the old one.

        Raises Forbidden, NotFound, WrongTransition.
        """
        async with self._acting(worker, id, "reopen", HANDLING) as (session, row):
            if row.status != "closed":
                raise WrongTransition("reopen", row.status)
            reached = _reached(await self._events(session, id))
            row.status, row.outcome, row.closed_at = "contacted" if reached else "claimed", None, None
            row.claimed_by = worker.id
            session.add(event(self._db.box, id, "reopened", actor=worker.id))

    async def transfer(self, worker: Worker, id: str, centre: str, reason: str) -> None:
        """Passes the request to another family centre, which is told of it; the history goes along, the due date
        stays, and the sender's centre sees it no more.

        Raises Forbidden, NotFound, Taken, WrongTransition, BadInput (unknown or the same centre, no reason).
        """
        async with self._acting(worker, id, "transfer", f"siirto: {centre}") as (session, row):
            if row.status not in OPEN_STATUSES:
                raise WrongTransition("transfer", row.status)
            await self._refuse_others(session, worker, row)
            if regions().centre(centre) is None or centre == row.centre:
                raise BadInput("centre", _("Choose the family centre that takes the request."))
            detail = {"from": row.centre, "to": centre, "text": _text("reason", reason)}
            row.centre, row.status, row.claimed_by = centre, "new", None
            session.add(event(self._db.box, id, "transferred", detail, worker.id))
            await notify(session, row, "request.transferred")

    @asynccontextmanager
    async def _acting(
        self, worker: Worker, id: str, action: str, reason: str, after: str | None = None
    ) -> AsyncIterator[tuple[AsyncSession, ContactRequestRow]]:
        # What the block does and its line in the log are one transaction: both happen or neither.
        worker.demand(Right.REQUESTS)
        async with self._db.write() as session:
            row = await self._visible(session, worker, id)
            yield session, row
            if after is None or not await access_log.follows(session, worker, row.id, after):
                await access_log.append(session, worker, row.id, action, reason)

    async def _visible(self, session: AsyncSession, worker: Worker, id: str) -> ContactRequestRow:
        row = await session.scalar(
            select(ContactRequestRow).where(ContactRequestRow.id == id, *_reach(worker)).with_for_update()
        )
        if row is None:
            raise NotFound(id)
        return row

    async def _own(self, session: AsyncSession, worker: Worker, row: ContactRequestRow, action: str) -> None:
        await self._refuse_others(session, worker, row)
        if row.claimed_by != worker.id or row.status not in ("claimed", "contacted"):
            raise WrongTransition(action, row.status)

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
        return [Event(row.at, row.kind, name, self._db.box.open(row.sealed_detail)) for row, name in found]


def _reach(worker: Worker) -> tuple[Any, ...]:
    """The condition under which a request is the worker's to see: the one place that says so."""
    return (ContactRequestRow.centre.in_(sorted(worker.centres)),)


def _columns() -> Select[Unpack[tuple[Any, ...]]]:
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
        StaffRow.name.label("claimed_name"),
    ).outerjoin(StaffRow, StaffRow.id == ContactRequestRow.claimed_by)


def _row(found: Any, worker: Worker, moment: datetime, language: str) -> Row:
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
    )


def _actions(row: ContactRequestRow, worker: Worker) -> frozenset[str]:
    if row.status == "withdrawn":
        return frozenset()
    if row.status == "closed":
        return frozenset({"note", "reopen"})
    if row.claimed_by is None:
        return frozenset({"claim", "note", "transfer"})
    if row.claimed_by != worker.id:
        return frozenset({"note", "release"})
    return frozenset({"note", "release", "contacted", "close", "transfer"})


def _outcomes(row: ContactRequestRow, events: list[Event]) -> tuple[str, ...]:
    reached = row.status == "contacted"
    tried = reached or any(each.kind == "tried" for each in events)
    return tuple(id for id, each in OUTCOMES.items() if (reached or not each.reached) and (tried or not each.tried))


def _reached(events: list[Event]) -> bool:
    """True where the family was contacted since the request last became new at a centre."""
    for each in reversed(events):
        if each.kind in ("contacted", "transferred"):
            return each.kind == "contacted"
    return False


def _reason(reason: str) -> str:
    # The log is not sealed, and it outlives the request.
    clean = mask_addresses(mask_identity_codes(reason.strip())[0])
    if not clean or len(clean) > access_log.REASON_MAX:
        raise BadInput("reason", _("Write the reason in a few words."))
    return clean


def _text(field: str, text: str, *, needed: bool = True) -> str:
    clean, _count = mask_identity_codes(text.strip())
    if needed and not clean:
        raise BadInput(field, _("Write something here first."))
    if len(clean) > TEXT_MAX:
        raise BadInput(field, _("The text is too long. Please shorten it."))
    return clean
