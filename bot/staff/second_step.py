"""The second step of a login: a code from the worker's phone (TOTP), or one of the recovery codes written down.

The secret is sealed in the database, recovery codes are kept as digests (they are random, 50 bits). A code opens once:
the 30-second step that was used last is remembered. Wrong codes are limited by account; only who knows the password
gets as far as to use them up.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.staff.accounts import LoginFailed, TooManyTries, UnknownAccount, normal_login, worker_of
from bot.staff.rights import Worker
from bot.storage.crypto import Unreadable
from bot.storage.database import Database
from bot.storage.models import StaffRecoveryRow, StaffRow, StaffSessionRow
from bot.storage.throttle import Throttle

NAME = "Pyydä apua"
"""What stands beside the login in the phone's app."""
STEP = 30
PATIENCE = 1
"""How many steps a phone's clock may be wrong."""
PENDING = timedelta(minutes=5)
"""How long a password holds while the code is awaited, and how long an offered secret can be confirmed."""
LIMIT, WINDOW = 6, timedelta(minutes=15)
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class BadCode(ValueError):
    """The code does not fit, or has been used."""


@dataclass(frozen=True)
class Offer:
    """A new secret: `uri` for the phone's camera, `secret` for typing, `ticket` to hand in with the first code."""

    uri: str
    secret: str
    ticket: str


