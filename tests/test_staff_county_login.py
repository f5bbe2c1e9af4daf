"""Logging in with the county's account: a real provider in a process of its own, and all the ways it can be false."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pyotp
import pytest
from aiohttp import ClientResponse, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import select

from bot import settings
from bot.staff import county_login, groups, identity_provider
from bot.staff.accounts import Accounts, BadAccount, UnknownAccount
from bot.staff.groups import BadGroups, Grant, Groups, NotEntitled
from bot.storage.database import Database
from bot.storage.models import StaffRow
from bot.web.assets import STATIC
from bot.web.keys import DATABASE, SETTINGS
from bot.web.security import security_headers
from bot.web.staff import add_staff
from tests.conftest import ROOT, free_port
from tests.oidc_provider import CLIENT, SECRET
from tests.staff_support import PASSWORD, opened, request, worker

GROUPS = """
groups:
  perhekeskus-kuusamo: {role: worker, centres: [kuusamo]}
  perhekeskus-ii: {role: worker, centres: [ii]}
  tarkastajat: {role: auditor}
"""


@dataclass
class Ends:
    """Where the provider and the desk are."""

    issuer: str
    desk_port: int


@pytest.fixture(scope="module")
def ends() -> Iterator[Ends]:
    """The provider, running as a process."""
    port, desk = free_port(), free_port()
    back = f"http://localhost:{desk}/staff/login/county/back"
    process = subprocess.Popen([sys.executable, "-m", "tests.oidc_provider", str(port), back], cwd=ROOT)
    try:
        yield Ends(f"http://127.0.0.1:{port}", desk)
    finally:
        process.kill()
        process.wait()


@dataclass
class House:
    """A desk that trusts the provider."""

    database: Database
    server: TestServer
    issuer: str

    async def says(self, *, groups: list[str] | None = None, **next_: Any) -> None:
        """What the provider says of the person who comes next."""
        claims = {**({} if groups is None else {"groups": groups}), **next_.pop("claims", {})}
        async with aiohttp.ClientSession() as http, http.post(f"{self.issuer}/next", json={"claims": claims, **next_}):
            pass

    def browser(self) -> TestClient[web.Request, web.Application]:
        """A browser with its own cookies."""
        return TestClient(self.server, cookie_jar=CookieJar(unsafe=True))

    async def log_in(self, browser: TestClient[web.Request, web.Application], to: str = "") -> ClientResponse:
        """Follows "Log in with the county's account" to the provider and back."""
        return await browser.get(f"/staff/login/county?next={to}")


@pytest.fixture
async def house(ends: Ends, tmp_path: Path) -> AsyncIterator[House]:
    file = tmp_path / "groups.yml"
    file.write_text(GROUPS, encoding="utf-8")
    await _until_it_answers(ends.issuer)
    async with opened("sqlite", tmp_path) as database:
        app = web.Application(middlewares=[security_headers])
        app[DATABASE] = database
        app[SETTINGS] = settings.load(
            {
                "BOT_PUBLIC_URL": f"http://localhost:{ends.desk_port}",
                "BOT_OIDC_ISSUER": ends.issuer,
                "BOT_OIDC_CLIENT_ID": CLIENT,
                "BOT_OIDC_CLIENT_SECRET": SECRET,
                "BOT_OIDC_GROUPS": str(file),
            }
        )
        add_staff(app)
        app.router.add_static("/static/", STATIC)
        server = TestServer(app, host="localhost", port=ends.desk_port)
        await server.start_server()
        house = House(database, server, ends.issuer)
        try:
            await house.says(groups=["perhekeskus-kuusamo"])
            yield house
        finally:
            await server.close()


async def _until_it_answers(issuer: str) -> None:
    end = time.monotonic() + 30
    async with aiohttp.ClientSession() as http:
        while True:
            try:
                async with http.get(f"{issuer}/keys"):
                    return
            except aiohttp.ClientError:
                assert time.monotonic() < end, "the provider does not start"


async def accounts(database: Database) -> list[tuple[str, str, list[str]]]:
    found = await Accounts(database).list()
    return [(each.worker.login, each.worker.role, sorted(each.worker.centres)) for each in found]


# --- coming in -------------------------------------------------------------------------------------------------------


async def test_the_first_login_makes_the_account_and_leads_on(house: House) -> None:
    async with house.browser() as browser:
        assert "/staff/login/county?next=" in await (await browser.get("/staff/login")).text()
        page = await house.log_in(browser, "/staff?status=claimed")
        assert page.status == 200
        assert 'content="0;url=/staff?status=claimed"' in await page.text()
        assert "Maija Malli" in await (await browser.get("/staff")).text()
    assert await accounts(house.database) == [("maija.malli", "worker", ["kuusamo"])]


async def test_role_centres_and_name_are_the_provider_s_word_at_every_login(house: House) -> None:
    async with house.browser() as browser:
        await house.log_in(browser)
        await house.says(groups=["perhekeskus-ii", "perhekeskus-kuusamo", "jokin muu"], claims={"name": "Maija Uusi"})
        await house.log_in(browser)
        assert await accounts(house.database) == [("maija.malli", "worker", ["ii", "kuusamo"])]
        assert "Maija Uusi" in await (await browser.get("/staff")).text()
        await house.says(groups=["tarkastajat"])
        await house.log_in(browser)
    assert await accounts(house.database) == [("maija.malli", "auditor", [])]


async def test_a_new_key_of_the_provider_is_fetched(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house.browser() as browser:
        assert (await house.log_in(browser)).status == 200
        async with aiohttp.ClientSession() as http, http.post(f"{house.issuer}/rotate"):
            pass
        assert (await house.log_in(browser)).status == 401  # not more often than twice a minute
        monkeypatch.setattr(identity_provider, "AGAIN", 0)
        assert (await house.log_in(browser)).status == 200


async def test_in_a_real_browser_the_session_holds_after_the_way_over_another_site(house: House) -> None:
    # localhost and 127.0.0.1 are two sites to a browser: SameSite cookies show whether they were set as they must be.
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = await chromium.new_page(viewport={"width": 900, "height": 900})
        await page.goto(f"http://localhost:{house.server.port}/staff?status=claimed")
        await page.get_by_role("link", name="Kirjaudu hyvinvointialueen tunnuksella").click()
        await expect(page).to_have_url(f"http://localhost:{house.server.port}/staff?status=claimed")
        await expect(page.get_by_role("link", name="Maija Malli")).to_be_visible()
        await worker(house.database, "ville", "ii", name="Ville Virkailija")
        await page.get_by_role("button", name="Kirjaudu ulos").click()
        await page.locator("#login").fill("ville")
        await page.locator("#password").fill(PASSWORD)
        await page.locator("main button").click()
        await page.get_by_role("link", name="Ville Virkailija").click()
        await clean(page, "me")
        await page.get_by_role("link", name="Ota käyttöön").click()
        await clean(page, "totp")
        secret = (await page.locator("main code").inner_text()).replace(" ", "")
        await page.get_by_label("Kuusi numeroa").fill(pyotp.TOTP(secret).now())
        await page.get_by_role("button", name="Ota käyttöön").click()
        await clean(page, "codes")
        code = await page.locator(".codes code").first.inner_text()
        await page.get_by_role("button", name="Kirjaudu ulos").click()
        await page.locator("#login").fill("ville")
        await page.locator("#password").fill(PASSWORD)
        await clean(page, "login")
        await page.locator("main button").click()
        await clean(page, "login_code")
        await page.get_by_label("Koodi puhelimestasi").fill(code)
        await page.locator("main button").click()
        await expect(page.get_by_role("link", name="Ville Virkailija")).to_be_visible()
        receipt = await request(house.database)
        await worker(house.database, "tarkastaja", role="auditor")
        await page.get_by_role("button", name="Kirjaudu ulos").click()
        await page.locator("#login").fill("tarkastaja")
        await page.locator("#password").fill(PASSWORD)
        await page.locator("main button").click()
        await page.locator("#report-reference").fill(receipt.reference)
        await clean(page, "log")
        await page.get_by_role("button", name="Tee selvitys perheelle").click()
        await expect(page.locator("html")).to_have_attribute("dir", "rtl")
        await page.reload()  # the first report stands in the second
        await clean(page, "report")
        await chromium.close()


async def clean(page: Page, name: str) -> None:
    """No fault that axe finds; a picture where STAFF_PICTURES names a folder."""
    await page.wait_for_load_state()
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    if folder := os.environ.get("STAFF_PICTURES"):
        await page.screenshot(path=f"{folder}/{name}.png", full_page=True)


# --- staying out -----------------------------------------------------------------------------------------------------

NOW = int(time.time())


@pytest.mark.parametrize(
    "wrong",
    [
        {"sign": "stranger"},
        {"sign": "none"},
        {"sign": "shared"},
        {"claims": {"iss": "https://muu.example"}},
        {"claims": {"aud": "toinen-sovellus"}},
        {"claims": {"aud": [CLIENT, "toinen-sovellus"]}},
        {"claims": {"aud": [CLIENT, "toinen-sovellus"], "azp": "toinen-sovellus"}},
        {"claims": {"exp": NOW - 3600}},
        {"claims": {"exp": "huomenna"}},
        {"claims": {"iat": NOW + 7200}},
        {"claims": {"nbf": NOW + 7200}},
        {"claims": {"nonce": "toisen kirjautumisen"}},
        {"claims": {"sub": ""}},
        {"drop": ["exp"]},
        {"drop": ["iat"]},
        {"drop": ["nonce"]},
        {"drop": ["sub"]},
        {"error": "access_denied"},
    ],
    ids=str,
)
async def test_a_token_that_is_not_all_right_opens_nothing(house: House, wrong: dict[str, Any]) -> None:
    await house.says(groups=["perhekeskus-kuusamo"], **wrong)
    async with house.browser() as browser:
        page = await house.log_in(browser)
        assert (page.status, "staff_session" in page.headers.get("Set-Cookie", "")) == (401, False)
        assert (await browser.get("/staff", allow_redirects=False)).status == 303
    assert await accounts(house.database) == []


async def test_several_audiences_are_right_where_we_are_the_party(house: House) -> None:
    await house.says(groups=["perhekeskus-kuusamo"], claims={"aud": ["toinen", CLIENT], "azp": CLIENT})
    async with house.browser() as browser:
        assert (await house.log_in(browser)).status == 200


async def test_an_answer_opens_only_the_browser_that_asked_and_only_once(house: House) -> None:
    async with house.browser() as browser, house.browser() as other:
        out = await browser.get("/staff/login/county", allow_redirects=False)
        assert out.status == 303
        assert "samesite=lax" in out.headers["Set-Cookie"].lower()
        async with aiohttp.ClientSession() as http, http.get(out.headers["Location"], allow_redirects=False) as answer:
            back = answer.headers["Location"].partition(f":{house.server.port}")[2]
        assert (await other.get(back)).status == 401  # another browser: no ticket
        await other.get("/staff/login/county", allow_redirects=False)
        assert (await other.get(back)).status == 401  # its own ticket, another's answer
        foreign = back.replace("iss=http", "iss=https")
        assert (await browser.get(foreign)).status == 401  # another provider's answer ends the login
        out = await browser.get("/staff/login/county", allow_redirects=False)
        async with aiohttp.ClientSession() as http, http.get(out.headers["Location"], allow_redirects=False) as answer:
            back = answer.headers["Location"].partition(f":{house.server.port}")[2]
        assert (await browser.get(back)).status == 200
        assert (await browser.get(back)).status == 401
    assert len(await accounts(house.database)) == 1


@pytest.mark.parametrize(
    "named", [None, [], ["jokin muu"], ["perhekeskus-kuusamo", "tarkastajat"]], ids=["none", "empty", "other", "two"]
)
async def test_whoever_has_no_group_or_two_roles_stays_out(house: House, named: list[str] | None) -> None:
    await house.says(groups=named)
    async with house.browser() as browser:
        assert (await house.log_in(browser)).status == 403
        assert (await browser.get("/staff", allow_redirects=False)).status == 303
    assert await accounts(house.database) == []


async def test_who_lost_the_groups_loses_the_open_sessions(house: House) -> None:
    async with house.browser() as desk, house.browser() as phone:
        await house.log_in(desk)
        assert (await desk.get("/staff", allow_redirects=False)).status == 200
        await house.says(groups=[])
        assert (await house.log_in(phone)).status == 403
        assert (await desk.get("/staff", allow_redirects=False)).status == 303


async def test_an_account_that_was_disabled_here_stays_closed(house: House) -> None:
    async with house.browser() as browser:
        await house.log_in(browser)
        await Accounts(house.database).disable("maija.malli")
        assert (await house.log_in(browser)).status == 403
        assert (await browser.get("/staff", allow_redirects=False)).status == 303


async def test_a_local_account_is_not_taken_over_by_its_name_but_linked(house: House) -> None:
    await worker(house.database, "maija.malli", "kuusamo")
    await worker(house.database, "ville", "ii")
    async with house.browser() as browser:
        assert (await house.log_in(browser)).status == 403
        await county_login.link(house.database, "maija.malli", house.issuer, "person-1")
        assert (await house.log_in(browser)).status == 200
    async with house.database.read() as session:
        assert (await session.scalar(select(StaffRow.password_hash).where(StaffRow.login == "maija.malli"))) == ""
    with pytest.raises(BadAccount):
        await county_login.link(house.database, "ville", house.issuer, "person-1")
    with pytest.raises(UnknownAccount):
        await county_login.link(house.database, "kukaan", house.issuer, "person-2")


async def test_an_account_of_the_county_has_no_password_to_guess(house: House) -> None:
    async with house.browser() as browser:
        await house.log_in(browser)
    with pytest.raises(PermissionError):
        await Accounts(house.database).authenticate("maija.malli", "", "192.0.2.1")


async def test_a_provider_that_is_away_is_said_to_be_away(house: House) -> None:
    found = house.server.app[settings_key()]
    assert found is not None
    found._provider.issuer = f"http://127.0.0.1:{free_port()}"
    async with house.browser() as browser:
        page = await house.log_in(browser)
        assert page.status == 503
        assert 'name="password"' in await page.text()  # the other way in stays


def settings_key() -> Any:
    from bot.web.staff.shell import COUNTY

    return COUNTY


async def test_without_a_provider_the_way_leads_nowhere(tmp_path: Path) -> None:
    async with opened("sqlite", tmp_path) as database:
        app = web.Application(middlewares=[security_headers])
        app[DATABASE], app[SETTINGS] = database, settings.load({})
        add_staff(app)
        async with TestClient(TestServer(app)) as browser:
            assert "county" not in await (await browser.get("/staff/login")).text()
            for path in ("/staff/login/county", "/staff/login/county/back?code=x&state=y"):
                assert (await browser.get(path)).status == 404


# --- groups and settings ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "groups: [a, b]",
        "groups: {a: worker}",
        "groups: {a: {role: kuningas}}",
        "groups: {a: {role: worker}}",
        "groups: {a: {role: worker, centres: [tukholma]}}",
        "groups: {a: {role: auditor, centres: [ii]}}",
        "groups: {a: {role: worker, centres: ii}}",
        "groups: {a: {role: worker, centre: [ii]}}",
        "groups: {a: [}",
    ],
)
def test_a_file_of_groups_that_cannot_be_used_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "groups.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadGroups):
        groups.load_groups(file)


async def test_the_shipped_file_lets_nobody_in() -> None:
    with pytest.raises(NotEntitled):
        groups.load_groups(ROOT / "data" / "staff_groups.yml").grant(frozenset({"perhekeskus-kuusamo"}))


def test_groups_are_found_where_providers_put_them() -> None:
    assert groups.groups_in({"groups": ["a", 1, "b"]}, "groups") == {"a", "b"}
    assert groups.groups_in({"role": "a"}, "role") == {"a"}
    assert groups.groups_in({"realm_access": {"roles": ["a"]}}, "realm_access.roles") == {"a"}
    assert groups.groups_in({"https://x.fi/groups": ["a"]}, "https://x.fi/groups") == {"a"}
    assert groups.groups_in({"groups": {"a": 1}}, "groups") == frozenset()
    assert Groups({"a": Grant("auditor", frozenset())}).grant(frozenset({"a", "b"})).role == "auditor"


OIDC = {"BOT_OIDC_ISSUER": "https://id.example", "BOT_OIDC_CLIENT_ID": "x", "BOT_PUBLIC_URL": "https://apua.example"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"BOT_OIDC_ISSUER": "http://id.example"}, "BOT_OIDC_ISSUER"),
        ({"BOT_OIDC_CLIENT_ID": ""}, "BOT_OIDC_CLIENT_ID"),
        ({"BOT_PUBLIC_URL": ""}, "BOT_PUBLIC_URL"),
        ({"BOT_OIDC_SCOPES": "profile"}, "BOT_OIDC_SCOPES"),
    ],
)
def test_half_a_provider_stops_the_start(change: dict[str, str], says: str) -> None:
    assert settings.load(OIDC).oidc_issuer == "https://id.example"
    with pytest.raises(settings.SettingsError, match=says):
        settings.load({**OIDC, **change})
