"""Workers' accounts: adding, disabling, listing, and proving with a password who somebody is.

Passwords are kept as argon2id hashes. A wrong login and a wrong password are told apart to nobody, neither by words
nor by time. Guessing is limited by account and address, by address, and by account. No stranger can lock a worker
out: a browser that a worker has logged in with before carries a device's secret and has limits of its own, whatever
others try, even from the same address; and the limit of the account does not hold at an address where the worker has
logged in.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.routing.places import regions
from bot.staff.rights import ROLES, Right, Worker
from bot.storage.database import Database
from bot.storage.models import StaffCentreRow, StaffRow, StaffSessionRow
from bot.storage.throttle import Throttle

__all__ = ["Account", "Accounts", "BadAccount", "LoginFailed", "TooManyTries", "UnknownAccount", "Worker"]

PASSWORD_MIN, PASSWORD_MAX = 12, 256
LOGIN = re.compile(r"[\w][\w.@-]{1,79}")
WINDOW = timedelta(minutes=15)
PAIR_LIMIT = 5
"""Tries for one account from one address. A stranger elsewhere uses up the stranger's tries, not the worker's."""
ADDRESS_LIMIT = 60
"""Wrong tries from one address; generous, for a whole office may share one."""
ACCOUNT_LIMIT = 100
"""Wrong tries for one account from everywhere: slows a guess that is spread over many addresses. It does not hold
where the worker has logged in before, or strangers could lock the worker out."""
KNOWN = timedelta(days=30)
"""How long an address or a device counts as the worker's own after a login."""
_AT_ONCE = 2  # an argon2 check takes 64 MB; more at once would only let a flood eat the memory


class BadAccount(ValueError):
    """An account that cannot be made or changed; the message says why, in English, for the command line."""


class UnknownAccount(LookupError):
    """There is no account with this login."""


class LoginFailed(PermissionError):
    """Login and password do not open an account (unknown, wrong or disabled: no telling which)."""


