"""Fills the database with services and their words: the embedded catalogue at start, other catalogues when synced.

A catalogue is loaded in one transaction, after all that is slow (parsing, embeddings) has been done outside it. The
same files loaded twice cost one read. Services a catalogue no longer has leave the database.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import delete, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot import clock
from bot.catalogue import embedding, fulltext
from bot.catalogue.analysis import document_terms
from bot.catalogue.embedding import MODEL, Vectors
from bot.catalogue.fulltext import Words
from bot.catalogue.model import Service
from bot.catalogue.ptv11 import BadRecord, parse_service
from bot.routing.needs import PATH as ROUTING
from bot.storage.database import Database
from bot.storage.models import MetaRow, ServiceRow, ServiceTextRow

EMBEDDED = "embedded"
"""The source of the services that stand in data/catalogue."""
META = "catalogue:"
"""Keys of the table `meta` that hold the checksum of a catalogue, one a source."""

_TEXTS = 1
# Counts up when the words that are stored or embedded are put together in another way, so that all are made anew.
_EMBEDDED_LANGUAGES = ("fi", "sv", "en")
_BATCH = 32
_WITHOUT_VECTORS = " without embeddings"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Loaded:
    """What a load did: ids of services, and (source id or file, reason) of what was set aside."""

    new: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    aside: tuple[tuple[str, str], ...] = ()
    unchanged: bool = False

    def __str__(self) -> str:
        """For the log: counts, and what was set aside."""
        if self.unchanged:
            return "unchanged"
        counts = f"{len(self.new)} new, {len(self.changed)} changed, {len(self.gone)} gone, {len(self.aside)} set aside"
        return "; ".join((counts, *(f"{label}: {reason}" for label, reason in self.aside)))


@dataclass(frozen=True)
class Passage:
    """A service's words in one language: `text` is embedded (unless empty), `words` go to full text."""

    service_id: str
    language: str
    text: str
    words: Words

    @property
    def hash(self) -> str:
        """Tells when the words, or the way they are used, changed."""
        material = repr((_TEXTS, MODEL, self.text, self.words))
        return hashlib.sha256(material.encode()).hexdigest()


async def load_embedded(db: Database, folder: Path) -> Loaded:
    """Loads the services of `folder` (*.yml, and translations/<language>.yml) where they changed.

    A service that cannot be read is set aside with the reason; the others are loaded.
    """
    checksum = await asyncio.to_thread(_checksum, folder)
    async with db.read() as session:
        known = await session.get(MetaRow, META + EMBEDDED)
    if known and known.value == checksum:
        return Loaded(unchanged=True)
    services, aside = await asyncio.to_thread(read_folder, folder)
    return replace(await put_catalogue(db, EMBEDDED, services, checksum), aside=tuple(aside))


async def put_catalogue(db: Database, source: str, services: Sequence[Service], checksum: str) -> Loaded:
    """Makes `services` all there is of `source`, in one transaction; embeds only words that changed.

    `checksum` stands for the whole: running bots that see another one read the catalogue again. Embedding a whole
    catalogue takes up to a minute, so the first time the services come at once and can be found by words, and the
    embeddings follow. Where the model gives none the next load tries again.
    """
    passages = await asyncio.to_thread(lambda: [each for service in services for each in passages_of(service)])
    async with db.read() as session:
        hashes = await _embedded_hashes(session, source)
        empty = await session.scalar(select(ServiceRow.id).where(ServiceRow.source == source).limit(1)) is None
    first = None
    if empty:
        first = await _put(db, source, services, passages, {}, checksum + _WITHOUT_VECTORS)
    fresh = [each for each in passages if each.text and hashes.get((each.service_id, each.language)) != each.hash]
    vectors: dict[str, bytes] = {}
    try:
        for start in range(0, len(fresh), _BATCH):
            some = fresh[start : start + _BATCH]
            found = await asyncio.to_thread(embedding.embed_passages, [each.text for each in some])
            vectors.update((each.hash, vector_bytes(vector)) for each, vector in zip(some, found, strict=True))
    except Exception:
        _log.exception("no embeddings: the catalogue is searched by words only")
        checksum += _WITHOUT_VECTORS
    result = await _put(db, source, services, passages, vectors, checksum)
    return first or result


async def _put(
    db: Database,
    source: str,
    services: Sequence[Service],
    passages: Sequence[Passage],
    vectors: Mapping[str, bytes],
    checksum: str,
) -> Loaded:
    async with db.write() as session:
        if not db.sqlite:
            # Two bots that start at once must not both insert: the second waits and finds the rows.
            await session.execute(text("SELECT pg_advisory_xact_lock(5060709)"))
        result = await _put_services(session, source, services)
        await _put_passages(session, source, passages, vectors)
        await session.merge(MetaRow(key=META + source, value=checksum))
    return result


async def _embedded_hashes(session: AsyncSession, source: str) -> dict[tuple[str, str], str]:
    rows = await session.execute(
        select(ServiceTextRow.service_id, ServiceTextRow.language, ServiceTextRow.hash)
        .join(ServiceRow, ServiceRow.id == ServiceTextRow.service_id)
        .where(ServiceRow.source == source, ServiceTextRow.embedding.is_not(None))
    )
    return {(service_id, language): hash_ for service_id, language, hash_ in rows}


