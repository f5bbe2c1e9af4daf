"""Logging in with the county's account: from the provider's word to an account here.

An account is made at the first login. Role, centres and name are the provider's word, taken anew at every login; an
account that was disabled here stays closed. An account that exists here already under the same login is never taken
over by a name alone: an administrator links it (`python -m bot staff link`).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.staff.accounts import LOGIN, BadAccount, TooManyTries, UnknownAccount, normal_login, put_centres
from bot.staff.groups import Groups, NotEntitled, groups_in
from bot.staff.identity_provider import IdentityProvider, Journey, TokenRefused
from bot.staff.rights import Worker
from bot.storage.crypto import Box, Unreadable
from bot.storage.database import Database
from bot.storage.models import StaffRow, StaffSessionRow
from bot.storage.throttle import Throttle

log = logging.getLogger(__name__)
ON_THE_WAY = timedelta(minutes=10)
"""How long somebody may take at the provider."""
LIMIT, WINDOW = 60, timedelta(minutes=15)
"""Refused answers from one address: each costs the provider a call."""


class CountyLogin:
    """Logins through `provider` into the accounts of a database; `claim` names the groups."""

    def __init__(self, database: Database, provider: IdentityProvider, groups: Groups, claim: str) -> None:
        self._db = database
        self._provider = provider
        self._groups = groups
        self._claim = claim
        self._refused = Throttle(database, "staff-county", LIMIT, WINDOW)

    async def close(self) -> None:
        """Closes the connections to the provider."""
        await self._provider.close()

    async def begin(self, next_: str) -> tuple[str, str]:
        """Where the browser goes, and the ticket it must bring back. Raises ProviderAway."""
        journey = await self._provider.begin()
        ticket = self._db.box.seal(["county", asdict(journey), next_, clock.now().isoformat()])
        return journey.url, ticket.decode("ascii")

    async def finish(self, answer: Mapping[str, str], ticket: str, address: str) -> tuple[Worker, str]:
        """Who came back, and where they were going.

        Raises ProviderAway, TokenRefused, NotEntitled, TooManyTries.
        """
        if wait := await self._refused.blocked(address):
            raise TooManyTries(wait)
        try:
            journey, next_ = self._read(ticket)
            claims = await self._provider.finish(answer, journey)
            return await self._admit(claims), next_
        except (TokenRefused, NotEntitled) as error:
            log.warning("county login refused: %s", error)
            await self._refused.count(address)
            raise

    async def _admit(self, claims: Mapping[str, Any]) -> Worker:
        external = external_id(self._db.box, self._provider.issuer, claims["sub"])
        try:
            grant = self._groups.grant(groups_in(claims, self._claim))
        except NotEntitled:
            # Whoever lost their groups has no business in the sessions that are still open.
            await self._end_sessions(external)
            raise
        name = str(claims.get("name") or claims.get("preferred_username") or "").strip()[:120]
        try:
            async with self._db.write() as session:
                row = await session.scalar(select(StaffRow).where(StaffRow.external == external))
                if row is None:
                    row = await self._make(session, claims, external, name)
                elif not row.active:
                    raise NotEntitled("the account is disabled here")
                row.role, row.name = grant.role, name or row.name
                await session.flush()
                return await put_centres(session, row, grant.centres)
        except IntegrityError:
            raise NotEntitled("two first logins at once; the next one goes through") from None

    async def _make(self, session: AsyncSession, claims: Mapping[str, Any], external: str, name: str) -> StaffRow:
        login = normal_login(str(claims.get("preferred_username") or ""))
        if not LOGIN.fullmatch(login):
            login = f"county-{external[:12]}"
        if await session.scalar(select(StaffRow.id).where(StaffRow.login == login)):
            raise NotEntitled(f"there is an account {login!r} already; `staff link` joins the two")
        row = StaffRow(
            id=str(uuid.uuid4()),
            login=login,
            name=name or login,
            password_hash="",
            role="",
            active=True,
            created_at=clock.now(),
            external=external,
        )
        session.add(row)
        return row

    async def _end_sessions(self, external: str) -> None:
        async with self._db.write() as session:
            whose = select(StaffRow.id).where(StaffRow.external == external)
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.staff_id.in_(whose)))

    def _read(self, ticket: str) -> tuple[Journey, str]:
        try:
            purpose, journey, next_, at = self._db.box.open(ticket.encode())
        except (Unreadable, ValueError):
            raise TokenRefused("no login was begun in this browser") from None
        if purpose != "county" or clock.now() - datetime.fromisoformat(at) > ON_THE_WAY:
            raise TokenRefused("the login took too long")
        return Journey(**journey), next_


def external_id(box: Box, issuer: str, subject: str) -> str:
    """What stands for a person of the provider in the table of accounts."""
    return box.digest("staff-external", f"{issuer}\0{subject}")


async def link(database: Database, login: str, issuer: str, subject: str) -> None:
    """From now on the account opens with the county's account only: password, second step and sessions end.

    Raises UnknownAccount, BadAccount (another account has this subject).
    """
    try:
        async with database.write() as session:
            row = await session.scalar(select(StaffRow).where(StaffRow.login == normal_login(login)))
            if row is None:
                raise UnknownAccount(login)
            row.external = external_id(database.box, issuer, subject)
            row.password_hash, row.sealed_totp, row.totp_step = "", None, None
            await session.execute(delete(StaffSessionRow).where(StaffSessionRow.staff_id == row.id))
    except IntegrityError:
        raise BadAccount("Another account has this subject already.") from None