class TooManyTries(RuntimeError):
    """Too many wrong tries; the next one counts after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"{seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Account:
    """A worker's account as administrators see it.

    `external`: known to the county's identity provider; `password`: has a password here; `totp`: has a second step.
    """

    worker: Worker
    active: bool
    created_at: datetime
    external: bool
    password: bool
    totp: bool


class Accounts:
    """The accounts of a database."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._hasher = PasswordHasher()
        self._dummy = self._hasher.hash("no such account")
        self._verifying = asyncio.Semaphore(_AT_ONCE)
        self._by_pair = Throttle(database, "staff-pair", PAIR_LIMIT, WINDOW)
        self._by_address = Throttle(database, "staff-address", ADDRESS_LIMIT, WINDOW)
        self._by_account = Throttle(database, "staff-account", ACCOUNT_LIMIT, WINDOW)
        # Not a limit: a login is counted so that the pair is remembered, as a digest like all that is counted.
        self._known = Throttle(database, "staff-known", 1, KNOWN)

    async def add(
        self,
        login: str,
        password: str,
        *,
        role: str = "worker",
        centres: Iterable[str] = (),
        name: str | None = None,
    ) -> Worker:
        """Makes an account; `name` is what colleagues read, the login where left out. Raises BadAccount."""
        clean, chosen = normal_login(login), frozenset(centres)
        if not LOGIN.fullmatch(clean):
            raise BadAccount("A login has 2 to 80 letters, digits, dots, hyphens, underscores or @.")
        shown = (name or login).strip()
        if not shown or len(shown) > 120:
            raise BadAccount("A name to display has 1 to 120 characters.")
        check_role(role, chosen)
        check_password(password, clean)
        hashed = await asyncio.to_thread(self._hasher.hash, _normal_password(password))
        worker = Worker(str(uuid.uuid4()), clean, shown, role, chosen)
        try:
            async with self._db.write() as session:
                session.add(
                    StaffRow(
                        id=worker.id,
                        login=clean,
                        name=shown,
                        password_hash=hashed,
                        role=role,
                        active=True,
                        created_at=clock.now(),
                    )
                )
                await session.flush()
                session.add_all(StaffCentreRow(staff_id=worker.id, centre=code) for code in sorted(chosen))
        except IntegrityError:
            raise BadAccount(f"There is an account {clean!r} already.") from None
        return worker

    async def disable(self, login: str) -> None:
        """Closes the account and ends its sessions; what it did stays in the log. Raises UnknownAccount."""
        await self._set_active(login, active=False)

    async def enable(self, login: str) -> None:
        """Opens a disabled account again. Raises UnknownAccount."""
        await self._set_active(login, active=True)

    async def set_password(self, login: str, password: str) -> None:
        """Gives a new password and ends the sessions made with the old one. Raises UnknownAccount, BadAccount."""
        check_password(password, normal_login(login))
        hashed = await asyncio.to_thread(self._hasher.hash, _normal_password(password))
        async with self._db.write() as session:
            row = await _by_login(session, login)
            row.password_hash = hashed
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.staff_id == row.id))

    async def list(self) -> Sequence[Account]:
        """Every account, by login."""
        async with self._db.read() as session:
            rows = (await session.scalars(select(StaffRow).order_by(StaffRow.login))).all()
            return [await _account(session, row) for row in rows]

    async def own(self, worker: Worker) -> Account:
        """The worker's own account."""
        async with self._db.read() as session:
            return await _account(session, await session.get_one(StaffRow, worker.id))

    async def seen_by(self, worker: Worker) -> Sequence[Account]:
        """Every account, for a worker who may manage them; raises Forbidden."""
        worker.demand(Right.ACCOUNTS)
        return await self.list()

    async def set_role(self, login: str, role: str, centres: Iterable[str] = ()) -> Worker:
        """Gives another role and its centres; it holds from the next click on. Raises UnknownAccount, BadAccount."""
        chosen = frozenset(centres)
        check_role(role, chosen)
        async with self._db.write() as session:
            row = await _by_login(session, login)
            row.role = role
            return await put_centres(session, row, chosen)

    async def change_centres(self, login: str, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> Worker:
        """Gives and takes family centres. Raises UnknownAccount, BadAccount (unknown ones; none would be left)."""
        async with self._db.write() as session:
            row = await _by_login(session, login)
            chosen = ((await worker_of(session, row)).centres | frozenset(add)) - frozenset(remove)
            check_role(row.role, chosen)
            return await put_centres(session, row, chosen)

    async def sign_out(self, login: str) -> None:
        """Ends all sessions of an account. Raises UnknownAccount."""
        async with self._db.write() as session:
            row = await _by_login(session, login)
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.staff_id == row.id))

    async def sign_out_by(self, worker: Worker, login: str) -> None:
        """The same, for a worker who may manage accounts; raises Forbidden, UnknownAccount."""
        worker.demand(Right.ACCOUNTS)
        await self.sign_out(login)

    async def change_password(self, worker: Worker, old: str, new: str, address: str, device: str = "") -> None:
        """The worker's own new password; ends all of the worker's sessions.

        Raises LoginFailed (`old` is wrong), TooManyTries, BadAccount (`new` is too easy).
        """
        check_password(new, worker.login)
        await self.authenticate(worker.login, old, address, device)
        await self.set_password(worker.login, new)

    async def remember(self, worker: Worker, device: str) -> None:
        """Notes that the worker has logged in, all steps, with the browser that holds the secret `device`."""
        await self._known.count(f"{worker.login}\0device\0{device}")

    async def authenticate(self, login: str, password: str, address: str, device: str = "") -> Worker:
        """The worker behind login and password; `address` is where the try comes from, `device` the browser's secret.

        Raises LoginFailed, TooManyTries. The tries of a login that does not exist are counted like all others.
        """
        account = normal_login(login)
        own = f"{account}\0device\0{device}"
        known = bool(device) and bool(await self._known.blocked(own))
        pair = own if known else f"{account}\0{address}"
        async with self._verifying:
            await self._refuse_blocked(account, address, pair, known=known)
            # Counted before the check, so that tries sent all at once do not slip through together.
            if await self._by_pair.count(pair) > PAIR_LIMIT:
                await self._refuse_blocked(account, address, pair, known=known)
            async with self._db.read() as session:
                row = await session.scalar(select(StaffRow).where(StaffRow.login == account))
            stored = (row.password_hash if row else "") or self._dummy
            right = await asyncio.to_thread(self._verify, stored, _normal_password(password))
            if row is None or not right or not row.active or not row.password_hash:
                if not known:
                    await self._by_address.count(address)
                    await self._by_account.count(account)
                raise LoginFailed
        await self._by_pair.clear(pair)
        if not known:
            await self._known.count(pair)
        if self._hasher.check_needs_rehash(stored):
            await self._rehash(row.id, password)
        async with self._db.read() as session:
            return await worker_of(session, row)

    async def _refuse_blocked(self, account: str, address: str, pair: str, *, known: bool) -> None:
        wait = await self._by_pair.blocked(pair)
        if not wait and not known:
            wait = await self._by_address.blocked(address)
        if not wait and not known and not await self._known.blocked(pair):
            wait = await self._by_account.blocked(account)
        if wait:
            raise TooManyTries(wait)

    async def _rehash(self, staff_id: str, password: str) -> None:
        hashed = await asyncio.to_thread(self._hasher.hash, _normal_password(password))
        async with self._db.write() as session:
            (await session.get_one(StaffRow, staff_id)).password_hash = hashed

    async def _set_active(self, login: str, *, active: bool) -> None:
        async with self._db.write() as session:
            row = await _by_login(session, login)
            row.active = active
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.staff_id == row.id))

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerificationError:
            return False


