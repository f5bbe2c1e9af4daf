"""The staff desk in a browser's eyes: a real server, real cookies, real forms."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pyotp
import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text, update

from bot import settings
from bot.requests.desk import Desk
from bot.requests.service import ContactRequests
from bot.staff.accounts import PAIR_LIMIT
from bot.storage.database import Database
from bot.storage.models import AccessLogRow, ContactRequestRow, StaffSessionRow
from bot.web.keys import DATABASE, SETTINGS
from bot.web.security import security_headers
from bot.web.staff import add_staff
from tests.staff_support import PASSWORD, STORY, opened, request, worker

Browser = TestClient[web.Request, web.Application]
SCRIPT = '<script src="/static/staff.js" defer></script>'
LATE = '<strong class="more mark">Myöhässä</strong>'
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
async def browser(database: Database) -> AsyncIterator[Callable[[], Awaitable[Browser]]]:
    """A maker of browsers: each has its own cookies, all speak with one server."""
    app = web.Application(middlewares=[security_headers])
    app[DATABASE], app[SETTINGS] = database, settings.load({})
    add_staff(app)
    server = TestServer(app)
    async with AsyncExitStack() as stack:
        await server.start_server()
        stack.push_async_callback(server.close)

        async def made() -> Browser:
            client = TestClient(server, cookie_jar=CookieJar(unsafe=True))
            stack.push_async_callback(client.session.close)
            return client

        yield made


async def token(page: ClientResponse) -> str:
    found = TOKEN.search(await page.text())
    assert found, "the page has no form"
    return found[1]


async def log_in(client: Browser, login: str, password: str = PASSWORD, to: str = "") -> ClientResponse:
    csrf = await token(await client.get("/staff/login"))
    form = {"csrf": csrf, "login": login, "password": password, "next": to}
    return await client.post("/staff/login", data=form)


async def act(client: Browser, id: str, action: str, **fields: str) -> ClientResponse:
    csrf = await token(await client.get(f"/staff/requests/{id}"))
    return await client.post(f"/staff/requests/{id}/{action}", data={"csrf": csrf, **fields})


async def shown(page: ClientResponse) -> str:
    return html.unescape(await page.text())


async def logged(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(AccessLogRow.action).order_by(AccessLogRow.number)))


async def status(database: Database, id: str) -> str:
    async with database.read() as session:
        return (await session.get_one(ContactRequestRow, id)).status


Made = Callable[[], Awaitable[Browser]]


# --- login -----------------------------------------------------------------------------------------------------------


async def test_a_worker_logs_in_and_lands_where_they_were_going(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo", name="Maija Malli")
    client = await browser()
    asked = await client.get("/staff?status=claimed", allow_redirects=False)
    assert (asked.status, asked.headers["Location"]) == (303, "/staff/login?next=%2Fstaff%3Fstatus%3Dclaimed")
    page = await log_in(client, "maija", to="/staff?status=claimed")
    assert (page.status, str(page.url.relative())) == (200, "/staff?status=claimed")
    assert "Maija Malli" in await shown(page)


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example", "/staffx", "/staff\\@evil.example", "/staff\r\nX: y", "/"]
)
async def test_login_leads_nowhere_else(database: Database, browser: Made, next_: str) -> None:
    await worker(database, "maija", "kuusamo")
    page = await log_in(await browser(), "maija", to=next_)
    assert (page.status, page.url.path) == (200, "/staff")
    assert page.history[-1].headers["Location"] == "/staff"


async def test_the_cookie_is_out_of_reach(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    page = await log_in(await browser(), "maija")
    cookie = next(c for c in page.history[0].headers.getall("Set-Cookie") if c.startswith("staff_session="))
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/staff"} <= attributes
    assert "secure" not in attributes  # plain http here


async def test_behind_https_the_cookie_is_for_https_only(database: Database) -> None:
    app = web.Application(middlewares=[security_headers])
    app[DATABASE], app[SETTINGS] = database, settings.load({"BOT_PUBLIC_URL": "https://apua.example.fi"})
    add_staff(app)
    async with TestClient(TestServer(app), cookie_jar=CookieJar(unsafe=True)) as client:
        page = await client.get("/staff/login")
        assert "secure" in page.headers["Set-Cookie"].lower()


async def test_wrong_and_unknown_look_alike_and_guessing_ends(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    client = await browser()
    pages = {}
    for login in ("maija", "kukaan"):
        page = await log_in(client, login, "väärä salasana tässä")
        assert page.status == 401
        pages[login] = re.sub(TOKEN, "", (await page.text()).replace(login, "LOGIN"))
    assert pages["maija"] == pages["kukaan"]
    for _ in range(PAIR_LIMIT - 1):
        await log_in(client, "maija", "väärä salasana tässä")
    page = await log_in(client, "maija")  # the right one comes too late
    assert page.status == 429
    assert int(page.headers["Retry-After"]) > 0
    assert "staff_session" not in {cookie.key for cookie in client.session.cookie_jar}


async def test_a_login_form_of_another_site_is_refused(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    client = await browser()
    form = {"login": "maija", "password": PASSWORD}
    assert (await client.post("/staff/login", data=form)).status == 403
    await client.get("/staff/login")
    assert (await client.post("/staff/login", data={**form, "csrf": "ä" * 64})).status == 403


async def test_logging_out_ends_the_session_on_the_server(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    client = await browser()
    csrf = await token(await log_in(client, "maija"))
    secret = next(c.value for c in client.session.cookie_jar if c.key == "staff_session")
    page = await client.post("/staff/logout", data={"csrf": csrf})
    assert page.url.path == "/staff/login"
    stolen = await client.get("/staff", cookies={"staff_session": secret}, allow_redirects=False)
    assert stolen.status == 303
    async with database.read() as session:
        assert (await session.scalars(select(StaffSessionRow.id))).all() == []


# --- rights, default denied ------------------------------------------------------------------------------------------


async def test_every_route_but_the_login_needs_a_session(database: Database, browser: Made) -> None:
    receipt = await request(database)
    client = await browser()
    assert client.app is not None
    tried = set()
    for route in client.app.router.routes():
        path = (route.resource.canonical if route.resource else "").replace("{id}", receipt.request_id)
        if path.startswith("/staff/login"):
            continue
        page = await client.request(route.method, path, allow_redirects=False)
        assert page.status in (303, 401), path
        assert page.headers.get("Location", "/staff/login").startswith("/staff/login")
        assert STORY not in await page.text()
        tried.add(path)
    assert {"/staff", "/staff/log", "/staff/accounts", "/staff/me"} < tried
    assert await logged(database) == []


async def test_every_form_without_its_token_changes_nothing(database: Database, browser: Made) -> None:
    receipt = await request(database)
    await worker(database, "maija", "kuusamo")
    client, other = await browser(), await browser()
    await log_in(client, "maija")
    foreign = await token(await log_in(other, "maija"))
    assert client.app is not None
    for route in client.app.router.routes():
        path = (route.resource.canonical if route.resource else "").replace("{id}", receipt.request_id)
        if route.method != "POST" or path == "/staff/login":
            continue
        for csrf in ({}, {"csrf": ""}, {"csrf": "ääkköset"}, {"csrf": foreign}):
            fields = {"text": "x", "reason": "x", "centre": "ii", "how": "phone", "outcome": "mistake", **csrf}
            assert (await client.post(path, data=fields)).status == 403, path
    assert await status(database, receipt.request_id) == "new"
    assert await logged(database) == []
    assert (await client.get("/staff")).url.path == "/staff", "still logged in"


async def test_another_centre_s_request_is_404_like_one_that_does_not_exist(database: Database, browser: Made) -> None:
    receipt = await request(database)
    await worker(database, "oulu", "oulu-tuira")
    client = await browser()
    csrf = await token(await log_in(client, "oulu"))
    texts = set()
    for id in (receipt.request_id, "00000000-0000-0000-0000-000000000000"):
        page = await client.get(f"/staff/requests/{id}")
        assert page.status == 404
        texts.add(await page.text())
        for action in ("claim", "release", "note", "contacted", "close", "reopen", "transfer"):
            assert (await client.post(f"/staff/requests/{id}/{action}", data={"csrf": csrf})).status == 404
    assert len(texts) == 1
    assert receipt.reference not in await shown(await client.get("/staff"))
    assert await logged(database) == []


@pytest.mark.parametrize(
    ("role", "own", "forbidden"),
    [("auditor", "/staff/log", "/staff/accounts"), ("admin", "/staff/accounts", "/staff/log")],
)
async def test_other_roles_have_their_page_and_no_requests(
    database: Database, browser: Made, role: str, own: str, forbidden: str
) -> None:
    receipt = await request(database)
    await worker(database, "joku", role=role)
    client = await browser()
    page = await log_in(client, "joku")
    assert (page.status, page.url.path) == (200, own)
    for path in (f"/staff/requests/{receipt.request_id}", forbidden):
        page = await client.get(path)
        assert page.status == 403
        assert STORY not in await page.text()


async def test_a_worker_reads_neither_log_nor_accounts(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    client = await browser()
    await log_in(client, "maija")
    for path in ("/staff/log", "/staff/log?verify=1", "/staff/accounts"):
        assert (await client.get(path)).status == 403


# --- a worker's day --------------------------------------------------------------------------------------------------


async def test_the_inbox_shows_what_is_needed_to_choose_and_no_more(database: Database, browser: Made) -> None:
    receipt = await request(database)
    await worker(database, "maija", "kuusamo")
    page = await shown(await log_in(await browser(), "maija"))
    for part in (receipt.reference, "Kuusamo", "arabia", "Tulkki", "Ei vielä kenelläkään", "Uusi", "alle tunti"):
        assert part in page
    for secret in (STORY, "Amina", "1234567"):
        assert secret not in page
    assert await logged(database) == []


async def test_from_opening_to_closing_by_forms_alone(database: Database, browser: Made) -> None:
    receipt = await request(database)
    await worker(database, "maija", "kuusamo")
    client, id = await browser(), receipt.request_id
    await log_in(client, "maija")
    page = await client.get(f"/staff/requests/{id}?reason=perhe+soitti")
    seen = await shown(page)
    assert f'<blockquote lang="ar" dir="rtl">{STORY}</blockquote>' in seen
    for part in ("Paikka", "9 vuotta", "Kyllä, arabia", "Amina Testinen", 'href="tel:+358401234567"'):
        assert part in seen
    async with database.read() as session:
        row = (await session.scalars(select(AccessLogRow))).one()
    assert (row.action, row.reason) == ("open", "perhe soitti")

    page = await act(client, id, "claim")
    assert page.history[0].status == 303
    assert "Otit pyynnön." in await shown(page)
    await act(client, id, "note", text="<script>alert(1)</script> soitan klo 12")
    page = await act(client, id, "contacted", how="phone", text="sovittiin tapaaminen")
    assert "<script>alert" not in await page.text()
    seen = await shown(page)
    assert "soitan klo 12" in seen
    assert "sovittiin tapaaminen" in seen
    page = await act(client, id, "close", outcome="continues")
    assert "Jatkaa palvelun asiakkaana" in await shown(page)
    assert await status(database, id) == "closed"
    family = await ContactRequests(database).status(receipt.reference, receipt.pin)
    assert family.status == "closed"
    page = await act(client, id, "reopen")
    assert await status(database, id) == "contacted"
    await act(client, id, "release")
    page = await act(client, id, "transfer", centre="ii", reason="perhe muutti Iihin")
    assert (page.url.path, page.status) == ("/staff", 200)
    assert "Pyyntö siirrettiin." in await shown(page)
    assert (await client.get(f"/staff/requests/{id}")).status == 404
    acts = [action for action in await logged(database) if action != "open"]
    assert acts == ["claim", "note", "contacted", "close", "reopen", "release", "transfer"]


async def test_of_two_who_take_it_one_reads_who_has_it(database: Database, browser: Made) -> None:
    id = (await request(database)).request_id
    clients = []
    for login, name in (("maija", "Maija Malli"), ("ville", "Ville Malli")):
        await worker(database, login, "kuusamo", name=name)
        client = await browser()
        await log_in(client, login)
        clients.append((client, name, await token(await client.get(f"/staff/requests/{id}"))))
    pages = await asyncio.gather(
        *(c.post(f"/staff/requests/{id}/claim", data={"csrf": csrf}) for c, _name, csrf in clients)
    )
    assert sorted(page.status for page in pages) == [200, 409]
    winner = clients[0 if pages[0].status == 200 else 1][1]
    lost = await shown(next(page for page in pages if page.status == 409))
    assert f"Pyynnön on jo ottanut {winner}." in lost
    assert 'role="alert"' in lost
    assert f"/staff/requests/{id}/claim" not in lost, "the page does not offer what cannot be had"


async def test_what_was_typed_is_kept_when_the_desk_refuses(database: Database, browser: Made) -> None:
    id = (await request(database)).request_id
    await worker(database, "maija", "kuusamo")
    client = await browser()
    await log_in(client, "maija")
    await act(client, id, "claim")
    page = await act(client, id, "transfer", centre="tukholma", reason="perhe muutti")
    assert page.status == 400
    assert ">perhe muutti</textarea>" in await shown(page)
    page = await act(client, id, "close", outcome="helped")
    assert page.status == 409


async def test_a_session_that_ran_out_gives_back_what_was_written(database: Database, browser: Made) -> None:
    id = (await request(database)).request_id
    await worker(database, "maija", "kuusamo")
    client = await browser()
    csrf = await token(await log_in(client, "maija"))
    async with database.write() as session:
        await session.execute(text("DELETE FROM staff_session"))
    page = await client.post(f"/staff/requests/{id}/note", data={"csrf": csrf, "text": "pitkä <b>muistiinpano"})
    assert page.status == 401
    assert "pitkä &lt;b&gt;muistiinpano" in await page.text()
    assert f"next=%2Fstaff%2Frequests%2F{id}" in await page.text()


async def test_danger_stands_in_plain_sight(database: Database, browser: Made) -> None:
    id = (await request(database, need="need_violence")).request_id
    await worker(database, "maija", "kuusamo")
    client = await browser()
    await log_in(client, "maija")
    page = await shown(await client.get(f"/staff/requests/{id}"))
    assert page.index("<strong>Älä jätä viestiä</strong>") < page.index("tel:+358401234567")


async def test_a_withdrawn_request_is_said_to_be_withdrawn(database: Database, browser: Made) -> None:
    receipt = await request(database)
    await ContactRequests(database).withdraw(receipt.reference, receipt.pin)
    await worker(database, "maija", "kuusamo")
    client = await browser()
    await log_in(client, "maija")
    page = await client.get(f"/staff/requests/{receipt.request_id}")
    assert page.status == 200
    seen = await shown(page)
    assert "Perhe perui tämän pyynnön." in seen
    assert "Amina" not in seen


async def test_late_ones_are_marked_and_the_list_has_pages(
    database: Database, browser: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.web.staff import inbox

    monkeypatch.setattr(inbox, "PAGE", 2)
    for _ in range(3):
        await request(database)
    async with database.write() as session:
        await session.execute(update(ContactRequestRow).values(due_at=ContactRequestRow.created_at))
    await worker(database, "maija", "kuusamo")
    client = await browser()
    page = await shown(await log_in(client, "maija"))
    assert page.count(LATE) == 2
    assert "Seuraava sivu" in page
    page = await shown(await client.get("/staff?page=2"))
    assert page.count(LATE) == 1
    assert "Edellinen sivu" in page
    assert "Seuraava sivu" not in page


async def test_odd_queries_do_no_harm(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    client = await browser()
    await log_in(client, "maija")
    for query in ("status=%00", "need=%FF", "page=-1", "page=99999999999999999999", "centre=ii", "done=%3Cb%3E"):
        assert (await client.get(f"/staff?{query}")).status == 200
    for id in ("%00", "x" * 36, "..", "1"):
        assert (await client.get(f"/staff/requests/{id}")).status == 404


async def test_broken_forms_and_cookies_are_refused(database: Database, browser: Made) -> None:
    client = await browser()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await client.post("/staff/login", data=b"login=\xff\xfe", headers=kind)).status in (400, 403)
    odd = {"Content-Type": "application/x-www-form-urlencoded; charset=nonsense"}
    assert (await client.post("/staff/login", data=b"login=x", headers=odd)).status in (400, 403)
    page = await client.get("/staff", headers={"Cookie": "staff_session=ä"}, allow_redirects=False)
    assert page.status == 303


async def test_the_page_after_a_form_is_no_second_look(database: Database, browser: Made) -> None:
    id = (await request(database)).request_id
    await worker(database, "maija", "kuusamo")
    client = await browser()
    await log_in(client, "maija")
    assert (await act(client, id, "claim")).status == 200
    assert await logged(database) == ["open", "claim"]
    for query in ("", "?done=note", "?done=open", "?done="):  # nothing that was not just done hides a look
        assert (await client.get(f"/staff/requests/{id}{query}")).status == 200
    assert await logged(database) == ["open", "claim", *["open"] * 4]


# --- the second step, sessions, the worker's own account -----------------------------------------------------------


async def field(page: ClientResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', await page.text())
    assert found, f"the page has no field {name}"
    return found[1]


async def set_up_second_step(client: Browser) -> tuple[str, list[str]]:
    """Follows the page; returns the secret in letters and the recovery codes."""
    page = await client.get("/staff/me/totp")
    body = await page.text()
    assert '<svg width="' in body
    assert "http" not in body  # nothing of it is asked from anywhere else
    secret = re.findall(r"<code>([A-Z2-7 ]+)</code>", body)[0].replace(" ", "")
    form = {"csrf": await token(page), "ticket": await field(page, "ticket")}
    wrong = await client.post("/staff/me/totp", data={**form, "code": "nonsense"})
    assert wrong.status == 400
    assert secret[:4] in await wrong.text()  # the picture stays the same
    codes = await client.post("/staff/me/totp", data={**form, "code": pyotp.TOTP(secret).now()})
    found = re.findall(r"<code>([a-z0-9]{5}-[a-z0-9]{5})</code>", await codes.text())
    return secret, found


async def test_login_with_a_second_step(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo", name="Maija Malli")
    first = await browser()
    await log_in(first, "maija")
    _secret, codes = await set_up_second_step(first)
    assert len(codes) == 10
    client = await browser()
    page = await log_in(client, "maija", to="/staff?status=claimed")
    assert (page.status, page.url.path) == (200, "/staff/login/code")
    assert (await client.get("/staff", allow_redirects=False)).status == 303  # the password alone opens nothing
    form = {"csrf": await token(page), "next": await field(page, "next")}
    assert (await client.post("/staff/login/code", data={**form, "code": "123"})).status == 401
    assert (await client.post("/staff/login/code", data={"code": codes[0]})).status == 403
    page = await client.post("/staff/login/code", data={**form, "code": codes[0]})
    assert (page.status, str(page.url.relative())) == (200, "/staff?status=claimed")
    stranger = await browser()
    page = await stranger.get("/staff/login/code")
    assert page.url.path == "/staff/login"
    csrf = {"csrf": await token(page)}
    assert (await stranger.post("/staff/login/code", data={**csrf, "code": codes[1]})).status == 401


async def test_a_worker_signs_a_lost_phone_out(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    desk, phone = await browser(), await browser()
    agent = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit Version/18.0 Safari/604"}
    phone.session.headers.update(agent)
    await log_in(desk, "maija")
    await log_in(phone, "maija")
    page = await desk.get("/staff/me")
    assert "Safari, iPhone" in await page.text()
    assert (await desk.post("/staff/me/sessions/end", data={"id": await field(page, "id")})).status == 403
    form = {"csrf": await token(page), "id": await field(page, "id")}
    assert "Istunto on päätetty." in await shown(await desk.post("/staff/me/sessions/end", data=form))
    assert (await phone.get("/staff", allow_redirects=False)).status == 303
    assert (await desk.get("/staff", allow_redirects=False)).status == 200


async def test_an_administrator_signs_a_worker_out(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    await worker(database, "ylläpito", role="admin")
    maija, admin = await browser(), await browser()
    await log_in(maija, "maija")
    page = await log_in(admin, "ylläpito")
    form = {"csrf": await token(page), "login": "maija"}
    assert "maija kaikki istunnot on päätetty" in await shown(await admin.post("/staff/accounts/sign-out", data=form))
    assert (await maija.get("/staff", allow_redirects=False)).status == 303
    assert (await admin.post("/staff/accounts/sign-out", data={**form, "login": "kukaan"})).status == 404


async def test_a_worker_changes_the_password(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    client = await browser()
    page = await log_in(client, "maija")
    new = "uusi pitkä salasana"
    form = {"csrf": await token(page), "old": PASSWORD, "new": new, "again": new}
    for wrong in ({"again": "muu pitkä salasana"}, {"old": "väärä salasana"}, {"new": "lyhyt", "again": "lyhyt"}):
        assert (await client.post("/staff/me/password", data={**form, **wrong})).status == 400
    assert (await client.post("/staff/me/password", data=form)).url.path == "/staff/login"
    assert (await log_in(client, "maija", new)).url.path == "/staff"


async def test_a_browser_that_was_here_is_not_locked_out_by_others(database: Database, browser: Made) -> None:
    await worker(database, "maija", "kuusamo")
    known, stranger = await browser(), await browser()
    page = await log_in(known, "maija")
    await known.post("/staff/logout", data={"csrf": await token(page)})
    for _ in range(PAIR_LIMIT):
        await log_in(stranger, "maija", "väärä salasana tässä")
    assert (await log_in(stranger, "maija")).status == 429
    assert (await log_in(known, "maija")).url.path == "/staff"


# --- the auditor -----------------------------------------------------------------------------------------------------


async def test_an_auditor_reads_the_log_and_proves_it(database: Database, browser: Made) -> None:
    receipt = await request(database)
    maija = await worker(database, "maija", "kuusamo", name="Maija Malli")
    await worker(database, "tarkastaja", role="auditor")
    await Desk(database).open(maija, receipt.request_id, "perhe soitti")
    client = await browser()
    page = await shown(await log_in(client, "tarkastaja"))
    for part in ("Maija Malli", receipt.reference, "perhe soitti", "Avattu"):
        assert part in page
    assert "perhe soitti" not in await shown(await client.get("/staff/log?login=ville"))
    assert "perhe soitti" in await shown(await client.get(f"/staff/log?reference={receipt.reference.lower()}"))
    assert "Ketju on ehjä: rivejä 1." in await shown(await client.get("/staff/log?verify=1"))
    async with database.write() as session:
        await session.execute(text("DROP TRIGGER access_log_no_update"))
        await session.execute(text("UPDATE access_log SET reason = 'muu'"))
    assert "Ketju katkeaa rivillä 1." in await shown(await client.get("/staff/log?verify=1"))


# --- every page ------------------------------------------------------------------------------------------------------


async def test_no_page_is_kept_by_the_browser_or_runs_a_script(database: Database, browser: Made) -> None:
    receipt = await request(database)
    await worker(database, "maija", "kuusamo")
    await worker(database, "tarkastaja", role="auditor")
    await worker(database, "pääkäyttäjä", role="admin")
    visits = {
        "maija": ["/staff/me", "/staff/me/totp", "/staff", f"/staff/requests/{receipt.request_id}", "/staff/log"],
        "tarkastaja": ["/staff/log?verify=1"],
        "pääkäyttäjä": ["/staff/accounts"],
    }
    for login, paths in visits.items():
        client = await browser()
        pages = [await client.get("/staff/login"), await log_in(client, login)]
        pages += [await client.get(path) for path in paths]
        for page in pages:
            assert page.headers["Cache-Control"] == "no-store"
            body = await page.text()
            assert body.startswith('<!doctype html>\n<html lang="fi" dir="ltr">')
            assert not re.search(
                r"<script(?! src=\"/static/staff.js\" defer></script>)|<style|\sstyle=|\son[a-z]+=", body
            )
            assert body.count("<h1>") == 1
            for field in re.findall(r'<(?:input|select|textarea)(?![^>]*type="hidden")[^>]*\sid="([^"]+)"', body):
                assert f'<label for="{field}">' in body
