"""A real aiohttp server that plays PTV's open API v11, with the API's own shapes, and all the trouble it can make.

Trouble is a list of functions, asked in order at each request: the first that answers wins, and one that returns None
lets the request through. `Trouble.times` makes one that happens a number of times.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

Happening = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
ZERO = "00000000-0000-0000-0000-000000000000"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


def guid(number: int, kind: int = 1) -> str:
    """A GUID that tells what it is."""
    return f"{kind:08d}-0000-4000-8000-{number:012d}"


def ptv_service(
    number: int, fi: str, *channels: str, modified: str = "2026-01-01T10:00:00.1234567", **more: Any
) -> Any:
    """A service record as the API writes it, nulls included."""
    return {
        "id": guid(number),
        "sourceId": None,
        "generalDescriptionId": None,
        "subType": None,
        "type": "Service",
        "fundingType": "PubliclyFunded",
        "serviceNames": [{"language": "fi", "value": fi, "type": "Name"}],
        "serviceChargeType": "FreeOfCharge",
        "areaType": "LimitedType",
        "areas": [{"type": "WellbeingServiceCounties", "code": "19", "name": None, "municipalities": None}],
        "serviceDescriptions": [
            {"language": "fi", "value": f"{fi} auttaa perhettä.", "type": "Summary"},
            {"language": "fi", "value": f"{fi}: pidempi kuvaus.", "type": "Description"},
        ],
        "languages": ["fi"],
        "serviceClasses": [
            {"name": [], "code": "P3.7", "uri": "http://uri.suomi.fi/codelist/ptv/ptvserclass2/code/P3.7"}
        ],
        "ontologyTerms": [],
        "targetGroups": [{"name": [], "code": "KR1.2"}],
        "lifeEvents": [],
        "industrialClasses": [],
        "keywords": None,
        "serviceChannels": [
            {"serviceChannel": {"id": id_, "name": "Kanava"}, "serviceHours": [], "contactDetails": None}
            for id_ in channels
        ],
        "organizations": [
            {"organization": {"id": guid(1, 9), "name": "Pohde"}, "roleType": "Responsible", "provisionType": None}
        ],
        "publishingStatus": "Published",
        "modified": modified,
        **more,
    }


def ptv_channel(number: int, phone: str, *, modified: str = "2026-01-01T10:00:00", **more: Any) -> Any:
    """A phone channel as the API writes it; the number is made up."""
    return {
        "id": guid(number, 2),
        "serviceChannelType": "Phone",
        "serviceChannelNames": [{"language": "fi", "value": "Ajanvaraus", "type": "Name"}],
        "areaType": "Nationwide",
        "areas": [],
        "phoneNumbers": [
            {
                "type": "Phone",
                "prefixNumber": "+358",
                "isFinnishServiceNumber": False,
                "number": phone,
                "serviceChargeType": "Chargeable",
                "language": "fi",
            }
        ],
        "languages": ["fi"],
        "serviceHours": [],
        "publishingStatus": "Published",
        "modified": modified,
        **more,
    }


@dataclass
class Ptv:
    """What the server holds and how it behaves. `asked`: (path, query) of every request, in order."""

    services: dict[str, Any] = field(default_factory=dict)
    channels: dict[str, Any] = field(default_factory=dict)
    page_size: int = 2
    etags: bool = False
    general_call: bool = True
    trouble: list[Happening] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def put(self, *records: Any) -> None:
        """Adds or replaces records."""
        for record in records:
            kind = self.channels if "serviceChannelType" in record else self.services
            kind[record["id"]] = record

    def times(self, count: int, happening: Happening, path: str = "", **query: str) -> None:
        """`happening` at the next `count` requests whose path holds `path` and whose query holds `query`."""
        left = Counter({"left": count})

        async def once(request: web.Request) -> web.StreamResponse | None:
            fits = path in request.path and all(request.query.get(key) == value for key, value in query.items())
            if not fits or not left["left"]:
                return None
            left["left"] -= 1
            return await happening(request)

        self.trouble.append(once)

    def pages_asked(self, kind: str = "Service") -> list[str]:
        """Page numbers asked of the area's list, in order."""
        return [query["page"] for path, query in self.asked if path.startswith(f"/api/v11/{kind}/list/area")]


