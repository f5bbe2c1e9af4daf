"""The workers' side of contact requests: who may see which, and what can be done to it in which state.

Rights are enforced here, below the web layer: a worker reaches the requests of their own family centres, everything
else is NotFound, as if it did not exist. Every look and every act is written into the access log in its own
transaction (bot.requests.access_log), and every act into the request's history.

new -> claimed -> contacted -> closed; release gives a request back, reopen undoes a closing, transfer makes it new at
another centre. A withdrawn request is erased and stays so. A call that nobody answered leaves the request as it
was: the family has not been reached, so the promise still runs, and it is tried again on the next working day.

The rooms behind this one: `desk_base` (rights, transactions, shapes), `desk_inbox` (lists), `desk_teamwork`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.i18n import _, translate
from bot.requests import access_log
from bot.requests.canned import CANNED
from bot.requests.desk_base import (
    HANDLING,
    NO_ANSWER,
    OUTCOMES,
    STATUSES,
    TRIES,
    TRY_DAYS,
    UNANSWERED,
    URGENCIES,
    WAYS,
    Act,
    BadInput,
    Event,
    NotFound,
    RequestView,
    Row,
    Taken,
    WrongTransition,
    clean_reason,
    clean_text,
    columns,
    happened,
    reach,
    row_of,
    snapshot,
    tries,
)
from bot.requests.desk_inbox import Filters, Inbox
from bot.requests.desk_teamwork import Teamwork, colleagues_of, coming
from bot.requests.service import ANSWERED, OPEN_STATUSES, SHARED, notify
from bot.requests.summary import Words, original_words, summary_fi, words
from bot.requests.workdays import morning_of, next_morning
from bot.routing import needs
from bot.routing.places import regions
from bot.staff.rights import Right, Worker
from bot.storage.models import ContactRequestRow, MessageRow, StaffRow

__all__ = [
    "HANDLING",
    "NO_ANSWER",
    "OUTCOMES",
    "STATUSES",
    "TRIES",
    "TRY_DAYS",
    "UNANSWERED",
    "URGENCIES",
    "WAYS",
    "BadInput",
    "Desk",
    "Event",
    "Filters",
    "NotFound",
    "RequestView",
    "Row",
    "Taken",
    "WrongTransition",
]
SENDERS = {"person": _("The family"), "bot": _("The bot"), "staff": _("A worker")}


class Desk(Inbox, Teamwork):
    """The requests of a database, for workers."""

    async def open(
        self, worker: Worker, id: str, reason: str = HANDLING, language: str = "fi", *, after: str | None = None
    ) -> RequestView:
        """The request with everything in it; the look is in the access log before anything is shown.

        `after`: the act that the page is shown after; where the log tells that this worker has just done it, the look
        gets no row of its own. Raises Forbidden, NotFound, BadInput (no reason, or a long one).
        """
        async with self._acting(worker, id, "open", clean_reason(reason), after) as act:
            session, row = act.session, act.row
            found = (await session.execute(columns().where(ContactRequestRow.id == row.id))).one()
            body: dict[str, Any] = self._db.box.open(row.sealed_body)
            events = await self._events(session, row.id)
            more = (await self._around(session, worker, [row.id]))[row.id]
            joined = await self._joined(session, row.id)
            joined_words = [words for each in joined for words in await self._words_of(session, each.id)]
            doubles = await self._doubles(session, worker, row)
            colleagues = await colleagues_of(session, row.centre)
            own = await session.scalar(select(StaffRow.name).where(StaffRow.id == row.own_worker))
            last = await self._undoable(session, worker, row)
            told = await self._conversation(session, row, body)
        actions = _actions(row, worker)
        return RequestView(
            row=row_of(found, worker, clock.now(), language, **more),
            summary=summary_fi(body, row),
            words=[*original_words(body), *_added(events, row.language), *joined_words],
            contact=body.get("contact"),
            contact_kind=body.get("contact_kind"),
            quiet=bool(body.get("quiet")),
            events=events,
            actions=actions,
            outcomes=_outcomes(row, events) if "close" in actions else (),
            team=row.team,
            own_worker=own,
            conversation=told,
            doubles=doubles,
            joined=joined,
            colleagues=colleagues,
            undo=last.kind if last else None,
            tries=tries(events),
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
                *reach(worker),
                ContactRequestRow.claimed_by.is_(None),
                ContactRequestRow.status.in_(("new", "contacted")),
            )
            .values(
                claimed_by=worker.id,
                status=case((ContactRequestRow.status == "new", "claimed"), else_=ContactRequestRow.status),
            )
            .returning(ContactRequestRow.status)
            .execution_options(synchronize_session=False)
        )
        async with self._db.write() as session:
            status = await session.scalar(taking)
            if status is None:
                row = await self._visible(session, worker, id)
                if row.claimed_by != worker.id or row.status not in OPEN_STATUSES:
                    await self._refuse_others(session, worker, row)
                    raise WrongTransition("claim", row.status)
                return
            row = await self._visible(session, worker, id)
            before = {**snapshot(row), "claimed_by": None, "status": "new" if status == "claimed" else status}
            Act(session, row, worker, self._db.box, before).record("claimed")
            await access_log.append(session, worker, id, "claim", HANDLING)

    async def release(self, worker: Worker, id: str, reason: str = "") -> None:
        """Gives the request back to the centre. A colleague's may be given back too (illness must not hold a family
        up), with a reason that stays in the history.

        Raises Forbidden, NotFound, WrongTransition, BadInput (a colleague's, and no reason).
        """
        async with self._acting(worker, id, "release") as act:
            if act.row.status not in ("claimed", "contacted") or act.row.claimed_by is None:
                raise WrongTransition("release", act.row.status)
            text = clean_text("reason", reason, needed=act.row.claimed_by != worker.id)
            act.row.claimed_by = None
            act.row.status = "new" if act.row.status == "claimed" else act.row.status
            act.record("released", {"text": text})

    async def note(self, worker: Worker, id: str, text: str) -> None:
        """Adds a note that only staff read. Raises Forbidden, NotFound, WrongTransition (withdrawn), BadInput."""
        async with self._acting(worker, id, "note") as act:
            if act.row.status == "withdrawn":
                raise WrongTransition("note", act.row.status)
            act.record("note", {"text": clean_text("text", text)})

    async def contacted(self, worker: Worker, id: str, how: str, text: str = "", next_try: date | None = None) -> None:
        """Records a contact or a try (`how`: one of WAYS); only the worker who has the request.

        `next_try`: the day to come back to it. After a call that nobody answered there always is one: the next
        working day unless another is named.

        Raises Forbidden, NotFound, Taken, WrongTransition (not taken yet), BadInput.
        """
        async with self._acting(worker, id, "contacted") as act:
            if how not in WAYS:
                raise BadInput("how", _("Choose how you contacted the family."))
            await self._own(act, "contacted")
            again = None if next_try is None else morning_of(coming("next_try", next_try))
            if how == NO_ANSWER:
                again = again or next_morning(clock.now())
            else:
                act.row.status, act.row.wrote_at = "contacted", None
            act.row.follow_up_at = again
            kind = "tried" if how == NO_ANSWER else "contacted"
            detail = {"how": how, "text": clean_text("text", text, needed=False)}
            act.record(kind, detail)

    async def answer(self, worker: Worker, id: str, text: str = "", canned: str = "", language: str = "fi") -> None:
        """Writes an answer that the family reads with reference and PIN; only the worker who has the request.

        `canned`: of CANNED, sent in the family's language; `text`: the worker's own words, written in `language` (fi
        or the family's). Finnish words are translated where a service is configured, and always kept beside it.

        Raises Forbidden, NotFound, Taken, WrongTransition (not taken yet), BadInput.
        """
        worker.demand(Right.REQUESTS)
        async with self._db.read() as session:
            row = await self._visible(session, worker, id)
            spoken, mine = row.language, row.claimed_by == worker.id
        detail = {"how": ANSWERED, "text": clean_text("text", text, needed=False)}
        if canned:
            if canned not in CANNED:
                raise BadInput("canned", _("Choose one of the ready answers."))
            detail |= {"canned": canned, "ready": translate(CANNED[canned], spoken)}
        if not detail["text"] and not canned:
            raise BadInput("text", _("Write something here first."))
        detail["language"] = spoken if language == spoken else "fi"
        # Before the transaction: a slow translator must not hold the database.
        if mine and detail["text"] and detail["language"] != spoken:
            translated = await self._translation.translate(detail["text"], detail["language"], spoken)
            detail |= {"translated": translated} if translated else {}
        async with self._acting(worker, id, "answer") as act:
            await self._own(act, "answer")
            act.row.status, act.row.wrote_at = "contacted", None
            act.record("contacted", detail)

    async def close(self, worker: Worker, id: str, outcome: str) -> None:
        """Closes the request (`outcome`: one of OUTCOMES); only the worker who has it.

        Raises Forbidden, NotFound, Taken, WrongTransition (not taken; or the outcome needs a contact or a try that
        has not been), BadInput.
        """
        async with self._acting(worker, id, "close") as act:
            if outcome not in OUTCOMES:
                raise BadInput("outcome", _("Choose how the matter ended."))
            await self._own(act, "close")
            if outcome not in _outcomes(act.row, await self._events(act.session, id)):
                raise WrongTransition("close", act.row.status)
            act.row.status, act.row.outcome, act.row.closed_at = "closed", outcome, clock.now()
            act.row.follow_up_at = act.row.wrote_at = None
            act.record("closed", {"outcome": outcome})

    async def reopen(self, worker: Worker, id: str) -> None:
        """Undoes a closing; the worker who reopens has the request then, and its due date is the old one.

        Raises Forbidden, NotFound, WrongTransition.
        """
        async with self._acting(worker, id, "reopen") as act:
            if act.row.status != "closed":
                raise WrongTransition("reopen", act.row.status)
            reached = _reached(await self._events(act.session, id))
            act.row.status, act.row.outcome, act.row.closed_at = "contacted" if reached else "claimed", None, None
            act.row.claimed_by, act.row.merged_into = worker.id, None
            act.record("reopened")

    async def transfer(self, worker: Worker, id: str, centre: str, reason: str, team: str = "") -> None:
        """Passes the request to another family centre or team, which is told of it; the history goes along, the due
        date stays, and at another centre the sender's sees it no more. `team`: an id; empty: the same team.

        Raises Forbidden, NotFound, Taken, WrongTransition, BadInput (unknown; the same centre and team; no reason).
        """
        async with self._acting(worker, id, "transfer", f"siirto: {centre}") as act:
            if act.row.status not in OPEN_STATUSES:
                raise WrongTransition("transfer", act.row.status)
            await self._refuse_others(act.session, worker, act.row)
            row, to = act.row, team or act.row.team
            if regions().centre(centre) is None or (centre, to) == (row.centre, row.team):
                raise BadInput("centre", _("Choose the family centre that takes the request."))
            if to not in needs.teams():
                raise BadInput("team", _("Choose the team that takes the request."))
            detail = {"from": row.centre, "to": centre, "text": clean_text("reason", reason)}
            if to != row.team:
                detail |= {"from_team": row.team, "to_team": to}
            row.team, row.status, row.claimed_by, row.follow_up_at = to, "new", None, None
            if centre != row.centre:
                row.centre, row.own_worker = centre, None
            act.record("transferred", detail)
            await notify(act.session, act.row, "request.transferred")

    async def _words_of(self, session: AsyncSession, id: str) -> list[Words]:
        row = await session.get_one(ContactRequestRow, id)
        events = await self._events(session, id)
        return [*original_words(self._db.box.open(row.sealed_body)), *_added(events, row.language)]

    async def _conversation(
        self, session: AsyncSession, row: ContactRequestRow, body: dict[str, Any]
    ) -> list[Words] | None:
        """The conversation where the family allowed it to be read, and it has not been erased yet."""
        until = body.get(SHARED)
        if not until or row.conversation_id is None:
            return None
        sealed = await session.scalars(
            select(MessageRow.sealed_body)
            .where(MessageRow.conversation_id == row.conversation_id, MessageRow.at <= datetime.fromisoformat(until))
            .order_by(MessageRow.number)
        )
        said = [self._db.box.open(each) for each in sealed]
        return [
            words(SENDERS.get(each["from"], SENDERS["bot"]), each["text"], each["language"])
            for each in said
            if each.get("text") and each["kind"] != "request"  # receipts hold the family's PIN
        ]


def _added(events: list[Event], language: str) -> list[Words]:
    return [
        words(_("Added later"), str(each.detail.get("text", "")), language) for each in events if each.kind == "added"
    ]


def _actions(row: ContactRequestRow, worker: Worker) -> frozenset[str]:
    if row.status == "withdrawn":
        return frozenset()
    if row.status == "closed":
        return frozenset({"note", "reopen", "label"})
    if row.claimed_by not in (None, worker.id):
        return frozenset({"note", "release", "label", *(["assign"] if worker.may(Right.ASSIGN) else [])})
    free = {"note", "transfer", "label", "assign", "own_worker", "follow_up", "merge"}
    return frozenset(free | ({"claim"} if row.claimed_by is None else {"release", "contacted", "close"}))


def _outcomes(row: ContactRequestRow, events: list[Event]) -> tuple[str, ...]:
    reached = row.status == "contacted"
    number, days = tries(events)
    tried = reached or (number >= TRIES and days >= TRY_DAYS)
    return tuple(id for id, each in OUTCOMES.items() if (reached or not each.reached) and (tried or not each.tried))


def _reached(events: list[Event]) -> bool:
    """True where the family was contacted since the request last became new at a centre."""
    for each in reversed(happened(events)):
        if each.kind in ("contacted", "transferred"):
            return each.kind == "contacted"
    return False
