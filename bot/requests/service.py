"""The life cycle of contact requests: new -> claimed -> contacted -> closed, or withdrawn.

A request is durable before it is acknowledged, exists once per idempotency key, and its notification goes into
the outbox in the same transaction. The family's side needs reference and PIN and nothing else; the workers' side
is `bot.requests.desk`.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.requests.canned import answer_text
from bot.requests.draft import Accepted, RequestDraft, check
from bot.requests.workdays import due
from bot.routing import needs
from bot.storage.crypto import Box
from bot.storage.database import Database
from bot.storage.models import (
    ContactRequestRow,
    ConversationRow,
    ErasedReferenceRow,
    MessageRow,
    OutboxRow,
    RequestEventRow,
    RequestLabelRow,
    StaffRow,
)
from bot.storage.throttle import Throttle

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Letters and digits that are not mistaken for each other on the phone."""
ANSWERED = "here"
"""How a family was contacted: by words it reads with reference and PIN."""
SHARED = "conversation_until"
"""Field of a request's sealed body: until which moment its conversation may be read; None or no field: not at all."""
READ = "read"
"""The family has seen the answers that there were."""
OPEN_STATUSES = ("new", "claimed", "contacted")
FAMILY_EVENTS = (
    "new",
    "claimed",
    "tried",
    "contacted",
    "added",
    "transferred",
    "merged",
    "closed",
    "reopened",
    "withdrawn",
)
"""Kinds of events that a family is told; all others are the workers' own."""


class KeyReused(ValueError):
    """The idempotency key belongs to another request."""


class NotFound(LookupError):
    """Unknown reference or wrong PIN: the two are told apart to nobody."""


class TooManyTries(RuntimeError):
    """Wrong PINs too often; try again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


class Ended(ValueError):
    """The request is closed or withdrawn."""


@dataclass(frozen=True)
class Receipt:
    """What the family gets: reference, PIN, the centre's code and the moment by which an answer is due (UTC)."""

    reference: str
    pin: str
    centre: str
    due: datetime
    request_id: str


@dataclass(frozen=True)
class Status:
    """What the family may know of its request. `events`: (moment, kind) in order, of FAMILY_EVENTS; `answers`:
    (moment, words) that workers wrote to the family; `own_worker`: the name of the worker who is the family's own."""

    reference: str
    status: str
    centre: str
    need: str
    created_at: datetime
    due: datetime
    outcome: str | None
    events: tuple[tuple[datetime, str], ...]
    answers: tuple[tuple[datetime, str], ...]
    own_worker: str | None = None


