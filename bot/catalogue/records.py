"""Keeps a catalogue's own records as they came, and which pages of it a reading has seen.

With them a reading that broke off goes on where it was, a page that has not changed is not sent again (ETag), and a
changed channel renews the services that refer to it without asking for them. Knows kinds and ids, no other shape.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, select, update

from bot.storage.database import Database
from bot.storage.models import CataloguePageRow, CatalogueRecordRow

Kind = Literal["service", "channel"]
Raw = Mapping[str, Any]
_CHUNK = 400
ID_LENGTH = 80


@dataclass(frozen=True)
class SeenPage:
    """A page as it was read: `pages` is how many the catalogue said there are."""

    run: str
    etag: str | None
    pages: int
    ids: tuple[str, ...]


class Records:
    """The records of one catalogue."""

    def __init__(self, db: Database, source: str) -> None:
        self._db = db
        self._source = source

    async def page(self, address: str) -> SeenPage | None:
        """What is known of a page; None where it was never read."""
        async with self._db.read() as session:
            row = await session.get(CataloguePageRow, (self._source, address))
        return SeenPage(row.run, row.etag, row.pages, tuple(row.ids)) if row else None

    async def put_page(
        self, kind: Kind, run: str, address: str, etag: str | None, pages: int, records: Mapping[str, Raw]
    ) -> None:
        """Stores the records of a page, and that this run has read it."""
        await self.put(kind, run, records)
        async with self._db.write() as session:
            await session.merge(
                CataloguePageRow(
                    source=self._source, address=address, run=run, etag=etag, pages=pages, ids=list(records)
                )
            )

    async def same_page(self, kind: Kind, run: str, address: str, page: SeenPage) -> bool:
        """Marks the records of an unchanged page as seen by this run; False where some of them are not kept."""
        async with self._db.write() as session:
            seen = 0
            for some in _chunks(page.ids):
                done = await session.execute(
                    update(CatalogueRecordRow)
                    .where(
                        CatalogueRecordRow.source == self._source,
                        CatalogueRecordRow.kind == kind,
                        CatalogueRecordRow.id.in_(some),
                    )
                    .values(run=run)
                )
                seen += int(done.rowcount)  # type: ignore[attr-defined]
            if seen != len(page.ids):
                return False
            await session.execute(
                update(CataloguePageRow)
                .where(CataloguePageRow.source == self._source, CataloguePageRow.address == address)
                .values(run=run)
            )
        return True

    async def put(self, kind: Kind, run: str, records: Mapping[str, Raw]) -> None:
        """Stores records by id in place of earlier ones; of two that one run saw the later `modified` stays."""
        rows = await asyncio.to_thread(_rows, records)
        async with self._db.write() as session:
            for some in _chunks(rows):
                found = await session.scalars(
                    select(CatalogueRecordRow).where(
                        CatalogueRecordRow.source == self._source,
                        CatalogueRecordRow.kind == kind,
                        CatalogueRecordRow.id.in_(some),
                    )
                )
                known = {row.id: row for row in found}
                for id_ in some:
                    links, body = rows[id_]
                    row = known.get(id_)
                    if row is None:
                        session.add(
                            CatalogueRecordRow(source=self._source, kind=kind, id=id_, run=run, links=links, body=body)
                        )
                    elif not (row.run == run and _modified(_read(row.body)) > _modified(records[id_])):
                        row.run, row.links, row.body = run, links, body

    async def get(self, kind: Kind, ids: Iterable[str]) -> dict[str, Raw]:
        """The records with these ids, as far as they are kept."""
        found: dict[str, bytes] = {}
        async with self._db.read() as session:
            for some in _chunks(list(ids)):
                rows = await session.execute(
                    select(CatalogueRecordRow.id, CatalogueRecordRow.body).where(
                        CatalogueRecordRow.source == self._source,
                        CatalogueRecordRow.kind == kind,
                        CatalogueRecordRow.id.in_(some),
                    )
                )
                found.update((row.id, row.body) for row in rows)
        return await asyncio.to_thread(lambda: {id_: _read(body) for id_, body in found.items()})

    async def links(self) -> dict[str, tuple[str, ...]]:
        """Every service's id, and the ids of the channels it refers to."""
        async with self._db.read() as session:
            rows = await session.execute(
                select(CatalogueRecordRow.id, CatalogueRecordRow.links).where(
                    CatalogueRecordRow.source == self._source, CatalogueRecordRow.kind == "service"
                )
            )
            return {row.id: tuple(row.links) for row in rows}

    async def ids(self, kind: Kind, run: str | None = None) -> set[str]:
        """Ids of all records of a kind, or of those that a run has seen."""
        wanted = select(CatalogueRecordRow.id).where(
            CatalogueRecordRow.source == self._source, CatalogueRecordRow.kind == kind
        )
        if run is not None:
            wanted = wanted.where(CatalogueRecordRow.run == run)
        async with self._db.read() as session:
            return set(await session.scalars(wanted))

    async def drop(self, kind: Kind, ids: Iterable[str]) -> None:
        """Forgets records."""
        async with self._db.write() as session:
            for some in _chunks(list(ids)):
                await session.execute(
                    delete(CatalogueRecordRow).where(
                        CatalogueRecordRow.source == self._source,
                        CatalogueRecordRow.kind == kind,
                        CatalogueRecordRow.id.in_(some),
                    )
                )

    async def drop_unseen(self, run: str) -> None:
        """Forgets the records and pages that this full reading has not seen."""
        async with self._db.write() as session:
            for row in (CatalogueRecordRow, CataloguePageRow):
                await session.execute(delete(row).where(row.source == self._source, row.run != run))


def _rows(records: Mapping[str, Raw]) -> dict[str, tuple[list[str], bytes]]:
    return {
        id_: (_links(record), zlib.compress(json.dumps(record, ensure_ascii=False).encode()))
        for id_, record in records.items()
    }


def _read(body: bytes) -> Raw:
    found: Raw = json.loads(zlib.decompress(body))
    return found


def _modified(record: Raw) -> str:
    return str(record.get("modified") or "")


def _links(record: Raw) -> list[str]:
    found = []
    links = record.get("serviceChannels")
    for link in links if isinstance(links, list) else ():
        reference = link.get("serviceChannel") if isinstance(link, Mapping) else None
        id_ = reference.get("id") if isinstance(reference, Mapping) else None
        if isinstance(id_, str) and len(id_) <= ID_LENGTH:
            found.append(id_)
    return list(dict.fromkeys(found))


def _chunks(ids: Sequence[str] | Mapping[str, Any]) -> Iterable[list[str]]:
    all_ = list(ids)
    return (all_[start : start + _CHUNK] for start in range(0, len(all_), _CHUNK))
