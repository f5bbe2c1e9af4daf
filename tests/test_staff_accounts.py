"""Who may log in, how guessing is slowed, and how long a session lasts."""

from __future__ import annotations

import argparse
import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bot import cli_staff, clock, settings
from bot.staff import accounts as rooms
from bot.staff.accounts import Accounts, BadAccount, LoginFailed, TooManyTries, UnknownAccount
from bot.staff.rights import Forbidden, Right, Worker
from bot.staff.sessions import Sessions
from bot.storage import throttle
from bot.storage.database import Database
from bot.storage.models import StaffRow, StaffSessionRow, ThrottleRow
from tests.staff_support import PASSWORD, opened, worker

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


async def fail(accounts: Accounts, login: str, address: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(LoginFailed):
            await accounts.authenticate(login, "väärä salasana tässä", address)


async def test_a_worker_logs_in_however_the_login_is_typed(database: Database) -> None:
    added = await worker(database, "Maija.M", "kuusamo", name="Maija Malli")
    found = await Accounts(database).authenticate(" maija.m ", PASSWORD, HERE)
    assert found == added
    assert (found.name, found.role, sorted(found.centres)) == ("Maija Malli", "worker", ["kuusamo"])


async def test_a_password_typed_with_composed_letters_is_the_same_password(database: Database) -> None:
    await worker(database, "maija", "kuusamo")
    decomposed = PASSWORD.replace("ä", "a\u0308")
    assert (await Accounts(database).authenticate("maija", decomposed, HERE)).login == "maija"


async def test_the_table_holds_no_password(database: Database) -> None:
    await worker(database, "maija", "kuusamo")
    async with database.read() as session:
        stored = await session.scalar(select(StaffRow.password_hash))
    assert str(stored).startswith("$argon2id$")
    assert PASSWORD not in str(stored)


async def test_unknown_wrong_and_disabled_fail_alike(database: Database) -> None:
    accounts = Accounts(database)
    await worker(database, "maija", "kuusamo")
    await worker(database, "lopettanut", "kuusamo")
    await accounts.disable("lopettanut")
    errors = []
    for login, password in (("maija", "väärä salasana tässä"), ("kukaan", PASSWORD), ("lopettanut", PASSWORD)):
        with pytest.raises(LoginFailed) as caught:
            await accounts.authenticate(login, password, HERE)
        errors.append((type(caught.value), str(caught.value)))
    assert len(set(errors)) == 1


@pytest.mark.parametrize("login", ["maija", "kukaan"])
async def test_guessing_one_account_stops_whether_or_not_it_exists(database: Database, login: str) -> None:
    await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    await fail(accounts, login, HERE, rooms.PAIR_LIMIT)
    with pytest.raises(TooManyTries) as caught:
        await accounts.authenticate(login, PASSWORD, HERE)
    assert 0 < caught.value.seconds <= rooms.WINDOW.total_seconds()


async def test_guesses_sent_all_at_once_do_not_slip_through_together(database: Database) -> None:
    await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    guesses = (accounts.authenticate("maija", f"arvaus numero {n}", HERE) for n in range(12))
    results = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(each, LoginFailed) for each in results) == rooms.PAIR_LIMIT
    assert sum(isinstance(each, TooManyTries) for each in results) == 12 - rooms.PAIR_LIMIT


async def test_a_stranger_cannot_lock_the_worker_out(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "ACCOUNT_LIMIT", 6)
    await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    await accounts.authenticate("maija", PASSWORD, HERE)
    await fail(accounts, "maija", ELSEWHERE, rooms.PAIR_LIMIT)
    await fail(accounts, "maija", "203.0.113.9")
    with pytest.raises(TooManyTries):  # now guessing stops everywhere …
        await accounts.authenticate("maija", PASSWORD, "203.0.113.10")
    assert (await accounts.authenticate("maija", PASSWORD, HERE)).login == "maija"  # … but where Maija works