def page(items: list[Any], number: int, size: int, count: int | None = None) -> dict[str, Any]:
    """A page as the API gives it: null for no items."""
    pages = -(-len(items) // size) if count is None else count
    some = items[(number - 1) * size : number * size]
    return {"pageNumber": number, "pageSize": size, "pageCount": pages, "itemList": some or None}


@asynccontextmanager
async def playing(ptv: Ptv) -> AsyncIterator[Ptv]:
    """Serves until the end; `ptv.url` is the base address."""
    app = web.Application(middlewares=[_trouble(ptv)])
    for kind, records in (("Service", ptv.services), ("ServiceChannel", ptv.channels)):
        app.router.add_get(f"/api/v11/{kind}/list/area/{{area}}/code/{{code}}", _area(ptv, records))
        app.router.add_get(f"/api/v11/{kind}/list", _by_guids(records))
        app.router.add_get(f"/api/v11/{kind}", _ids(ptv, records))
    app.router.add_get("/api/v11/Service/serviceWithGD/list", _general(ptv))
    server = TestServer(app)
    await server.start_server()
    ptv.url = str(server.make_url("/api/v11"))
    try:
        yield ptv
    finally:
        await server.close()


def _trouble(ptv: Ptv) -> Any:
    @web.middleware
    async def middleware(request: web.Request, handler: Any) -> web.StreamResponse:
        ptv.asked.append((request.path, dict(request.query)))
        for happening in ptv.trouble:
            answer = await happening(request)
            if answer is not None:
                return answer
        answered: web.StreamResponse = await handler(request)
        return answered

    return middleware


def _area(ptv: Ptv, records: dict[str, Any]) -> Any:
    async def handler(request: web.Request) -> web.Response:
        if request.match_info["area"] != "WellbeingServiceCounties" or request.match_info["code"] != "19":
            return web.json_response({"errorMessage": "Area with code was not found."}, status=404)
        number = int(request.query.get("page", "1"))
        items = [each for each in records.values() if each.get("publishingStatus") == "Published"]
        if request.query.get("serviceWithGD") != "true":
            items = [_without_general(each) for each in items]
        body = json.dumps(page(items, number, ptv.page_size))
        headers = {}
        if ptv.etags:
            headers["ETag"] = f'"{uuid.uuid5(uuid.NAMESPACE_URL, body)}"'
            if request.headers.get("If-None-Match") == headers["ETag"]:
                return web.Response(status=304, headers=headers)
        return web.Response(text=body, content_type="application/json", headers=headers)

    return handler


def _by_guids(records: dict[str, Any], general: bool = False) -> Any:
    async def handler(request: web.Request) -> web.Response:
        guids = request.query.get("guids", "").split(",")
        if ZERO in guids:
            return web.Response(status=500, text="")
        if len(guids) > 100:
            return web.json_response({"guids": ["Max 100 guids can be added."]}, status=400)
        bad = [each for each in guids if len(each) != 36]
        if bad:
            words = "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)."
            return web.json_response({"guids": [words]}, status=400)
        found = [records[id_] for id_ in guids if id_ in records]
        shown = [each for each in found if each.get("publishingStatus") == "Published"]
        return web.json_response(shown if general else [_without_general(each) for each in shown])

    return handler


def _general(ptv: Ptv) -> Any:
    async def handler(request: web.Request) -> web.Response:
        if not ptv.general_call:
            return web.json_response({"errorMessage": "Not found."}, status=404)
        answer: web.Response = await _by_guids(ptv.services, general=True)(request)
        return answer

    return handler


def _ids(ptv: Ptv, records: dict[str, Any]) -> Any:
    async def handler(request: web.Request) -> web.Response:
        since = request.query.get("date", "")
        try:
            datetime.strptime(since, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007  # the API takes no zone
        except ValueError:
            words = [f"The value '{since}' is not valid for Nullable`1.", "The date parameter is invalid."]
            return web.json_response({"date": words}, status=400)
        status = request.query.get("status", "Published")
        items = [
            {"id": each["id"], "name": "x"}
            for each in records.values()
            if each.get("publishingStatus") == status and each["modified"] >= since
        ]
        return web.json_response(page(items, int(request.query.get("page", "1")), ptv.page_size))

    return handler


def _without_general(record: Any) -> Any:
    rows = record.get("serviceDescriptions")
    if not isinstance(rows, list):
        return record
    return {**record, "serviceDescriptions": [row for row in rows if not row["type"].startswith("GD_")]}


# --- trouble -------------------------------------------------------------------------------------------------------


async def html(_request: web.Request) -> web.Response:
    """A maintenance page with status 200."""
    return web.Response(text="<html><body>Huoltokatko</body></html>", content_type="text/html")


async def too_many(_request: web.Request) -> web.Response:
    """429, asking to wait."""
    return web.Response(status=429, headers={"Retry-After": "0.2"})


async def broken(_request: web.Request) -> web.Response:
    """500."""
    return web.Response(status=500, text="")


async def cut(request: web.Request) -> web.StreamResponse:
    """Half a page, then the connection is gone."""
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"pageNumber": 1, "pageCount": 3, "itemList": [{"id"')
    if request.transport is not None:
        request.transport.close()
    return response


def slow(seconds: float) -> Happening:
    """Lets the request through late."""

    async def happening(_request: web.Request) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(seconds)

    return happening


def says(body: Any, status: int = 200) -> Happening:
    """This JSON."""

    async def happening(_request: web.Request) -> web.Response:
        return web.json_response(body, status=status)

    return happening


def ids_of(records: Iterable[Any]) -> set[str]:
    """Ids of records."""
    return {record["id"] for record in records}
