"""The report that a family gets on asking: who has handled its request, when, what was done and why (Act 703/2023).

An auditor makes it by the request's reference; that it was made is itself in the log. The report holds nothing of what
the family wrote. It can be made after the request has been erased too, as long as the log is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot import clock, i18n
from bot.i18n import _, translate
from bot.requests import access_log
from bot.requests.desk import HANDLING
from bot.requests.service import erased_digest
from bot.staff.rights import Right, Worker
from bot.storage.database import Database
from bot.storage.models import AccessLogRow, ContactRequestRow, ErasedReferenceRow, StaffRow

REPORT = "report"
ASKED = "perheen pyyntö"
"""The reason that stands in the log for a report."""
ACTIONS: Mapping[str, str] = {
    "open": _("Opened"),
    "claim": _("Taken"),
    "release": _("Given back"),
    "note": _("Note"),
    "contacted": _("Contact recorded"),
    "answer": _("Answer written"),
    "close": _("Closed"),
    "reopen": _("Opened again"),
    "transfer": _("Passed on"),
    "assign": _("Given to a colleague"),
    "own_worker": _("Own worker"),
    "label": _("Labels"),
    "follow_up": _("Day to come back"),
    "merge": _("Joined with another request"),
    "undo": _("Taken back"),
    "search": _("Found in a search"),
    REPORT: _("Report made"),
}
TITLE = _("Who has handled your contact request")
RIGHT = _("You have the right to know who has handled your information, and why.")
HEADS = (_("When"), _("Who"), _("What was done"), _("Why"))
NOBODY = _("Nobody has opened the request yet.")
_OTHER = _("Handled")
_REASONS = {HANDLING: _("Handling the request"), ASKED: _("The family asked for it")}


class UnknownReference(LookupError):
    """No request has, or had, this reference."""


@dataclass(frozen=True)
class ReportRow:
    """One look or act, ready to read in the report's language. `own_words`: the reason is a worker's, in Finnish."""

    at: datetime
    who: str
    what: str
    why: str
    own_words: bool


@dataclass(frozen=True)
class Report:
    """Everything the log tells of one request, the oldest first. `language`: the family's, or the one asked for."""

    reference: str
    language: str
    made_at: datetime
    rows: list[ReportRow]


async def make(database: Database, worker: Worker, reference: str, language: str | None = None) -> Report:
    """The report about a request, for an auditor; in the family's language unless another is named.

    Raises Forbidden, UnknownReference.
    """
    worker.demand(Right.LOG)
    clean = reference.strip().upper()
    async with database.write() as session:
        found = (
            await session.execute(
                select(ContactRequestRow.id, ContactRequestRow.language).where(ContactRequestRow.reference == clean)
            )
        ).one_or_none()
        request_id = found.id if found else None
        if request_id is None:
            erased = await session.get(ErasedReferenceRow, erased_digest(database.box, clean))
            request_id = erased.request_id if erased else None
        if request_id is None:
            raise UnknownReference(clean)
        spoken = language or (found.language if found else "fi")
        rows = await session.execute(
            select(AccessLogRow, StaffRow.name)
            .outerjoin(StaffRow, StaffRow.id == AccessLogRow.staff_id)
            .where(AccessLogRow.request_id == request_id)
            .order_by(AccessLogRow.number)
        )
        told = [_row(row, name, spoken) for row, name in rows]
        await access_log.append(session, worker, request_id, REPORT, ASKED)
    return Report(clean, spoken, clock.now(), told)


def as_text(report: Report) -> list[str]:
    """The report's lines, for a letter."""

    def say(msgid: str, **values: object) -> str:
        return translate(msgid, report.language, **values)

    lines = [say(TITLE), say("Reference: %(reference)s", reference=report.reference), say(RIGHT), ""]
    lines.append(" | ".join(map(say, HEADS)))
    for each in report.rows:
        lines.append(" | ".join((i18n.moment(each.at, report.language), each.who, each.what, each.why)))
    return lines if report.rows else [*lines[:4], say(NOBODY)]


def _row(row: AccessLogRow, name: str | None, language: str) -> ReportRow:
    reason = _REASONS.get(row.reason)
    return ReportRow(
        row.at,
        name or row.staff_id,
        translate(ACTIONS.get(row.action, _OTHER), language),
        translate(reason, language) if reason else row.reason,
        own_words=reason is None,
    )