async def test_a_stranger_at_the_same_address_cannot_lock_out_a_known_browser(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "ADDRESS_LIMIT", 7)
    maija = await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    await accounts.remember(maija, "maijan selaimen salaisuus")
    await fail(accounts, "maija", HERE, rooms.PAIR_LIMIT)
    await fail(accounts, "ville", HERE, 2)
    for device in ("", "arvattu salaisuus"):
        with pytest.raises(TooManyTries):
            await accounts.authenticate("maija", PASSWORD, HERE, device)
    assert await accounts.authenticate("maija", PASSWORD, HERE, "maijan selaimen salaisuus") == maija


async def test_a_known_browser_has_a_limit_too(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    await accounts.remember(maija, "salaisuus")
    for _ in range(rooms.PAIR_LIMIT):
        with pytest.raises(LoginFailed):
            await accounts.authenticate("maija", "väärä salasana tässä", HERE, "salaisuus")
    with pytest.raises(TooManyTries):
        await accounts.authenticate("maija", PASSWORD, HERE, "salaisuus")
    with pytest.raises(LoginFailed):  # the browser is known for Maija only
        await accounts.authenticate("ville", PASSWORD, HERE, "salaisuus")


async def test_one_address_cannot_try_many_accounts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "ADDRESS_LIMIT", 4)
    await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    for number in range(4):
        await fail(accounts, f"arvaus{number}", ELSEWHERE)
    with pytest.raises(TooManyTries):
        await accounts.authenticate("maija", PASSWORD, ELSEWHERE)


async def test_a_login_clears_the_worker_s_own_slips(database: Database) -> None:
    await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    for _ in range(3):
        await fail(accounts, "maija", HERE, rooms.PAIR_LIMIT - 1)
        await accounts.authenticate("maija", PASSWORD, HERE)


async def test_an_old_weak_hash_is_made_anew_at_login(database: Database) -> None:
    from argon2 import PasswordHasher

    await worker(database, "maija", "kuusamo")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    async with database.write() as session:
        await session.execute(update(StaffRow).values(password_hash=weak))
    await Accounts(database).authenticate("maija", PASSWORD, HERE)
    async with database.read() as session:
        stored = str(await session.scalar(select(StaffRow.password_hash)))
    assert stored != weak
    assert not PasswordHasher().check_needs_rehash(stored)


@pytest.mark.parametrize(
    ("login", "password", "role", "centres"),
    [
        ("maija", "liian lyhyt", "worker", ["kuusamo"]),
        ("maija", "aaaaaaaaaaaaaaaa", "worker", ["kuusamo"]),
        ("maija", "maija ja muuta", "worker", ["kuusamo"]),
        ("maija", PASSWORD, "worker", []),
        ("maija", PASSWORD, "coordinator", []),
        ("maija", PASSWORD, "worker", ["tukholma"]),
        ("maija", PASSWORD, "kuningas", ["kuusamo"]),
        ("maija", PASSWORD, "auditor", ["kuusamo"]),
        ("maija malli", PASSWORD, "worker", ["kuusamo"]),
        ("", PASSWORD, "worker", ["kuusamo"]),
    ],
)
async def test_accounts_that_are_not_made(
    database: Database, login: str, password: str, role: str, centres: list[str]
) -> None:
    accounts = Accounts(database)
    with pytest.raises(BadAccount):
        await accounts.add(login, password, role=role, centres=centres)
    assert await accounts.list() == []


async def test_a_login_is_given_once(database: Database) -> None:
    await worker(database, "maija", "kuusamo")
    with pytest.raises(BadAccount):
        await Accounts(database).add("MAIJA", PASSWORD, centres=["ii"])
    assert [sorted(each.worker.centres) for each in await Accounts(database).list()] == [["kuusamo"]]