def normal_login(login: str) -> str:
    """One spelling of a login, however it was typed."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


def check_password(password: str, login: str) -> None:
    """Raises BadAccount where the password is too easy: length first (NIST SP 800-63B), then the obvious ones."""
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise BadAccount(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.")
    folded = password.casefold()
    if len(set(folded)) < 5 or (len(login) > 3 and login in folded):
        raise BadAccount("This password is too easy to guess: too few different characters, or it holds the login.")


async def worker_of(session: AsyncSession, row: StaffRow) -> Worker:
    """The worker of an account row, with the centres as they are now."""
    centres = await session.scalars(select(StaffCentreRow.centre).where(StaffCentreRow.staff_id == row.id))
    return Worker(row.id, row.login, row.name, row.role, frozenset(centres))


async def _account(session: AsyncSession, row: StaffRow) -> Account:
    return Account(
        await worker_of(session, row),
        row.active,
        row.created_at,
        external=row.external is not None,
        password=bool(row.password_hash),
        totp=row.sealed_totp is not None,
    )


def _normal_password(password: str) -> str:
    # Keyboards differ in how they compose ä and ö.
    return unicodedata.normalize("NFC", password[: PASSWORD_MAX * 4])


async def put_centres(session: AsyncSession, row: StaffRow, centres: frozenset[str]) -> Worker:
    """Sets an account's family centres; returns the worker as they are now."""
    await session.execute(delete(StaffCentreRow).where(StaffCentreRow.staff_id == row.id))
    session.add_all(StaffCentreRow(staff_id=row.id, centre=code) for code in sorted(centres))
    return Worker(row.id, row.login, row.name, row.role, centres)


def check_role(role: str, centres: frozenset[str]) -> None:
    """Raises BadAccount where role and centres do not go together."""
    if role not in ROLES:
        raise BadAccount(f"A role is one of {', '.join(ROLES)}, not {role!r}.")
    unknown = sorted(code for code in centres if regions().centre(code) is None)
    if unknown:
        raise BadAccount(f"No family centre has the code {unknown[0]!r}; `staff centres` lists the codes.")
    if Right.REQUESTS in ROLES[role] and not centres:
        raise BadAccount(f"A {role} needs at least one family centre (--centre CODE; `staff centres` lists the codes).")
    if Right.REQUESTS not in ROLES[role] and centres:
        raise BadAccount(f"An {role} reads no requests, so it has no family centre.")


async def _by_login(session: AsyncSession, login: str) -> StaffRow:
    row = await session.scalar(select(StaffRow).where(StaffRow.login == normal_login(login)))
    if row is None:
        raise UnknownAccount(login)
    return row