class ContactRequests:
    """Submits, shows and withdraws requests on a database."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)  # OWASP's minimum for argon2id
        self._dummy = self._hasher.hash("no such request")
        self._tries = Throttle(database, "pin", limit=5, window=timedelta(minutes=15))

    async def submit(self, draft: RequestDraft, key: str, conversation_id: str | None = None) -> Receipt:
        """Stores a request and returns its receipt; the same key and draft again return the same receipt.

        Raises Invalid (bad draft) and KeyReused (same key, other draft).
        """
        accepted = check(draft)
        box = self._db.box
        key_digest = box.digest("idempotency", key)
        fingerprint = box.digest("request", accepted.fingerprint())
        pin = self._pin(key_digest)
        if known := await self._known(key_digest, fingerprint, pin):
            return known
        pin_hash = await asyncio.to_thread(self._hasher.hash, pin)
        for _attempt in range(5):
            try:
                async with self._db.write() as session:
                    row = self._row(accepted, key_digest, fingerprint, pin_hash, conversation_id)
                    session.add(row)
                    await session.flush()
                    session.add(event(box, row.id, "new"))
                    session.add(_notification(row))
                return Receipt(row.reference, pin, row.centre, row.due_at, row.id)
            except IntegrityError:
                # Either this key was stored a moment ago by a parallel retry, or the reference is taken.
                if known := await self._known(key_digest, fingerprint, pin):
                    return known
        raise RuntimeError("no free reference found")

    async def status(self, reference: str, pin: str) -> Status:
        """The request's state for its family; raises NotFound, TooManyTries."""
        row = await self._authenticate(reference, pin)
        async with self._db.read() as session:
            events = await session.execute(
                select(RequestEventRow.at, RequestEventRow.kind, RequestEventRow.sealed_detail)
                .where(RequestEventRow.request_id == row.id)
                .order_by(RequestEventRow.at, RequestEventRow.id)
            )
            found = [(at, kind, self._db.box.open(sealed)) for at, kind, sealed in events]
            own = await session.scalar(select(StaffRow.name).where(StaffRow.id == row.own_worker))
        told = [each for each in found if not each[2].get("undone")]
        written = [each for each in told if each[2].get("how") == ANSWERED]
        answers = tuple((at, answer_text(detail, row.language)) for at, _kind, detail in written)
        marks = [kind for _at, kind, detail in told if detail.get("how") == ANSWERED or kind == READ]
        if marks and marks[-1] != READ:
            # The worker sees that the answer has arrived, and can no longer take it back.
            async with self._db.write() as session:
                session.add(event(self._db.box, row.id, READ))
        seen = tuple((at, kind) for at, kind, _detail in told if kind in FAMILY_EVENTS)
        return Status(
            row.reference, row.status, row.centre, row.need, row.created_at, row.due_at, row.outcome, seen, answers, own
        )

    async def withdraw(self, reference: str, pin: str, speaking_in: str | None = None) -> None:
        """Withdraws the request and erases everything the family wrote; raises NotFound, TooManyTries.

        The chat it was told in goes too, unless it is the one the family is `speaking_in` now: that one holds what
        they see on the screen, and is erased by themselves.
        """
        row = await self._authenticate(reference, pin)
        async with self._db.write() as session:
            stored = await session.get_one(ContactRequestRow, row.id)
            if stored.status == "withdrawn":
                return
            stored.status = "withdrawn"
            stored.closed_at = clock.now()
            if stored.conversation_id and stored.conversation_id != speaking_in:
                chat = stored.conversation_id
                await session.execute(delete(MessageRow).where(MessageRow.conversation_id == chat))
                await session.execute(delete(ConversationRow).where(ConversationRow.id == chat))
            stored.conversation_id = None
            stored.sealed_body = self._db.box.seal({})
            stored.place, stored.municipality, stored.claimed_by = "", None, None
            stored.own_worker = stored.contact_digest = stored.follow_up_at = stored.wrote_at = None
            await session.execute(delete(RequestLabelRow).where(RequestLabelRow.request_id == row.id))
            await session.execute(delete(RequestEventRow).where(RequestEventRow.request_id == row.id))
            session.add(event(self._db.box, row.id, "withdrawn"))

    async def add(self, reference: str, pin: str, text: str) -> None:
        """Adds the family's words to an open request; raises NotFound, TooManyTries, Ended."""
        row = await self._authenticate(reference, pin)
        async with self._db.write() as session:
            stored = await session.get_one(ContactRequestRow, row.id)
            if stored.status not in OPEN_STATUSES:
                raise Ended(stored.status)
            stored.wrote_at = clock.now()
            session.add(event(self._db.box, row.id, "added", {"text": text}))

    async def share(self, reference: str, pin: str, *, allow: bool) -> None:
        """Lets the workers read the conversation that led to an open request, as it is up to this moment; or no longer
        lets them. Raises NotFound, TooManyTries, Ended.
        """
        row = await self._authenticate(reference, pin)
        async with self._db.write() as session:
            stored = await session.get_one(ContactRequestRow, row.id)
            if stored.status not in OPEN_STATUSES:
                raise Ended(stored.status)
            body = self._db.box.open(stored.sealed_body)
            stored.sealed_body = self._db.box.seal({**body, SHARED: clock.now().isoformat() if allow else None})
            session.add(event(self._db.box, row.id, "shared" if allow else "unshared"))

    async def erase_old(self, days: int) -> int:
        """Deletes requests closed or withdrawn more than `days` ago; returns how many."""
        limit = clock.now() - timedelta(days=days)
        async with self._db.write() as session:
            old = select(ContactRequestRow.id, ContactRequestRow.reference).where(ContactRequestRow.closed_at < limit)
            ids = (await session.execute(old)).all()
            for id_, reference in ids:
                # The access log outlives the request: the family can still ask who handled it.
                digest = erased_digest(self._db.box, reference)
                session.add(ErasedReferenceRow(reference=digest, request_id=id_))
                await session.execute(delete(RequestEventRow).where(RequestEventRow.request_id == id_))
                await session.execute(delete(ContactRequestRow).where(ContactRequestRow.id == id_))
        return len(ids)

    def _pin(self, key_digest: str) -> str:
        # Derived, not stored: a retry with the same key can be given the same PIN, while the table has its hash only.
        number = int(self._db.box.digest("pin", key_digest)[:15], 16)
        return f"{number % 1_000_000:06d}"

    def _row(
        self, accepted: Accepted, key: str, fingerprint: str, pin_hash: str, conversation_id: str | None
    ) -> ContactRequestRow:
        moment = clock.now()
        draft = accepted.draft
        return ContactRequestRow(
            id=str(uuid.uuid4()),
            reference=_reference(),
            pin_hash=pin_hash,
            idempotency_key=key,
            digest=fingerprint,
            conversation_id=conversation_id,
            centre=accepted.centre.code,
            team=needs.team_of(draft.need),
            need=draft.need,
            urgency=needs.urgency_of(draft.need),
            status="new",
            place=accepted.place_id,
            municipality=accepted.municipality,
            language=draft.language,
            interpreter=draft.interpreter,
            created_at=moment,
            due_at=due(moment),
            sealed_body=self._db.box.seal(draft.body()),
            contact_digest=self._db.box.digest("contact", draft.contact) if draft.contact else None,
        )

    async def _known(self, key: str, fingerprint: str, pin: str) -> Receipt | None:
        async with self._db.read() as session:
            row = await session.scalar(select(ContactRequestRow).where(ContactRequestRow.idempotency_key == key))
        if row is None:
            return None
        if not hmac.compare_digest(row.digest, fingerprint):
            raise KeyReused(key)
        return Receipt(row.reference, pin, row.centre, row.due_at, row.id)

    async def _authenticate(self, reference: str, pin: str) -> ContactRequestRow:
        clean = _clean_reference(reference)
        if wait := await self._tries.blocked(clean):
            raise TooManyTries(wait)
        async with self._db.read() as session:
            row = await session.scalar(select(ContactRequestRow).where(ContactRequestRow.reference == clean))
        # An unknown reference costs the same time as a wrong PIN.
        right = await asyncio.to_thread(self._verify, row.pin_hash if row else self._dummy, pin.strip())
        if row is None or not right:
            await self._tries.count(clean)
            raise NotFound(clean)
        await self._tries.clear(clean)
        return row

    def _verify(self, stored: str, pin: str) -> bool:
        try:
            return self._hasher.verify(stored, pin)
        except VerificationError:
            return False


