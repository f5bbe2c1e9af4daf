"""PTV's API v12, provisional: a beta that needs a key, and whose records nobody here has seen yet.

Kept apart from v11 so that nothing depends on it. Known: the base address, the header `x-api-key`, and the calls
`service/search`, `service-channel/search`, `connection/search` (docs/decisions/0010). ASSUMED until a key is at hand:
GET with `page`, pages as in v11, records as in v11 (with v11's own `serviceChannels` or joined by `connection`).
A record of another shape is set aside with the reason; pages of another shape end the reading, and families keep what
they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bot.catalogue.http import Fetcher, SourceError
from bot.catalogue.ptv_api import Changes, Listing, page_of, record_fault
from bot.catalogue.records import Kind, Raw, Records
from bot.catalogue.store import Progress

BASE = "https://api-gw.palvelutietovaranto.suomi.fi/api/v12"
SOURCE = "ptv12"


def key_header(key: str) -> dict[str, str]:
    """The header that opens the API."""
    return {"x-api-key": key}


class Ptv12Api:
    """Reads everything; changes alone cannot be asked for as far as is known."""

    source = SOURCE
    nationwide = True

    def __init__(self, fetcher: Fetcher, records: Records, area: str = "19") -> None:
        self._fetcher = fetcher
        self._records = records
        self.area = area

    async def read_all(self, run: str, progress: Progress) -> Listing:
        """Reads all services, channels and connections of the country; the parser keeps those that serve the area."""
        listing = Listing()
        links: dict[str, list[Raw]] = {}
        for row in await self._rows("connection/search", listing, progress):
            pair = _ends(row)
            if pair:
                links.setdefault(pair[0], []).append({**row, "serviceChannel": {"id": pair[1]}})
        for kind, path in (("service", "service/search"), ("channel", "service-channel/search")):
            records: dict[str, Raw] = {}
            for row in await self._rows(path, listing, progress):
                fault = record_fault(row)
                if fault:
                    listing.aside.append((path, fault))
                    continue
                if kind == "service" and "serviceChannels" not in row:
                    row = {**row, "serviceChannels": links.get(row["id"], [])}
                records[row["id"]] = row
            kept: Kind = "service" if kind == "service" else "channel"
            await self._records.put(kept, run, records)
        return listing

    async def read_changes(self, since: datetime, run: str, progress: Progress) -> Changes:
        """Not known to be possible."""
        raise SourceError("PTV v12: asking for changes only is not known yet; import in full")

    async def _rows(self, path: str, listing: Listing, progress: Progress) -> list[Any]:
        rows: list[Any] = []
        number, pages = 1, 1
        while number <= pages:
            answer = await self._fetcher.get(path, {"page": str(number)})
            items, count = page_of(answer.data, f"{path}, page {number}")
            listing.moved |= number > 1 and count != pages
            pages = max(pages, count)
            rows += items
            progress(f"{path} pages", number, pages)
            number += 1
        return rows


def _ends(row: Any) -> tuple[str, str] | None:
    """(service id, channel id) of a connection."""
    if not isinstance(row, Mapping):
        return None
    ends = []
    for name in ("service", "serviceChannel"):
        inner = row.get(name)
        id_ = row.get(f"{name}Id") or (inner.get("id") if isinstance(inner, Mapping) else None)
        if not isinstance(id_, str):
            return None
        ends.append(id_)
    return ends[0], ends[1]
