"""The access log: who looked at or did what to which request, when and why (client-data Act 703/2023).

Append-only and hash-chained: every row's hash covers the row and the hash before it, so that a changed, dropped or
inserted row breaks the chain. Rows are written in the transaction of what they tell. The log holds no words of
families: reasons are short and about the work. Whoever can write the whole table can also make a new chain; keep the
`head` that `verify` gives somewhere else now and then, and hand it in again as `known`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.staff.rights import Right, Worker
from bot.storage.database import Database
from bot.storage.models import AccessLogRow, ContactRequestRow, StaffRow

FIRST = "0" * 64
"""What stands as `previous` in the first row."""
REASON_MAX = 200
_LOCK = 5060709  # PostgreSQL advisory lock of the chain's end
_BATCH = 1000


@dataclass(frozen=True)
class VerifyResult:
    """The state of the chain. `head`: hash of the last row; `broken_at`: number of the first row that does not fit."""

    rows: int
    head: str
    broken_at: int | None

    @property
    def ok(self) -> bool:
        """True where every row fits."""
        return self.broken_at is None


@dataclass(frozen=True)
class LogEntry:
    """A row of the log for people. `reference`: None once the request itself has been erased."""

    number: int
    at: datetime
    name: str
    login: str
    reference: str | None
    action: str
    reason: str


async def append(session: AsyncSession, worker: Worker, request_id: str, action: str, reason: str) -> None:
    """Adds a row in the caller's transaction (`Database.write`); ValueError for a reason that is empty or too long.

    Call it last: from here to the commit no other transaction can append.
    """
    if not reason.strip() or len(reason) > REASON_MAX:
        raise ValueError("a reason has 1 to 200 characters")
    await session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # SQLite's writers are alone since BEGIN IMMEDIATE; here two could read the same last row.
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    last = (
        await session.execute(
            select(AccessLogRow.number, AccessLogRow.hash).order_by(AccessLogRow.number.desc()).limit(1)
        )
    ).one_or_none()
    number, previous = (last.number, last.hash) if last else (0, FIRST)
    row = AccessLogRow(
        number=number + 1,
        at=clock.now(),
        staff_id=worker.id,
        request_id=request_id,
        action=action,
        reason=reason.strip(),
        previous=previous,
    )
    row.hash = _hash(row)
    session.add(row)
    await session.flush()


async def verify(database: Database, known: tuple[int, str] | None = None) -> VerifyResult:
    """Checks the whole chain, in batches. `known`: number and hash of a row seen earlier, which must still be there."""
    number, head = 0, FIRST
    async with database.read() as session:
        while True:
            rows = (
                await session.scalars(
                    select(AccessLogRow).where(AccessLogRow.number > number).order_by(AccessLogRow.number).limit(_BATCH)
                )
            ).all()
            for row in rows:
                changed = row.number != number + 1 or row.previous != head or row.hash != _hash(row)
                if changed or (known is not None and known[0] == row.number and known[1] != row.hash):
                    return VerifyResult(number, head, row.number)
                number, head = row.number, row.hash
            session.expunge_all()
            if len(rows) < _BATCH:
                break
    if known is not None and known[0] > number:
        return VerifyResult(number, head, number + 1)
    return VerifyResult(number, head, None)


async def entries(
    database: Database,
    worker: Worker,
    *,
    reference: str | None = None,
    login: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[LogEntry]:
    """The log for an auditor, newest first; `before`: only rows with a smaller number. Raises Forbidden."""
    worker.demand(Right.LOG)
    query = (
        select(AccessLogRow, StaffRow.name, StaffRow.login, ContactRequestRow.reference)
        .outerjoin(StaffRow, StaffRow.id == AccessLogRow.staff_id)
        .outerjoin(ContactRequestRow, ContactRequestRow.id == AccessLogRow.request_id)
        .order_by(AccessLogRow.number.desc())
        .limit(limit)
    )
    if reference:
        query = query.where(ContactRequestRow.reference == reference)
    if login:
        query = query.where(StaffRow.login == login)
    if before is not None:
        query = query.where(AccessLogRow.number < before)
    async with database.read() as session:
        found = (await session.execute(query)).all()
    return [
        LogEntry(row.number, row.at, name or row.staff_id, login_ or "", reference_, row.action, row.reason)
        for row, name, login_, reference_ in found
    ]


def _hash(row: AccessLogRow) -> str:
    canonical = json.dumps(
        {
            "action": row.action,
            "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "number": row.number,
            "reason": row.reason,
            "request": row.request_id,
            "staff": row.staff_id,
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return hashlib.sha256(f"{row.previous}\n{canonical}".encode()).hexdigest()
