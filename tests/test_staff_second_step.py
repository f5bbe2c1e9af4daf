"""The second step of the login: a code of the phone opens once, recovery codes too, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select, text

from bot import clock, settings
from bot.staff import second_step as rooms
from bot.staff.accounts import Accounts, LoginFailed, TooManyTries
from bot.staff.rights import Worker
from bot.staff.second_step import BadCode, SecondStep
from bot.staff.sessions import Sessions
from bot.storage.database import Database
from bot.storage.models import StaffRecoveryRow
from tests.staff_support import opened, worker


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test must not fail because a 30-second step ended within it."""
    moment = clock.now()
    monkeypatch.setattr(clock, "now", lambda: moment)


def code(secret: str, steps: int = 0) -> str:
    """What a phone shows now, or some 30-second steps away."""
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=rooms.STEP * steps))


async def set_up(database: Database, who: Worker) -> tuple[str, list[str]]:
    """Turns the second step on with the code of the step before; returns secret and recovery codes."""
    step = SecondStep(database)
    offer = step.offer(who)
    return offer.secret, list(await step.turn_on(who, offer.ticket, code(offer.secret, -1)))


async def entered(database: Database, who: Worker, typed: str) -> Worker:
    step = SecondStep(database)
    ticket = await step.begin(who)
    assert ticket is not None
    return await step.finish(ticket, typed)


async def test_without_it_the_password_is_enough(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    assert await SecondStep(database).begin(maija) is None


@pytest.mark.parametrize("steps", [0, 1])
async def test_the_phone_s_code_opens_once_even_when_its_clock_is_a_little_wrong(
    database: Database, steps: int
) -> None:
    maija = await worker(database, "maija", "kuusamo")
    secret, _codes = await set_up(database, maija)
    now = code(secret, steps)
    assert await entered(database, maija, f" {now[:3]} {now[3:]} ") == maija
    with pytest.raises(BadCode):
        await entered(database, maija, now)


async def test_codes_of_another_time_and_nonsense_do_not_open(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    secret, _codes = await set_up(database, maija)
    # -1 turned it on and is used up
    for typed in (code(secret, -1), code(secret, -4), code(secret, 4), "", "ääkköset"):
        with pytest.raises(BadCode):
            await entered(database, maija, typed)


async def test_of_two_who_send_the_same_code_one_comes_in(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    secret, codes = await set_up(database, maija)
    for typed in (code(secret), codes[0]):
        results = await asyncio.gather(*(entered(database, maija, typed) for _ in range(3)), return_exceptions=True)
        assert sum(each == maija for each in results) == 1
        assert sum(isinstance(each, BadCode) for each in results) == 2


async def test_a_recovery_code_opens_once_and_only_its_own_account(database: Database) -> None:
    maija, ville = await worker(database, "maija", "kuusamo"), await worker(database, "ville", "kuusamo")
    _secret, codes = await set_up(database, maija)
    await set_up(database, ville)
    assert len(set(codes)) == rooms.RECOVERY_CODES
    with pytest.raises(BadCode):
        await entered(database, ville, codes[0])
    assert await entered(database, maija, codes[0].upper()) == maija
    with pytest.raises(BadCode):
        await entered(database, maija, codes[0])
    assert await entered(database, maija, codes[1].replace("-", "")) == maija
    assert await SecondStep(database).codes_left(maija) == rooms.RECOVERY_CODES - 2


async def test_the_database_holds_neither_secret_nor_codes(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    secret, codes = await set_up(database, maija)
    async with database.read() as session:
        stored = str((await session.execute(text("SELECT * FROM staff"))).all())
        stored += str((await session.scalars(select(StaffRecoveryRow.code))).all())
    for private in (secret, *codes, *(each.replace("-", "") for each in codes)):
        assert private not in stored


async def test_guessing_stops_and_holds_for_right_codes_too(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    secret, _codes = await set_up(database, maija)
    for _ in range(rooms.LIMIT):
        with pytest.raises(BadCode):
            await entered(database, maija, "nonsense")
    with pytest.raises(TooManyTries) as caught:
        await entered(database, maija, code(secret))
    assert 0 < caught.value.seconds <= rooms.WINDOW.total_seconds()


async def test_a_ticket_ends_with_time_with_the_password_and_with_the_account(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    maija = await worker(database, "maija", "kuusamo")
    _secret, codes = await set_up(database, maija)
    step, accounts = SecondStep(database), Accounts(database)
    tickets = [await step.begin(maija) for _ in range(3)]
    late = clock.now() + rooms.PENDING + timedelta(seconds=1)
    with monkeypatch.context() as patched:
        patched.setattr(clock, "now", lambda: late)
        with pytest.raises(LoginFailed):
            await step.finish(str(tickets[0]), codes[0])
    await accounts.disable("maija")
    with pytest.raises(LoginFailed):
        await step.finish(str(tickets[1]), codes[0])
    await accounts.enable("maija")
    await accounts.set_password("maija", "uusi pitkä salasana")
    with pytest.raises(LoginFailed):
        await step.finish(str(tickets[2]), codes[0])
    for forged in ("", "x", step.offer(maija).ticket):
        with pytest.raises(LoginFailed):
            await step.finish(forged, codes[0])
    assert await entered(database, maija, codes[0]) == maija


async def test_only_who_was_offered_a_secret_can_confirm_it(database: Database) -> None:
    maija, ville = await worker(database, "maija", "kuusamo"), await worker(database, "ville", "kuusamo")
    step = SecondStep(database)
    offer = step.offer(maija)
    with pytest.raises(BadCode):
        await step.turn_on(ville, offer.ticket, code(offer.secret))
    with pytest.raises(BadCode):
        await step.turn_on(maija, offer.ticket, "nonsense")
    await step.turn_on(maija, offer.ticket, code(offer.secret))
    with pytest.raises(BadCode):  # a stolen session cannot put its own phone in place of the worker's
        await set_up(database, maija)


async def test_turning_off_and_new_codes_need_a_code(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    secret, codes = await set_up(database, maija)
    step = SecondStep(database)
    with pytest.raises(BadCode):
        await step.turn_off(maija, "123")
    with pytest.raises(BadCode):
        await step.renew_codes(maija, "123")
    fresh = await step.renew_codes(maija, codes[0])
    with pytest.raises(BadCode):
        await entered(database, maija, codes[1])
    assert await entered(database, maija, fresh[0]) == maija
    await step.turn_off(maija, code(secret))
    assert await step.begin(maija) is None
    assert await step.codes_left(maija) == 0


async def test_an_administrator_s_reset_ends_the_sessions(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    await set_up(database, maija)
    sessions = Sessions(database, settings.load({}))
    secret = await sessions.create(maija)
    await SecondStep(database).reset("Maija")
    assert await sessions.find(secret) is None
    assert await SecondStep(database).begin(maija) is None