async def _put_services(session: AsyncSession, source: str, services: Sequence[Service]) -> Loaded:
    now = clock.now()
    rows = {row.id: row for row in await session.scalars(select(ServiceRow).where(ServiceRow.source == source))}
    gone = sorted(rows.keys() - {service.id for service in services})
    await _remove(session, gone)
    new, changed = [], []
    for service in services:
        row, digest = rows.get(service.id), service.digest()
        if row is None:
            row = ServiceRow(id=service.id, source=source)
            session.add(row)
            new.append(service.id)
        elif row.digest != digest:
            changed.append(service.id)
        row.source_id, row.digest, row.data = service.source_id, digest, service.to_json()
        row.modified, row.seen_at, row.state = service.modified, now, "active"
    await session.flush()
    return Loaded(tuple(new), tuple(changed), tuple(gone))


async def _remove(session: AsyncSession, ids: Sequence[str]) -> None:
    for service_id in ids:
        numbers = await session.scalars(select(ServiceTextRow.number).where(ServiceTextRow.service_id == service_id))
        await fulltext.remove(session, numbers.all())
        await session.execute(delete(ServiceRow).where(ServiceRow.id == service_id))


async def _put_passages(
    session: AsyncSession, source: str, passages: Sequence[Passage], vectors: Mapping[str, bytes]
) -> None:
    found = await session.scalars(
        select(ServiceTextRow)
        .join(ServiceRow, ServiceRow.id == ServiceTextRow.service_id)
        .where(ServiceRow.source == source)
    )
    rows = {(row.service_id, row.language): row for row in found}
    for passage in passages:
        row = rows.pop((passage.service_id, passage.language), None)
        if row is None:
            row = ServiceTextRow(service_id=passage.service_id, language=passage.language, hash="")
            session.add(row)
        if row.hash != passage.hash:
            row.hash, row.embedding = passage.hash, vectors.get(passage.hash)
            await session.flush()
            await fulltext.put(session, row.number, passage.words)
        elif passage.hash in vectors:
            row.embedding = vectors[passage.hash]
    await fulltext.remove(session, [row.number for row in rows.values()])
    for row in rows.values():
        await session.delete(row)


def vector_bytes(vector: Vectors) -> bytes:
    """An embedding as the database keeps it: float32, little-endian."""
    return vector.astype("<f4").tobytes()


def passages_of(service: Service) -> list[Passage]:
    """The words of a service, one passage for each language it has a name in.

    Only the languages of the land are embedded: the model carries a question in any language to them, and translated
    names would multiply the work for nothing.
    """
    embedded = [language for language in _EMBEDDED_LANGUAGES if language in service.names] or list(service.names)
    found = []
    for language, name in service.names.items():
        others = service.alternative_names.get(language, ())
        keywords = service.keywords.get(language, ())
        summary = service.summaries.get(language, "")
        body = (summary, service.descriptions.get(language, ""))
        found.append(
            Passage(
                service.id,
                language,
                embedded_text(name, others, keywords, summary) if language in embedded else "",
                Words(
                    document_terms(name, language),
                    document_terms(" ".join((*others, *keywords)), language),
                    document_terms(" ".join(body), language),
                ),
            )
        )
    return found


def embedded_text(name: str, others: Sequence[str], keywords: Sequence[str], summary: str) -> str:
    """What of a service is embedded in one language; instructions and descriptions blur it more than they tell."""
    first = f"{name} ({', '.join(others)})" if others else name
    return ". ".join(part.rstrip(".") for part in (first, summary, ", ".join(keywords)) if part)


def read_folder(folder: Path) -> tuple[list[Service], list[tuple[str, str]]]:
    """Services of the folder's files with their translations, and what was set aside: (source id or file, reason)."""
    services: dict[str, Service] = {}
    source_ids: set[str] = set()
    aside: list[tuple[str, str]] = []
    for path in sorted(folder.glob("*.yml")):
        rows = _yaml(path)
        if not isinstance(rows, list):
            continue  # a mapping is no list of services: the folder holds other facts beside them
        for record in rows:
            label = str(record.get("sourceId") or record.get("id")) if isinstance(record, Mapping) else path.name
            try:
                service = parse_service(record, source=EMBEDDED)
            except BadRecord as bad:
                aside.append((label, str(bad)))
                continue
            if service.id in services or service.source_id in source_ids:
                aside.append((label, "its id is taken by another service"))
                continue
            services[service.id] = service
            source_ids.add(service.source_id)
    overlays = {path.stem: _yaml(path) or {} for path in sorted((folder / "translations").glob("*.yml"))}
    return [_translated(service, overlays) for service in services.values()], aside


def _translated(service: Service, overlays: Mapping[str, Any]) -> Service:
    names, summaries = dict(service.names), dict(service.summaries)
    for language, rows in overlays.items():
        row = rows.get(service.source_id)
        if not isinstance(row, Mapping):
            continue
        # The catalogue's own words stand above a translation of them.
        if row.get("name"):
            names.setdefault(language, str(row["name"]).strip())
        if row.get("summary"):
            summaries.setdefault(language, str(row["summary"]).strip())
    return replace(service, names=names, summaries=summaries)


def _yaml(path: Path) -> Any:
    # The C loader reads the catalogue five times as fast as the Python one.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506  # both are safe loaders


def _checksum(folder: Path) -> str:
    """Changes with the files, with the routing that needs are derived from, and with the way words are used."""
    state = hashlib.sha256(f"{_TEXTS} {MODEL}".encode())
    for path in (*sorted(folder.rglob("*.yml")), ROUTING):
        state.update(path.name.encode() + b"\0" + path.read_bytes())
    return state.hexdigest()
