"""Every staff route and every act on a request, tried by every role at every centre: what is not given is refused.

A route that is new must be put into WHO (or hang on a request); until then this test fails.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select

from bot import settings
from bot.catalogue.search import Catalogue
from bot.requests import access_log, log_report
from bot.requests.desk import Desk, NotFound
from bot.staff.accounts import Accounts
from bot.staff.rights import ROLES, Forbidden, Right, Worker
from bot.staff.sessions import Sessions
from bot.storage.database import Database
from bot.storage.models import AccessLogRow, ContactRequestRow, RequestEventRow
from bot.web.keys import CATALOGUE, DATABASE, SETTINGS
from bot.web.security import security_headers
from bot.web.staff import add_staff
from tests.staff_support import opened, request, worker

EVERYBODY = frozenset(ROLES)
READERS = frozenset(role for role, rights in ROLES.items() if Right.REQUESTS in rights)
WHO = {
    "/staff": READERS,
    "/staff/search": READERS,
    "/staff/events": READERS,
    "/staff/logout": EVERYBODY,
    "/staff/catalogue": EVERYBODY,
    "/staff/catalogue/gaps": EVERYBODY,
    "/staff/log": frozenset({"auditor"}),
    "/staff/log/report": frozenset({"auditor"}),
    "/staff/accounts": frozenset({"admin"}),
    "/staff/accounts/sign-out": frozenset({"admin"}),
    "/staff/me": EVERYBODY,
    "/staff/me/password": EVERYBODY,
    "/staff/me/totp": EVERYBODY,
    "/staff/me/totp/off": EVERYBODY,
    "/staff/me/codes": EVERYBODY,
    "/staff/me/sessions/end": EVERYBODY,
    "/staff/me/sessions/end-others": EVERYBODY,
}
"""Who may use a route that hangs on no request."""
OPEN = ("/staff/login",)
"""What needs no session: logging in, and what belongs to it."""
PEOPLE = [(role, centre) for role in ROLES for centre in (("kuusamo", "ii") if role in READERS else ("",))]


@dataclass
class House:
    """A desk with one request in Kuusamo, and everybody who may or may not see it, logged in."""

    database: Database
    client: TestClient[web.Request, web.Application]
    request_id: str
    people: dict[tuple[str, str], Worker]

    async def ask(self, who: tuple[str, str], method: str, path: str) -> int:
        """The status that somebody gets, with a session and a form token of their own."""
        sessions = Sessions(self.database, settings.load({}))
        secret = await sessions.create(self.people[who])
        session = await sessions.find(secret)
        assert session
        form = {"csrf": session.csrf, "login": "nobody"} if method == "POST" else None
        cookies = {"Cookie": f"staff_session={secret}"}
        async with self.client.request(method, path, data=form, headers=cookies, allow_redirects=False) as page:
            return page.status

    async def trace(self) -> tuple[Any, ...]:
        """All that an act leaves behind."""
        async with self.database.read() as session:
            row = await session.get_one(ContactRequestRow, self.request_id)
            counts = [
                await session.scalar(select(func.count()).select_from(t)) for t in (RequestEventRow, AccessLogRow)
            ]
            return (row.status, row.centre, row.claimed_by, row.outcome, row.closed_at, *counts)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with opened("sqlite", tmp_path) as database:
        app = web.Application(middlewares=[security_headers])
        app[DATABASE], app[SETTINGS] = database, settings.load({})
        app[CATALOGUE] = Catalogue(database)
        add_staff(app)
        receipt = await request(database)
        people = {
            (role, centre): await worker(database, f"{role}{centre}", *[centre] * bool(centre), role=role)
            for role, centre in PEOPLE
        }
        async with TestClient(TestServer(app)) as client:
            yield House(database, client, receipt.request_id, people)


def routes(house: House) -> list[tuple[str, str]]:
    """Method and path of every route that needs a session."""
    app = house.client.app
    assert app is not None
    found = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource and route.method != "HEAD" and not route.resource.canonical.startswith(OPEN)
    }
    return sorted(found)


async def test_every_route_for_every_role_and_centre(house: House) -> None:
    seen = 0
    for method, canonical in routes(house):
        hangs_on_request = "/requests/{id}" in canonical
        assert hangs_on_request or canonical in WHO, f"say in WHO who may use {method} {canonical}"
        path = canonical.replace("{id}", house.request_id)
        before = await house.trace()
        allowed = []
        for who in PEOPLE:
            role, centre = who
            if (role in READERS and centre == "kuusamo") if hangs_on_request else role in WHO[canonical]:
                allowed.append(who)
                continue
            status = await house.ask(who, method, path)
            if path == "/staff":
                assert status == 303, who  # sent to what is theirs
            else:
                assert status == (404 if hangs_on_request and role in READERS else 403), (who, method, path)
            seen += 1
        assert await house.trace() == before, f"{method} {path} left something behind for somebody who may not"
        for who in allowed:
            status = await house.ask(who, method, path)
            assert status not in (401, 403, 500), (who, method, path)
            assert "{" in path or status != 404 or path.endswith(("/sign-out", "/report")), (who, method, path)
            seen += 1
    assert seen == len(routes(house)) * len(PEOPLE)


async def test_a_disabled_account_reaches_nothing(house: House) -> None:
    who = ("worker", "kuusamo")
    sessions = Sessions(house.database, settings.load({}))
    secret = await sessions.create(house.people[who])
    await Accounts(house.database).disable("workerkuusamo")
    for method, canonical in routes(house):
        path = canonical.replace("{id}", house.request_id)
        cookies = {"Cookie": f"staff_session={secret}"}
        async with house.client.request(method, path, headers=cookies, allow_redirects=False) as page:
            assert page.status in (303, 401)
            assert page.headers.get("Location", "/staff/login").startswith("/staff/login")


WORDS = {"how": "phone", "text": "jotain", "outcome": "mistake", "centre": "ii", "reason": "syy"}


def acts() -> list[str]:
    """Every public act of the desk that is done for a worker."""
    return [
        name
        for name, act in inspect.getmembers(Desk, inspect.iscoroutinefunction)
        if not name.startswith("_") and "worker" in inspect.signature(act).parameters
    ]


async def test_below_the_web_layer_the_desk_refuses_by_itself(house: House) -> None:
    desk = Desk(house.database)
    before = await house.trace()
    assert {"inbox", "open", "claim", "transfer"} < set(acts())
    strangers = {
        **house.people,
        ("superuser", ""): Worker("0", "x", "X", "superuser", frozenset({"kuusamo"})),  # a role that nobody knows
        ("worker", ""): Worker("1", "y", "Y", "worker", frozenset()),  # a worker without a centre
    }
    for name in acts():
        act = getattr(desk, name)
        needed = {
            each.name: WORDS.get(each.name, "x")
            for each in inspect.signature(act).parameters.values()
            if each.default is inspect.Parameter.empty and each.name not in ("worker", "id", "narrow")
        }
        on_request = "id" in inspect.signature(act).parameters
        for (role, centre), person in strangers.items():
            if role in READERS and centre == "kuusamo":
                continue
            arguments = {**needed, "worker": person, **({"id": house.request_id} if on_request else {})}
            if role not in READERS:
                with pytest.raises(Forbidden):
                    await act(**arguments)
            elif on_request:
                with pytest.raises(NotFound):
                    await act(**arguments)
            else:
                assert house.request_id not in str(await act(**arguments)), (name, role, centre)
    assert await house.trace() == before


async def test_below_the_web_layer_the_log_and_the_accounts_refuse_by_themselves(house: House) -> None:
    accounts = Accounts(house.database)
    for (role, _centre), person in house.people.items():
        if role != "auditor":
            with pytest.raises(Forbidden):
                await access_log.entries(house.database, person)
            with pytest.raises(Forbidden):
                await log_report.make(house.database, person, "PA-0000-0000")
        if role != "admin":
            with pytest.raises(Forbidden):
                await accounts.seen_by(person)
            with pytest.raises(Forbidden):
                await accounts.sign_out_by(person, "workerkuusamo")


async def test_a_request_that_moves_takes_its_readers_along(house: House) -> None:
    desk, here, there = Desk(house.database), house.people["worker", "kuusamo"], house.people["worker", "ii"]
    path = f"/staff/requests/{house.request_id}"
    assert [await house.ask(("worker", centre), "GET", path) for centre in ("kuusamo", "ii")] == [200, 404]
    await desk.claim(here, house.request_id)
    await desk.transfer(here, house.request_id, "ii", "perhe muutti")
    assert [await house.ask(("worker", centre), "GET", path) for centre in ("kuusamo", "ii")] == [404, 200]
    await desk.claim(there, house.request_id)
    with pytest.raises(NotFound):
        await desk.note(here, house.request_id, "vielä jotain")