class SecondStep:
    """The second steps of a database's accounts."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._tries = Throttle(database, "staff-code", LIMIT, WINDOW)

    async def on(self, worker: Worker) -> bool:
        """True where the worker's login has a second step."""
        async with self._db.read() as session:
            return (await session.get_one(StaffRow, worker.id)).sealed_totp is not None

    async def codes_left(self, worker: Worker) -> int:
        """How many recovery codes have not been used."""
        async with self._db.read() as session:
            return (
                await session.scalar(
                    select(func.count()).select_from(StaffRecoveryRow).where(StaffRecoveryRow.staff_id == worker.id)
                )
            ) or 0

    # --- at the login --------------------------------------------------------------------------------------------

    async def begin(self, worker: Worker) -> str | None:
        """After the password: a ticket for the second step, None where there is none to take."""
        async with self._db.read() as session:
            row = await session.get_one(StaffRow, worker.id)
        if row.sealed_totp is None:
            return None
        return self._ticket("login", worker.id, self._state(row))

    async def finish(self, ticket: str, code: str) -> Worker:
        """The worker of a ticket from `begin`, once the code fits.

        Raises LoginFailed (the ticket is old, or the account has changed), BadCode, TooManyTries.
        """
        staff_id, state = self._read("login", ticket)
        async with self._db.read() as session:
            row = await session.get(StaffRow, staff_id)
            if row is None or not row.active or self._state(row) != state:
                raise LoginFailed
            worker = await worker_of(session, row)
        await self._check(worker, code)
        return worker

    # --- the worker's own account --------------------------------------------------------------------------------

    def offer(self, worker: Worker) -> Offer:
        """A secret that is not in use before `turn_on` has seen its first code."""
        return self._offer(worker, pyotp.random_base32())

    def offered(self, worker: Worker, ticket: str) -> Offer:
        """The offer of a ticket, to be shown again. Raises BadCode."""
        return self._offer(worker, self._secret(worker, ticket), ticket)

    def _offer(self, worker: Worker, secret: str, ticket: str | None = None) -> Offer:
        uri = pyotp.TOTP(secret, interval=STEP).provisioning_uri(name=worker.login, issuer_name=NAME)
        return Offer(uri, secret, ticket or self._ticket("totp", worker.id, secret))

    async def turn_on(self, worker: Worker, ticket: str, code: str) -> Sequence[str]:
        """Puts an offered secret in use; returns the recovery codes, which are shown this once.

        Raises BadCode (also where a second step is on already), TooManyTries.
        """
        secret = self._secret(worker, ticket)
        await self._count(worker)
        step = _fits(secret, code)
        if step is None:
            raise BadCode
        async with self._db.write() as session:
            taken = await session.scalar(
                update(StaffRow)
                .where(StaffRow.id == worker.id, StaffRow.sealed_totp.is_(None))
                .values(sealed_totp=self._db.box.seal(secret), totp_step=step)
                .returning(StaffRow.id)
            )
            if taken is None:
                raise BadCode
            codes = await self._new_codes(session, worker)
        await self._tries.clear(worker.id)
        return codes

    async def turn_off(self, worker: Worker, code: str) -> None:
        """Takes the second step away, for a code. Raises BadCode, TooManyTries."""
        await self._check(worker, code)
        async with self._db.write() as session:
            await _drop(session, worker.id)

    async def renew_codes(self, worker: Worker, code: str) -> Sequence[str]:
        """New recovery codes in place of the old ones, for a code. Raises BadCode, TooManyTries."""
        await self._check(worker, code)
        async with self._db.write() as session:
            return await self._new_codes(session, worker)

    async def reset(self, login: str) -> None:
        """For who lost phone and codes: takes the second step away and ends the sessions. Raises UnknownAccount."""
        async with self._db.write() as session:
            staff_id = await session.scalar(select(StaffRow.id).where(StaffRow.login == normal_login(login)))
            if staff_id is None:
                raise UnknownAccount(login)
            await _drop(session, staff_id)
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.staff_id == staff_id))
        await self._tries.clear(staff_id)

    # --- within --------------------------------------------------------------------------------------------------

    async def _check(self, worker: Worker, code: str) -> None:
        await self._count(worker)
        async with self._db.read() as session:
            sealed = (await session.get_one(StaffRow, worker.id)).sealed_totp
        if sealed is None:
            raise BadCode
        clean = "".join(code.split()).casefold()
        step = _fits(str(self._db.box.open(sealed)), clean)
        async with self._db.write() as session:
            if step is not None:
                unused = or_(StaffRow.totp_step.is_(None), StaffRow.totp_step < step)
                used = await session.scalar(
                    update(StaffRow)
                    .where(StaffRow.id == worker.id, unused)
                    .values(totp_step=step)
                    .returning(StaffRow.id)
                )
            else:
                used = await session.scalar(
                    delete(StaffRecoveryRow)
                    .where(StaffRecoveryRow.code == self._digest(worker, clean), StaffRecoveryRow.staff_id == worker.id)
                    .returning(StaffRecoveryRow.staff_id)
                )
        if used is None:
            raise BadCode
        await self._tries.clear(worker.id)

    async def _count(self, worker: Worker) -> None:
        if (wait := await self._tries.blocked(worker.id)) or await self._tries.count(worker.id) > LIMIT:
            raise TooManyTries(wait or int(WINDOW.total_seconds()))

    async def _new_codes(self, session: AsyncSession, worker: Worker) -> Sequence[str]:
        await session.execute(delete(StaffRecoveryRow).where(StaffRecoveryRow.staff_id == worker.id))
        codes = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(RECOVERY_CODES)]
        session.add_all(StaffRecoveryRow(code=self._digest(worker, code), staff_id=worker.id) for code in codes)
        return [f"{code[:5]}-{code[5:]}" for code in codes]

    def _digest(self, worker: Worker, code: str) -> str:
        return self._db.box.digest("staff-recovery", f"{worker.id}\0{code.replace('-', '')}")

    def _state(self, row: StaffRow) -> str:
        # A ticket must not outlive the password or the secret it was given for.
        return self._db.box.digest("staff-step", f"{row.password_hash}\0{(row.sealed_totp or b'').hex()}")

    def _secret(self, worker: Worker, ticket: str) -> str:
        try:
            staff_id, secret = self._read("totp", ticket)
        except LoginFailed:
            raise BadCode from None
        if staff_id != worker.id:
            raise BadCode
        return secret

    def _ticket(self, purpose: str, staff_id: str, value: str) -> str:
        return self._db.box.seal([purpose, staff_id, value, clock.now().isoformat()]).decode("ascii")

    def _read(self, purpose: str, ticket: str) -> tuple[str, str]:
        try:
            found, staff_id, value, at = self._db.box.open(ticket.encode())
        except (Unreadable, ValueError):
            raise LoginFailed from None
        if found != purpose or clock.now() - datetime.fromisoformat(at) > PENDING:
            raise LoginFailed
        return staff_id, value


async def _drop(session: AsyncSession, staff_id: str) -> None:
    row = await session.get_one(StaffRow, staff_id)
    row.sealed_totp = row.totp_step = None
    await session.execute(delete(StaffRecoveryRow).where(StaffRecoveryRow.staff_id == staff_id))


def _fits(secret: str, code: str) -> int | None:
    """The step whose code this is, None where it is none around now."""
    totp, now = pyotp.TOTP(secret, interval=STEP), int(clock.now().timestamp()) // STEP
    clean = "".join(code.split()).encode()
    return next(
        (
            step
            for step in range(now - PATIENCE, now + PATIENCE + 1)
            if hmac.compare_digest(totp.generate_otp(step).encode(), clean)
        ),
        None,
    )