async def test_only_administrators_see_the_accounts(database: Database) -> None:
    admin = await worker(database, "ylläpito", role="admin")
    maija = await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    assert [each.worker.login for each in await accounts.seen_by(admin)] == ["maija", "ylläpito"]
    with pytest.raises(Forbidden):
        await accounts.seen_by(maija)


def test_a_role_that_nobody_knows_may_do_nothing() -> None:
    stranger = Worker("1", "x", "X", "superuser", frozenset({"kuusamo"}))
    assert not any(stranger.may(right) for right in Right)


# --- sessions ------------------------------------------------------------------------------------------------------


async def test_a_session_is_found_by_its_secret_which_is_stored_nowhere(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    sessions = Sessions(database, settings.load({}))
    secret = await sessions.create(maija)
    found = await sessions.find(secret)
    assert found is not None
    assert found.worker == maija
    assert found.allows(found.csrf)
    assert not found.allows("")
    assert not found.allows("ä")
    async with database.read() as session:
        assert await session.scalar(select(StaffSessionRow.id)) != secret
    for other in (None, "", "x", found.id):
        assert await sessions.find(other) is None


async def test_two_sessions_have_two_form_tokens(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    sessions = Sessions(database, settings.load({}))
    found = [await sessions.find(await sessions.create(maija)) for _ in range(2)]
    assert len({each.csrf for each in found if each}) == 2


async def test_a_session_ends_without_use_and_in_any_case(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    maija = await worker(database, "maija", "kuusamo")
    sessions = Sessions(database, settings.load({"BOT_SESSION_IDLE_MINUTES": "30", "BOT_SESSION_HOURS": "2"}))
    start = clock.now()

    async def alive(minutes: int, secret: str) -> bool:
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=minutes))
        found = await sessions.find(secret)
        if found:
            await sessions.touch(found)
        return found is not None

    monkeypatch.setattr(clock, "now", lambda: start)
    unused, used = await sessions.create(maija), await sessions.create(maija)
    assert [await alive(minute, used) for minute in (20, 40, 60, 80, 100, 119)] == [True] * 6
    assert not await alive(120, used)
    assert await alive(29, unused)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(days=1))
    await sessions.forget_old()
    async with database.read() as session:
        assert (await session.scalars(select(StaffSessionRow.id))).all() == []


