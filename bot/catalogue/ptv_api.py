"""Reads the open API v11 of the Finnish Service Catalogue (PTV) into bot.catalogue.records.

All of an area, page by page, or only what changed since a moment. The API's oddities are met here: `itemList` null
where a page is empty, 500 for a GUID of zeros, page counts that change while one reads, ids that come twice, lists of
at most 100 GUIDs. What a record means is bot.catalogue.ptv11's business.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.catalogue.http import Fetcher, Refused, SourceError, Unreachable
from bot.catalogue.records import ID_LENGTH, Kind, Raw, Records
from bot.catalogue.store import Progress

BASE = "https://api.palvelutietovaranto.suomi.fi/api/v11"
"""The public address; no login to read."""
GUIDS = 100
_ZERO = "00000000-0000-0000-0000-000000000000"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PATHS: dict[Kind, str] = {"service": "Service", "channel": "ServiceChannel"}
_HIDDEN = ("Archived", "Withdrawn")
Aside = list[tuple[str, str]]


@dataclass
class Listing:
    """What a full reading met. `moved`: the number of pages changed while it was read, so some may be missing."""

    moved: bool = False
    aside: Aside = field(default_factory=list)


@dataclass
class Changes:
    """Ids of what changed since a moment. `hidden`: archived, withdrawn, or no longer given out."""

    services: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)
    channels: set[str] = field(default_factory=set)
    channels_hidden: set[str] = field(default_factory=set)
    aside: Aside = field(default_factory=list)


class PtvApi:
    """PTV v11 for one wellbeing services county (`area`), services of the whole country included."""

    source = "ptv"
    nationwide = False

    def __init__(self, fetcher: Fetcher, records: Records, area: str = "19") -> None:
        self._fetcher = fetcher
        self._records = records
        self.area = area

    async def read_all(self, run: str, progress: Progress) -> Listing:
        """Reads every service and channel of the area; pages that `run` has read before are not read again."""
        listing = Listing()
        place = f"list/area/WellbeingServiceCounties/code/{self.area}"
        nationwide = {"includeWholeCountry": "true"}
        await self._pages("service", place, nationwide | {"serviceWithGD": "true"}, run, listing, progress)
        await self._pages("channel", place, nationwide, run, listing, progress)
        # A service of the area may refer to a channel that is listed for no area.
        links = await self._records.links()
        wanted = {id_ for linked in links.values() for id_ in linked} - await self._records.ids("channel")
        if wanted:
            found, asides = await self._by_ids("channel", "ServiceChannel/list", sorted(wanted))
            listing.aside += asides
            await self._records.put("channel", run, found)
        return listing

    async def _pages(
        self,
        kind: Kind,
        path: str,
        params: Mapping[str, str],
        run: str,
        listing: Listing,
        progress: Progress,
    ) -> None:
        address = f"{_PATHS[kind]}/{path}"
        total = await self._page(kind, address, params, 1, run, listing)
        read = 1
        progress(f"{kind} pages", read, total)
        while read < total:
            some = range(read + 1, min(total, read + 2 * self._fetcher.patience.concurrency) + 1)
            counts = await asyncio.gather(
                *(self._page(kind, address, params, number, run, listing) for number in some),
                return_exceptions=True,
            )
            # All of these have ended before one's failure is told: what came is kept for the next try.
            for count in counts:
                if isinstance(count, BaseException):
                    raise count
                if count != total:
                    listing.moved, total = True, max(total, count)
            read = some[-1]
            progress(f"{kind} pages", min(read, total), total)

    async def _page(
        self, kind: Kind, path: str, params: Mapping[str, str], number: int, run: str, listing: Listing
    ) -> int:
        """Reads a page into the records; returns how many pages there are."""
        address = f"{self._fetcher.base}/{path}?page={number}"[-300:]
        known = await self._records.page(address)
        if known and known.run == run:
            return known.pages
        full = {**params, "page": str(number)}
        answer = await self._fetcher.get(path, full, known.etag if known else None)
        if answer.unchanged and known:
            if await self._records.same_page(kind, run, address, known):
                return known.pages
            answer = await self._fetcher.get(path, full)
        items, pages = page_of(answer.data, f"{path}, page {number}")
        records: dict[str, Raw] = {}
        for item in items:
            fault = record_fault(item)
            if fault:
                listing.aside.append((f"{path}, page {number}", fault))
                continue
            twin = records.get(item["id"])
            if twin is None or str(item.get("modified") or "") >= str(twin.get("modified") or ""):
                records[item["id"]] = item
        await self._records.put_page(kind, run, address, answer.etag, pages, records)
        return pages

    async def read_changes(self, since: datetime, run: str, progress: Progress) -> Changes:
        """Reads what changed since `since` and stores its records; what is hidden is dropped from them."""
        changes = Changes()
        for kind, path in _PATHS.items():
            published = await self._ids(path, since, "Published")
            hidden: set[str] = set()
            for status in _HIDDEN:
                hidden |= await self._ids(path, since, status)
            progress(f"changed {kind}s", 0, len(published))
            known = await self._records.ids(kind)
            # An archived version may stand beside a newer published one: published wins.
            hidden = (hidden - published) & known
            wanted = published
            if kind == "channel":
                linked = {id_ for ids in (await self._records.links()).values() for id_ in ids}
                wanted = (published & known) | (linked - known - hidden)
            found, asides = await self._changed(kind, sorted(wanted))
            changes.aside += asides
            unread = {label for label, _ in asides}
            hidden |= (published & known) - found.keys() - unread
            await self._records.put(kind, run, found)
            await self._records.drop(kind, hidden)
            progress(f"changed {kind}s", len(published), len(published))
            if kind == "service":
                changes.services, changes.hidden = set(found), hidden
            else:
                changes.channels, changes.channels_hidden = set(found), hidden
        return changes

    async def _changed(self, kind: Kind, ids: Sequence[str]) -> tuple[dict[str, Raw], Aside]:
        if kind == "channel":
            return await self._by_ids(kind, "ServiceChannel/list", ids)
        try:
            return await self._by_ids(kind, "Service/serviceWithGD/list", ids, strict=True)
        except Refused:
            # Without that call the general description's texts do not come along: those we have stay.
            found, aside = await self._by_ids(kind, "Service/list", ids)
            before = await self._records.get(kind, found)
            return {id_: _with_general(record, before.get(id_)) for id_, record in found.items()}, aside

    async def _ids(self, path: str, since: datetime, status: str) -> set[str]:
        params = {"date": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "status": status}
        found: set[str] = set()
        number, pages = 1, 1
        while number <= pages:
            answer = await self._fetcher.get(path, {**params, "page": str(number)})
            items, pages = page_of(answer.data, f"{path}?status={status}, page {number}")
            found |= {item["id"] for item in items if isinstance(item, Mapping) and isinstance(item.get("id"), str)}
            number += 1
        return found

    async def _by_ids(
        self, kind: Kind, path: str, ids: Sequence[str], *, strict: bool = False
    ) -> tuple[dict[str, Raw], Aside]:
        """Full records by id; ids that the API cannot answer for are set aside. `strict`: 404 raises."""
        aside: Aside = [(id_, "no GUID") for id_ in ids if not _askable(id_)]
        good = [id_ for id_ in ids if _askable(id_)]
        found: dict[str, Raw] = {}
        for start in range(0, len(good), GUIDS):
            batch = good[start : start + GUIDS]
            await self._batch(path, batch, found, aside, strict, None)
            refused = {id_ for id_, _ in aside}
            if len(batch) > 1 and refused.issuperset(batch):
                raise SourceError(f"{path}: {aside[-1][1]}")  # not one bad id: the API itself is ill
        return found, aside

    async def _batch(
        self, path: str, ids: Sequence[str], found: dict[str, Raw], aside: Aside, strict: bool, tries: int | None
    ) -> None:
        try:
            answer = await self._fetcher.get(path, {"guids": ",".join(ids)}, tries=tries)
        except Refused as refused:
            if refused.status == 404 and not strict:
                return  # none of them is published
            if refused.status != 400 or strict:
                raise
            reason = str(refused)
        except Unreachable as unreachable:
            if unreachable.status != 500:
                raise
            reason = str(unreachable)
        else:
            items = answer.data if isinstance(answer.data, list) else [answer.data]
            wanted = set(ids)
            for item in items:
                if not record_fault(item) and item["id"] in wanted:
                    found[item["id"]] = item
            return
        if len(ids) == 1:
            aside.append((ids[0], reason))
            return
        # One of them breaks the server's answer for all: halve until it stands alone.
        middle = len(ids) // 2
        await self._batch(path, ids[:middle], found, aside, strict, 2)
        await self._batch(path, ids[middle:], found, aside, strict, 2)


def page_of(data: Any, where: str) -> tuple[list[Any], int]:
    """(items, number of pages) of a page; an empty one has null for its items."""
    if not isinstance(data, Mapping) or "itemList" not in data:
        raise SourceError(f"{where}: not a page of the catalogue")
    items, pages = data["itemList"], data.get("pageCount")
    if items is None:
        items = []
    if not isinstance(items, list) or not isinstance(pages, int) or isinstance(pages, bool) or pages < 0:
        raise SourceError(f"{where}: not a page of the catalogue")
    return items, pages


def record_fault(item: Any) -> str | None:
    """Why a record cannot be kept at all."""
    if not isinstance(item, Mapping):
        return "not an object"
    id_ = item.get("id")
    if not isinstance(id_, str) or not id_.strip():
        return "no id"
    return "its id is too long" if len(id_) > ID_LENGTH else None


def _askable(id_: str) -> bool:
    return bool(_GUID.fullmatch(id_)) and id_ != _ZERO


def _with_general(record: Raw, before: Raw | None) -> Raw:
    def texts(of: Raw | None) -> Iterable[Any]:
        rows = (of or {}).get("serviceDescriptions")
        return rows if isinstance(rows, list) else ()

    general = [row for row in texts(before) if isinstance(row, Mapping) and str(row.get("type", "")).startswith("GD_")]
    if not general or record.get("generalDescriptionId") != (before or {}).get("generalDescriptionId"):
        return record
    return {**record, "serviceDescriptions": [*texts(record), *general]}
