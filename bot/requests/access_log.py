"""The access log: who looked at or did what to which request, when and why (client-data Act 703/2023).

Append-only and hash-chained: every row's hash covers the row and the hash before it, so that a changed, dropped,
reordered or inserted row breaks the chain. The chain's end is sealed with the key, which is not in the database: a
chain made anew or cut short does not fit its seal, and whatever is appended to it continues from the sealed end, so
that the cut stays visible. Rows are written in the transaction of what they tell. The log holds no words of families:
reasons are short and about the work. Whoever can put back an older state of the whole database can put back an older
seal too: the server writes the end of the log to its journal every hour; hand such an end in as `known`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.staff.rights import Right, Worker
from bot.storage.crypto import Box
from bot.storage.database import Database
from bot.storage.models import AccessLogRow, ContactRequestRow, MetaRow, StaffRow

FIRST = "0" * 64
"""What stands as `previous` in the first row."""
REASON_MAX = 200
_LOCK = 5060709  # PostgreSQL advisory lock of the chain's end
_BATCH = 1000
_END = "access-log-end"
_SAME_ACT = timedelta(seconds=30)


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
    box: Box = session.info["box"]
    await session.flush()
    if session.get_bind().dialect.name == "postgresql":
        # SQLite's writers are alone since BEGIN IMMEDIATE; here two could read the same last row.
        await session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
    last = await _last(session)
    end = await session.get(MetaRow, _END)
    number, previous = last or (0, FIRST)
    if (sealed := _sealed(box, end)) is not None:
        number, previous = max(number, sealed[0]), sealed[1]
    elif last is not None:
        previous = FIRST  # a seal that is gone or false must not heal by going on
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
    text = f"{row.number}:{row.hash}"
    sealed_text = f"{text}:{box.digest(_END, text)}"
    if end is None:
        session.add(MetaRow(key=_END, value=sealed_text))
    else:
        end.value = sealed_text
    await session.flush()


async def end(database: Database) -> str:
    """The end of the log as `NUMBER:HASH`, to be kept elsewhere; "0:" and zeros where it is empty."""
    async with database.read() as session:
        number, head = await _last(session) or (0, FIRST)
    return f"{number}:{head}"


async def follows(session: AsyncSession, worker: Worker, request_id: str, action: str) -> bool:
    """True where the worker's last row about the request is `action`, moments ago: the page that is shown after a
    form is part of that act and needs no row of its own."""
    last = (
        await session.execute(
            select(AccessLogRow.action, AccessLogRow.at)
            .where(AccessLogRow.request_id == request_id, AccessLogRow.staff_id == worker.id)
            .order_by(AccessLogRow.number.desc())
            .limit(1)
        )
    ).one_or_none()
    return last is not None and last.action == action and clock.now() - last.at < _SAME_ACT


async def verify(database: Database, known: tuple[int, str] | None = None) -> VerifyResult:
    """Checks the whole chain, in batches. `known`: number and hash of a row seen earlier, which must still be there."""
    number, head = 0, FIRST
    async with database.read() as session:
        sealed = _sealed(database.box, await session.get(MetaRow, _END))
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
    if (number or sealed) and sealed != (number, head):
        return VerifyResult(number, head, min(number, sealed[0] if sealed else number) + 1)
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


async def _last(session: AsyncSession) -> tuple[int, str] | None:
    rows = select(AccessLogRow.number, AccessLogRow.hash).order_by(AccessLogRow.number.desc()).limit(1)
    found = (await session.execute(rows)).one_or_none()
    return (found.number, found.hash) if found else None


def _sealed(box: Box, end: MetaRow | None) -> tuple[int, str] | None:
    """Number and hash of the sealed end; None where there is no seal or a false one."""
    text, _colon, seal = (end.value if end else "").rpartition(":")
    if not hmac.compare_digest(box.digest(_END, text), seal):
        return None
    number, _colon, head = text.partition(":")
    return int(number), head


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