async def test_disabling_and_a_new_password_end_sessions_at_once(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    accounts, sessions = Accounts(database), Sessions(database, settings.load({}))
    secret = await sessions.create(maija)
    await accounts.set_password("maija", "uusi pitkä salasana")
    assert await sessions.find(secret) is None
    assert await accounts.authenticate("maija", "uusi pitkä salasana", HERE) == maija
    secret = await sessions.create(maija)
    await accounts.disable("maija")
    assert await sessions.find(secret) is None
    await accounts.enable("maija")
    assert await sessions.find(secret) is None, "an old cookie must not come back to life"
    with pytest.raises(UnknownAccount):
        await accounts.disable("kukaan")


async def test_a_session_holds_only_while_the_account_is_active(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    sessions = Sessions(database, settings.load({}))
    secret = await sessions.create(maija)
    async with database.write() as session:
        await session.execute(update(StaffRow).values(active=False))
    assert await sessions.find(secret) is None


async def test_logging_out_ends_this_session_only(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    sessions = Sessions(database, settings.load({}))
    phone, desk = await sessions.create(maija), await sessions.create(maija)
    await sessions.end(phone)
    assert await sessions.find(phone) is None
    assert await sessions.find(desk) is not None


async def test_a_worker_sees_and_ends_their_own_sessions_only(database: Database) -> None:
    maija, ville = await worker(database, "maija", "kuusamo"), await worker(database, "ville", "kuusamo")
    sessions = Sessions(database, settings.load({}))
    here, phone, tablet = [await sessions.create(maija, name) for name in ("Firefox, Linux", "Safari, iPhone", "")]
    other = await sessions.create(ville)
    current, others = await sessions.find(here), await sessions.find(other)
    assert current
    assert others
    seen = await sessions.list(current)
    assert {(each.device, each.here) for each in seen} == {
        ("Firefox, Linux", True),
        ("Safari, iPhone", False),
        ("", False),
    }
    await sessions.end_own(current, others.id)
    assert await sessions.find(other) is not None
    await sessions.end_own(current, next(each.id for each in seen if each.device.startswith("Safari")))
    assert [bool(await sessions.find(each)) for each in (here, phone, tablet)] == [True, False, True]
    await sessions.end_others(current)
    assert [bool(await sessions.find(each)) for each in (here, tablet, other)] == [True, False, True]


async def test_sessions_that_are_over_are_not_listed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    maija = await worker(database, "maija", "kuusamo")
    sessions = Sessions(database, settings.load({"BOT_SESSION_IDLE_MINUTES": "30"}))
    await sessions.create(maija)
    later = clock.now() + timedelta(minutes=40)
    monkeypatch.setattr(clock, "now", lambda: later)
    current = await sessions.find(await sessions.create(maija))
    assert current
    assert [each.here for each in await sessions.list(current)] == [True]


async def test_only_administrators_sign_others_out(database: Database) -> None:
    admin, maija = await worker(database, "ylläpito", role="admin"), await worker(database, "maija", "kuusamo")
    accounts, sessions = Accounts(database), Sessions(database, settings.load({}))
    secret = await sessions.create(maija)
    with pytest.raises(Forbidden):
        await accounts.sign_out_by(maija, "ylläpito")
    await accounts.sign_out_by(admin, "maija")
    assert await sessions.find(secret) is None


async def test_what_outlived_its_time_is_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await worker(database, "maija", "kuusamo")
    accounts = Accounts(database)
    await fail(accounts, "maija", HERE)
    later = clock.now() + rooms.WINDOW + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    await fail(accounts, "ville", HERE)
    await throttle.forget_old(database)
    async with database.read() as session:
        untils = (await session.scalars(select(ThrottleRow.until))).all()
    assert len(untils) == 3  # ville at this address, the address, ville everywhere
    assert all(each > later for each in untils)


# --- roles and centres -----------------------------------------------------------------------------------------------


async def test_a_role_and_its_centres_hold_from_the_next_click_on(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    accounts, sessions = Accounts(database), Sessions(database, settings.load({}))
    secret = await sessions.create(maija)

    async def now() -> tuple[str, list[str]]:
        found = await sessions.find(secret)
        assert found
        return found.worker.role, sorted(found.worker.centres)

    await accounts.change_centres("maija", add=["ii"], remove=["kuusamo"])
    assert await now() == ("worker", ["ii"])
    await accounts.set_role("maija", "coordinator", ["ii", "kuusamo"])
    assert await now() == ("coordinator", ["ii", "kuusamo"])
    await accounts.set_role("maija", "auditor")
    assert await now() == ("auditor", [])
    for role, centres in (("worker", []), ("auditor", ["ii"]), ("kuningas", [])):
        with pytest.raises(BadAccount):
            await accounts.set_role("maija", role, centres)
    for change in ({"add": ["ii"]}, {"add": ["tukholma"]}):
        with pytest.raises(BadAccount):
            await accounts.change_centres("maija", **change)
    await accounts.set_role("maija", "worker", ["ii"])
    with pytest.raises(BadAccount):
        await accounts.change_centres("maija", remove=["ii"])
    assert await now() == ("worker", ["ii"])


async def test_a_worker_changes_the_password_with_the_old_one(database: Database) -> None:
    maija = await worker(database, "maija", "kuusamo")
    accounts, sessions = Accounts(database), Sessions(database, settings.load({}))
    secret = await sessions.create(maija)
    with pytest.raises(LoginFailed):
        await accounts.change_password(maija, "väärä salasana tässä", "uusi pitkä salasana", HERE)
    with pytest.raises(BadAccount):
        await accounts.change_password(maija, PASSWORD, "lyhyt", HERE)
    assert await sessions.find(secret) is not None
    await accounts.change_password(maija, PASSWORD, "uusi pitkä salasana", HERE)
    assert await sessions.find(secret) is None
    assert await accounts.authenticate("maija", "uusi pitkä salasana", HERE) == maija


# --- the command line ------------------------------------------------------------------------------------------------


async def run(folder: Path, *words: str, stdin: str = "") -> tuple[int, str]:
    """`python -m bot WORDS` with its own database."""
    parser = argparse.ArgumentParser()
    cli_staff.add_parser(parser.add_subparsers(dest="command", required=True))
    chosen = settings.load(
        {"BOT_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'c.sqlite3'}", "BOT_KEY_FILE": str(folder / "key")}
    )
    out = io.StringIO()
    status = await cli_staff.run(parser.parse_args(words), chosen, stdin=io.StringIO(stdin), out=out)
    return status, out.getvalue()


async def test_the_first_account_is_made_by_a_command(tmp_path: Path) -> None:
    words = ("staff", "add", "maija", "--centre", "kuusamo", "--centre", "ii", "--display", "Maija Malli")
    status, said = await run(tmp_path, *words, stdin=PASSWORD + "\n")
    assert (status, said) == (0, "Added maija (worker) ii kuusamo\n")
    assert await run(tmp_path, "staff", "list") == (0, "maija\tworker\tactive\tii,kuusamo\tpassword\tMaija Malli\n")
    assert (await run(tmp_path, "staff", "disable", "maija"))[0] == 0
    assert "disabled" in (await run(tmp_path, "staff", "list"))[1]


async def test_roles_and_centres_are_changed_by_commands(tmp_path: Path) -> None:
    await run(tmp_path, "staff", "add", "maija", "--centre", "kuusamo", stdin=PASSWORD)
    assert await run(tmp_path, "staff", "centre", "maija", "--add", "ii") == (0, "maija (worker) ii kuusamo\n")
    assert await run(tmp_path, "staff", "centre", "maija", "--remove", "kuusamo") == (0, "maija (worker) ii\n")
    assert (await run(tmp_path, "staff", "centre", "maija", "--remove", "ii"))[0] == 1
    assert await run(tmp_path, "staff", "role", "maija", "auditor") == (0, "maija (auditor)\n")
    assert (await run(tmp_path, "staff", "role", "maija", "worker"))[0] == 1
    for word in ("totp-reset", "sign-out", "enable"):
        assert (await run(tmp_path, "staff", word, "maija"))[0] == 0
        status, said = await run(tmp_path, "staff", word, "kukaan")
        assert (status, "'kukaan'" in said) == (1, True)


@pytest.mark.parametrize("typed", ["", "\n", "lyhyt\n"])
async def test_no_account_without_a_real_password(tmp_path: Path, typed: str) -> None:
    status, said = await run(tmp_path, "staff", "add", "maija", "--centre", "kuusamo", stdin=typed)
    assert status == 1
    assert "12" in said
    assert await run(tmp_path, "staff", "list") == (0, "")


async def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    status, said = await run(tmp_path, "staff", "add", "maija", "--centre", "tukholma", stdin=PASSWORD)
    assert (status, "'tukholma'" in said) == (1, True)
    status, said = await run(tmp_path, "staff", "disable", "kukaan")
    assert (status, "'kukaan'" in said) == (1, True)


async def test_the_centres_are_listed(tmp_path: Path) -> None:
    status, said = await run(tmp_path, "staff", "centres")
    assert status == 0
    assert "kuusamo\tKuusamo\n" in said


async def test_the_log_is_proven_by_a_command(tmp_path: Path) -> None:
    status, said = await run(tmp_path, "audit", "verify")
    assert (status, "0 rows" in said) == (0, True)
