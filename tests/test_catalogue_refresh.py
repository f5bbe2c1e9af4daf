"""PTV, played by a real server with all its oddities, reaches families; and when it is ill they keep what they had."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select, update

from bot import clock
from bot.catalogue import embedding, sources
from bot.catalogue.http import Fetcher, Patience, Refused, SourceError, Unreachable
from bot.catalogue.model import Service
from bot.catalogue.ptv_api import PtvApi
from bot.catalogue.records import Records
from bot.catalogue.refresh import Shrunk, Summary, refresh
from bot.catalogue.search import Catalogue
from bot.storage.database import Database
from bot.storage.models import CatalogueSourceRow, ServiceRow
from tests import ptv_server
from tests.ptv_server import Ptv, guid, playing, ptv_channel, ptv_service
from tests.staff_support import opened

QUICK = Patience(timeout=2, tries=3, backoff=0.01, longest=0.3, concurrency=2)
SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "data" / "samples"


@pytest.fixture
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(getattr(request, "param", "sqlite"), tmp_path) as made:
        yield made


on_both = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)
"""For what the two databases do in their own ways."""


@pytest.fixture
async def ptv() -> AsyncIterator[Ptv]:
    """Five services on three pages, and two phone channels."""
    made = Ptv()
    made.put(ptv_channel(1, "401234567"), ptv_channel(2, "402345678"))
    made.put(ptv_service(1, "Perheneuvola", guid(1, 2)), ptv_service(2, "Turvakoti", guid(2, 2)))
    made.put(*(ptv_service(number, name) for number, name in ((3, "Neuvola"), (4, "Perhetyö"), (5, "Sovittelu"))))
    async with playing(made) as served:
        yield served


async def bring(database: Database, ptv: Ptv, *, full: bool = True, **more: Any) -> Summary:
    async with Fetcher(ptv.url, more.pop("patience", QUICK)) as fetcher:
        api = PtvApi(fetcher, Records(database, "ptv"), more.pop("area", "19"))
        summary = await refresh(database, api, full=full, **more)
    assert summary is not None
    return summary


async def stored(database: Database) -> dict[str, Service]:
    async with database.read() as session:
        rows = await session.execute(select(ServiceRow.id, ServiceRow.data).where(ServiceRow.source == "ptv"))
        return {id_: Service.from_json(data) for id_, data in rows}


@on_both
async def test_all_services_of_the_area_come_with_their_channels(database: Database, ptv: Ptv) -> None:
    summary = await bring(database, ptv)
    assert (len(summary.loaded.new), summary.loaded.aside, summary.resumed, summary.moved) == (5, (), False, False)
    services = await stored(database)
    assert services[guid(1)].names == {"fi": "Perheneuvola"}
    assert [channel.tel for channel in services[guid(1)].channels] == ["+358401234567"]
    assert services[guid(1)].county
    asked = dict(ptv.asked)["/api/v11/Service/list/area/WellbeingServiceCounties/code/19"]
    assert (asked["includeWholeCountry"], asked["serviceWithGD"]) == ("true", "true")
    found = await Catalogue(database).search("turvakoti", language="fi")
    assert found[0].service.id == guid(2)
    again = await bring(database, ptv)
    assert (again.loaded.new, again.loaded.changed, again.loaded.gone) == ((), (), ())


@pytest.mark.parametrize(
    "trouble",
    [ptv_server.html, ptv_server.too_many, ptv_server.broken, ptv_server.cut, ptv_server.says(None)],
    ids=["html", "429", "500", "cut", "null"],
)
async def test_what_passes_by_itself_is_tried_again(database: Database, ptv: Ptv, trouble: Any) -> None:
    ptv.times(2, trouble, "/Service/list", page="2")
    assert len((await bring(database, ptv)).loaded.new) == 5
    assert ptv.pages_asked().count("2") == 3


async def test_a_slow_page_is_not_waited_for_longer_than_told(database: Database, ptv: Ptv) -> None:
    ptv.times(1, ptv_server.slow(30), "/Service/list", page="2")
    began = asyncio.get_running_loop().time()
    summary = await bring(database, ptv, patience=Patience(timeout=0.5, tries=3, backoff=0.01, concurrency=2))
    assert len(summary.loaded.new) == 5
    assert asyncio.get_running_loop().time() - began < 20


async def test_the_server_is_waited_for_as_it_asks(database: Database, ptv: Ptv) -> None:
    ptv.times(1, ptv_server.too_many, "/Service/list", page="1")
    async with Fetcher(ptv.url, QUICK) as fetcher:
        began = asyncio.get_running_loop().time()
        await fetcher.get("Service/list/area/WellbeingServiceCounties/code/19", {"page": "1"})
    assert asyncio.get_running_loop().time() - began >= 0.2  # Retry-After, though the backoff is ten milliseconds


async def test_the_api_is_never_asked_more_at_a_time_than_is_polite(database: Database, ptv: Ptv) -> None:
    running, most = 0, 0

    async def counted(_request: web.Request) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    ptv.put(*(ptv_service(number, f"Palvelu {number}") for number in range(6, 20)))
    ptv.times(99, counted)
    await bring(database, ptv)
    assert most == 2


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (404, {"errorMessage": "Area with code was not found."}, "Area with code was not found."),
        (400, {"page": ["The value 'x' is not valid."]}, "page: The value 'x' is not valid."),
        (400, ["odd"], "odd"),
    ],
)
async def test_what_the_api_refuses_is_told_in_its_own_words_and_not_asked_again(
    database: Database, ptv: Ptv, status: int, body: Any, says: str
) -> None:
    ptv.times(9, ptv_server.says(body, status), "/Service/list")
    with pytest.raises(Refused, match=says):
        await bring(database, ptv)
    assert ptv.pages_asked() == ["1"]
    known = await sources.status(database, "ptv")
    assert says in (known.error or "")


async def test_another_area_is_named_in_the_error(database: Database, ptv: Ptv) -> None:
    with pytest.raises(Refused, match="404"):
        await bring(database, ptv, area="99")


@on_both
async def test_a_reading_that_broke_off_goes_on_where_it_was(database: Database, ptv: Ptv) -> None:
    ptv.times(3, ptv_server.broken, "/Service/list", page="3")
    with pytest.raises(Unreachable, match="status 500"):
        await bring(database, ptv)
    assert await stored(database) == {}
    before = len(ptv.asked)
    summary = await bring(database, ptv)
    assert summary.resumed
    assert len(summary.loaded.new) == 5
    pages = [query["page"] for path, query in ptv.asked[before:] if "/Service/list/area" in path]
    assert pages == ["3"]


async def test_pages_kept_for_too_long_are_read_again(
    database: Database, ptv: Ptv, monkeypatch: pytest.MonkeyPatch
) -> None:
    ptv.times(3, ptv_server.broken, "/Service/list", page="3")
    with pytest.raises(Unreachable):
        await bring(database, ptv)
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    ptv.asked.clear()
    assert not (await bring(database, ptv)).resumed
    assert sorted(ptv.pages_asked()) == ["1", "2", "3"]


@on_both
async def test_pages_that_are_unchanged_are_not_sent_again(database: Database, ptv: Ptv) -> None:
    ptv.etags = True
    await bring(database, ptv)
    ptv.put(ptv_service(5, "Perheasioiden sovittelu", modified="2026-02-01T10:00:00"))
    statuses: list[int] = []

    async def note(request: web.Request) -> None:
        statuses.append(1 if "If-None-Match" in request.headers else 0)

    ptv.times(99, note, "/list/area")
    summary = await bring(database, ptv)
    assert summary.loaded.changed == (guid(5),)
    assert statuses == [1] * len(statuses)
    assert len(await stored(database)) == 5


async def test_an_area_without_services_is_an_empty_page_of_null(database: Database) -> None:
    async with playing(Ptv()) as empty:
        summary = await bring(database, empty)
    assert summary.loaded.new == ()
    assert (await sources.status(database, "ptv")).error is None


@pytest.mark.parametrize(
    "body", [[], {"services": []}, {"itemList": {}, "pageCount": 1}, {"itemList": [], "pageCount": "1"}]
)
async def test_an_answer_that_is_no_page_fails_and_families_keep_what_they_had(
    database: Database, ptv: Ptv, body: Any
) -> None:
    await bring(database, ptv)
    ptv.times(1, ptv_server.says(body), "/Service/list")
    with pytest.raises(SourceError, match="not a page"):
        await bring(database, ptv)
    assert len(await stored(database)) == 5
    known = await sources.status(database, "ptv")
    assert "not a page" in (known.error or "")
    assert known.succeeded_at is not None


async def test_a_page_count_that_changes_while_reading_starts_the_reading_again(database: Database, ptv: Ptv) -> None:
    async def grow(_request: web.Request) -> None:
        ptv.put(*(ptv_service(number, f"Uusi {number}") for number in (6, 7, 8)))

    ptv.times(1, grow, "/Service/list", page="2")
    summary = await bring(database, ptv)
    assert not summary.moved
    assert len(await stored(database)) == 8


async def test_a_catalogue_that_never_stands_still_loses_nothing(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    number = 5

    async def grow(_request: web.Request) -> None:
        nonlocal number
        number += 2
        ptv.put(ptv_service(number, f"Uusi {number}"), ptv_service(number + 1, f"Uusi {number + 1}"))

    del ptv.services[guid(4)]
    ptv.times(99, grow, "/Service/list", page="2")
    summary = await bring(database, ptv)
    assert summary.moved
    assert summary.loaded.gone == ()
    assert guid(4) in await stored(database)


@on_both
async def test_bad_records_are_set_aside_with_the_reason_and_stop_no_other(database: Database, ptv: Ptv) -> None:
    ptv.page_size = 4
    ptv.put(
        ptv_service(11, "Ei nimeä", serviceNames=[]),
        ptv_service(12, "Ei aluetta", areas=None),
        ptv_service(13, "Outo", serviceChannels="none"),
        ptv_service(14, "Outo alue", areas=[{"type": "Moon", "code": "1"}]),
    )
    ptv.services["no id"] = {**ptv_service(15, "Tunnisteeton"), "id": None}
    ptv.services["text"] = {"publishingStatus": "Published", "id": "x" * 200}
    summary = await bring(database, ptv)
    assert len(summary.loaded.new) == 5
    reasons = {reason for _, reason in summary.loaded.aside}
    assert {"no name", "it is not told where it is served", "serviceChannels is not a list"} <= reasons
    assert {"unknown area type Moon", "no id", "its id is too long"} <= reasons
    known = await sources.status(database, "ptv")
    assert known.counts["aside"] == len(summary.loaded.aside) == 6
    assert [guid(11), "no name"] in [list(each) for each in known.aside]


async def test_an_id_that_comes_twice_is_one_service_in_its_later_words(database: Database, ptv: Ptv) -> None:
    ptv.services["twin"] = ptv_service(1, "Perheneuvola, uusi nimi", modified="2026-03-01T10:00:00")
    ptv.services["old twin"] = ptv_service(2, "Turvakoti, vanha nimi", modified="2025-01-01T10:00:00")
    assert len((await bring(database, ptv)).loaded.new) == 5
    services = await stored(database)
    assert services[guid(1)].names["fi"] == "Perheneuvola, uusi nimi"
    assert services[guid(2)].names["fi"] == "Turvakoti"


async def test_organisations_that_chose_the_same_source_id_do_not_collide(database: Database, ptv: Ptv) -> None:
    ptv.put(ptv_service(6, "Yksi", sourceId="1"), ptv_service(7, "Toinen", sourceId="1"))
    assert len((await bring(database, ptv)).loaded.new) == 7


async def test_a_channel_of_no_area_is_fetched_by_its_id_and_a_zero_one_is_never_asked_for(
    database: Database, ptv: Ptv
) -> None:
    own = ptv_channel(9, "403456789", publishingStatus="Published")
    ptv.put(ptv_service(6, "Lastenvalvoja", own["id"], ptv_server.ZERO, "not-a-guid"))
    ptv.page_size = 100

    async def unlisted(request: web.Request) -> web.Response | None:
        if "/ServiceChannel/list/area" in request.path:
            listed = [each for each in ptv.channels.values() if each["id"] != own["id"]]
            return web.json_response(ptv_server.page(listed, 1, 100))
        return None

    ptv.put(own)
    ptv.trouble.append(unlisted)
    summary = await bring(database, ptv)
    assert [channel.tel for channel in (await stored(database))[guid(6)].channels] == ["+358403456789"]
    assert not any(ptv_server.ZERO in query.get("guids", "") for _, query in ptv.asked)
    assert {label for label, _ in summary.loaded.aside} == {ptv_server.ZERO, "not-a-guid"}


async def test_one_id_that_breaks_the_server_costs_only_itself(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    for number in (1, 2, 3):
        ptv.put(ptv_service(number, f"Muuttunut {number}", modified="2099-01-01T10:00:00"))

    async def poison(request: web.Request) -> web.Response | None:
        if guid(2) in request.query.get("guids", ""):
            return web.Response(status=500, text="")
        return None

    ptv.trouble.append(poison)
    summary = await bring(database, ptv, full=False)
    assert set(summary.loaded.changed) == {guid(1), guid(3)}
    assert [label for label, _ in summary.loaded.aside] == [guid(2)]
    assert (await stored(database))[guid(2)].names["fi"] == "Turvakoti"


@on_both
async def test_changes_are_asked_for_by_date_and_only_they_are_read(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    ptv.asked.clear()
    ptv.put(ptv_service(3, "Uusi neuvola", modified="2099-01-01T10:00:00"))
    ptv.put(ptv_service(6, "Perhekahvila", modified="2099-01-01T10:00:00"))
    elsewhere = [{"type": "Municipality", "code": None, "municipalities": [{"code": "091", "name": None}]}]
    ptv.put(ptv_service(7, "Helsingin neuvola", modified="2099-01-01T10:00:00", areas=elsewhere))
    summary = await bring(database, ptv, full=False)
    assert (summary.loaded.new, summary.loaded.changed, summary.loaded.gone) == ((guid(6),), (guid(3),), ())
    assert ptv.pages_asked() == []
    since = next(query["date"] for path, query in ptv.asked if path == "/api/v11/Service")
    assert datetime.strptime(since, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC) < clock.now()
    assert guid(7) not in await stored(database)


@on_both
async def test_a_changed_channel_renews_the_services_that_refer_to_it(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    ptv.put(ptv_channel(1, "409999999", modified="2099-01-01T10:00:00"))
    summary = await bring(database, ptv, full=False)
    assert summary.loaded.changed == (guid(1),)
    assert [channel.tel for channel in (await stored(database))[guid(1)].channels] == ["+358409999999"]


@pytest.mark.parametrize("status", ["Archived", "Withdrawn"])
async def test_what_is_archived_or_withdrawn_is_out_of_answers_at_once(
    database: Database, ptv: Ptv, status: str
) -> None:
    await bring(database, ptv)
    catalogue = Catalogue(database)
    assert (await catalogue.search("turvakoti", language="fi"))[0].service.id == guid(2)
    ptv.put(ptv_service(2, "Turvakoti", publishingStatus=status, modified="2099-01-01T10:00:00"))
    ptv.put(ptv_channel(1, "401234567", publishingStatus=status, modified="2099-01-01T10:00:00"))
    summary = await bring(database, ptv, full=False)
    assert summary.loaded.gone == (guid(2),)
    assert guid(2) not in [each.service.id for each in await catalogue.search("turvakoti", language="fi", limit=50)]
    assert await catalogue.get(guid(2)) is None
    service = await catalogue.get(guid(1))
    assert service is not None
    assert service.channels == ()  # its phone channel is closed: no family is sent there


async def test_what_is_deleted_leaves_with_the_next_full_reading(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    del ptv.services[guid(3)]
    assert (await bring(database, ptv)).loaded.gone == (guid(3),)
    assert await Catalogue(database).get(guid(3)) is None


async def test_what_leaves_is_out_of_answers_before_the_embeddings_of_what_is_new_are_made(
    database: Database, ptv: Ptv, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bring(database, ptv)
    catalogue = Catalogue(database)
    await catalogue.load()
    loop, answers = asyncio.get_running_loop(), []
    embed = embedding.embed_passages

    def slowly(texts: Any) -> Any:
        answers.append(asyncio.run_coroutine_threadsafe(catalogue.get(guid(2)), loop).result())
        return embed(texts)

    monkeypatch.setattr(embedding, "embed_passages", slowly)
    del ptv.services[guid(2)]
    ptv.put(ptv_service(6, "Perhekahvila"))
    await bring(database, ptv)
    assert answers == [None]


async def test_texts_of_the_general_description_stay_where_the_api_gives_changes_without_them(
    database: Database, ptv: Ptv
) -> None:
    def described(name: str, modified: str) -> Any:
        record = ptv_service(3, name, modified=modified, generalDescriptionId=guid(1, 7))
        general = {"language": "sv", "type": "GD_Description", "value": "Allmän beskrivning."}
        return {**record, "serviceDescriptions": [*record["serviceDescriptions"], general]}

    ptv.put(described("Neuvola", "2026-01-01T10:00:00"))
    await bring(database, ptv)
    ptv.put(described("Uusi neuvola", "2099-01-01T10:00:00"))
    ptv.general_call = False
    assert (await bring(database, ptv, full=False)).loaded.changed == (guid(3),)
    assert (await stored(database))[guid(3)].descriptions["sv"] == "Allmän beskrivning."


async def test_a_failed_refresh_keeps_the_old_services_and_says_why(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    good = await sources.status(database, "ptv")
    ptv.times(99, ptv_server.broken)
    with pytest.raises(Unreachable):
        await bring(database, ptv)
    assert len(await stored(database)) == 5
    known = await sources.status(database, "ptv")
    assert "500" in (known.error or "")
    assert known.succeeded_at == good.succeeded_at
    ptv.trouble.clear()
    await bring(database, ptv, full=False)
    assert (await sources.status(database, "ptv")).error is None


async def test_a_catalogue_that_shrank_is_not_believed_unless_a_person_says_so(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    for number in (1, 2, 3):
        del ptv.services[guid(number)]
    with pytest.raises(Shrunk, match="2 services where there were 5"):
        await bring(database, ptv)
    assert len(await stored(database)) == 5
    ptv.put(ptv_service(1, "Perheneuvola"), ptv_service(2, "Turvakoti"))
    assert (await bring(database, ptv)).loaded.gone == (guid(3),)  # read anew, not taken from the disbelieved pages
    del ptv.services[guid(1)], ptv.services[guid(2)]
    assert len((await bring(database, ptv, force=True)).loaded.gone) == 2


async def test_changes_during_a_broken_full_reading_are_not_taken_for_gone(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    ptv.times(3, ptv_server.broken, "/Service/list", page="3")
    with pytest.raises(Unreachable):
        await bring(database, ptv)
    ptv.put(ptv_service(3, "Neuvola muuttui", modified="2099-01-01T10:00:00"))
    ptv.put(ptv_service(8, "Perhekahvila", modified="2099-01-01T10:00:00"))
    await bring(database, ptv, full=False)
    summary = await bring(database, ptv)
    assert summary.resumed
    assert summary.loaded.gone == ()
    assert {guid(3), guid(8)} <= (await stored(database)).keys()


@on_both
async def test_only_one_of_many_processes_refreshes(database: Database, ptv: Ptv) -> None:
    other = Database(database.url, database.box)
    try:
        ptv.times(1, ptv_server.slow(0.5), "/Service/list", page="1")
        results = await asyncio.gather(bring(database, ptv), bring(other, ptv), return_exceptions=True)
    finally:
        await other.close()
    assert sorted(type(each).__name__ for each in results) == ["Busy", "Summary"]
    assert ptv.pages_asked().count("1") == 1


@on_both
async def test_the_lease_of_a_process_that_died_ends(database: Database, ptv: Ptv) -> None:
    await bring(database, ptv)
    async with database.write() as session:
        dead = {"lease_owner": "a dead process", "lease_until": clock.now() + timedelta(minutes=1)}
        await session.execute(update(CatalogueSourceRow).values(**dead))
    with pytest.raises(sources.Busy):
        await bring(database, ptv)
    async with database.write() as session:
        await session.execute(update(CatalogueSourceRow).values(lease_until=clock.now() - timedelta(seconds=1)))
    await bring(database, ptv)


async def test_missing_languages_hours_over_midnight_and_coordinates_reach_the_family(
    database: Database, ptv: Ptv
) -> None:
    """The API writes EPSG:3067 metres; Oulu's market square lies at about 65.013 N, 25.465 E."""
    place = {
        **ptv_channel(5, "401112222"),
        "serviceChannelType": "ServiceLocation",
        "serviceChannelNames": [{"language": "sv", "type": "Name", "value": "Jouren"}],
        "addresses": [
            {
                "type": "Location",
                "streetAddress": {
                    "street": [{"language": "fi", "value": "Testikatu"}],
                    "streetNumber": "1",
                    "postalCode": "90100",
                    "postOffice": [{"language": "fi", "value": "OULU"}],
                    "municipality": {"code": "564", "name": None},
                    "latitude": "7211000",
                    "longitude": "427600",
                    "coordinateState": "Ok",
                },
            }
        ],
        "serviceHours": [
            {
                "serviceHourType": "OverMidnight",
                "isClosed": False,
                "isAlwaysOpen": False,
                "openingHour": [{"dayFrom": "Friday", "dayTo": "Saturday", "from": "20:00:00", "to": "04:00:00"}],
            },
            {
                "serviceHourType": "Exceptional",
                "validFrom": "2026-12-23T22:00:00",
                "validTo": "2026-12-25T22:00:00",
                "isClosed": True,
                "openingHour": [],
            },
        ],
    }
    names = [
        {"language": "sv", "type": "Name", "value": "Familjejouren"},
        {"language": "fi", "type": "Name", "value": None},
    ]
    ptv.put(place, ptv_service(6, "x", guid(5, 2), serviceNames=names))
    await bring(database, ptv)
    service = (await stored(database))[guid(6)]
    assert service.names == {"sv": "Familjejouren"}
    location = next(channel for channel in service.channels if channel.kind == "location")
    assert (round(location.lat or 0, 2), round(location.lon or 0, 2)) == (65.01, 25.46)
    night, holiday = location.hours
    assert (night.opens, night.closes, night.first_day) == ("20:00", "04:00", 4)
    assert holiday.closed
    assert holiday.exceptional
    card = (await Catalogue(database).search("familjejouren", language="ar"))[0].card("ar")
    assert card["name"] == "Familjejouren"


@pytest.mark.skipif(not SAMPLES.exists(), reason="the samples are not here")
async def test_the_apis_own_records_of_2020_are_read(database: Database) -> None:
    record = json.loads((SAMPLES / "ptv_v11_records" / "etalukio_service.json").read_text(encoding="utf-8"))
    channel = json.loads((SAMPLES / "ptv_v11_records" / "otava_service_channel.json").read_text(encoding="utf-8"))
    served = Ptv(page_size=100)
    linked = {"serviceChannel": {"id": channel["id"], "name": "Otavia"}}
    served.put({**record, "publishingStatus": "Published", "serviceChannels": [linked]}, channel)
    async with playing(served):
        summary = await bring(database, served)
    assert summary.loaded.aside == ()
    (service,) = (await stored(database)).values()
    assert any(each.tel == "+358447943552" for each in service.channels)