def event(
    box: Any, request_id: str, kind: str, detail: dict[str, Any] | None = None, actor: str | None = None
) -> RequestEventRow:
    """An event row of a request, to be added in the transaction of what it tells."""
    return RequestEventRow(
        id=_ordered_id(),
        request_id=request_id,
        at=clock.now(),
        actor=actor,
        kind=kind,
        sealed_detail=box.seal(detail or {}),
    )


async def notify(session: AsyncSession, row: ContactRequestRow, kind: str) -> None:
    """Puts a notification about a request into the outbox, in the caller's transaction."""
    session.add(_notification(row, kind))


def _notification(row: ContactRequestRow, kind: str = "request.new") -> OutboxRow:
    moment = clock.now()
    return OutboxRow(
        id=str(uuid.uuid4()),
        kind=kind,
        payload={"reference": row.reference, "centre": row.centre, "team": row.team, "urgency": row.urgency},
        created_at=moment,
        next_at=moment,
    )


def _ordered_id() -> str:
    # Time-ordered, so that two events of the same millisecond keep their order.
    nanos = clock.now().timestamp() * 1e6
    return str(uuid.UUID(int=(int(nanos) << 64) | secrets.randbits(64)))


def _reference() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(8))
    return f"PA-{letters[:4]}-{letters[4:]}"


def _clean_reference(text: str) -> str:
    letters = "".join(c for c in text.upper() if c.isalnum()).removeprefix("PA")[:8]
    return f"PA-{letters[:4]}-{letters[4:]}"


def erased_digest(box: Box, reference: str) -> str:
    """Under what the reference of an erased request is remembered."""
    return box.digest("erased-reference", reference)
