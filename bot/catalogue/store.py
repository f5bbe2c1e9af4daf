"""Fills the database with services and their words: the embedded catalogue at start, other catalogues when synced.

What is slow (parsing, embeddings) is done outside the transactions, which are short, so that families' messages and
requests never wait for a catalogue. The same files loaded twice cost one read. Services a catalogue no longer has
leave the database.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import bindparam, delete, insert, select, text, update
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

_TEXTS = 2
# Counts up when the words that are stored or embedded are put together in another way, so that all are made anew.
_EMBEDDED_LANGUAGES = ("fi", "sv", "en")
_BATCH = 16  # texts embedded at a time: a family's question waits for one batch at most
_CHUNK = 200  # services in a transaction: a family's request waits for the database well below a second
_SHOW = 1000  # embeddings after which running bots are told to look again
_WITHOUT_VECTORS = " without embeddings"
Progress = Callable[[str, int, int], None]
"""Called with what is being counted, how many are done, and how many there are."""
_log = logging.getLogger(__name__)


def _silent(_what: str, _done: int, _total: int) -> None:
    """No progress bar."""


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
    loaded = await put_catalogue(db, EMBEDDED, services, checksum)
    return replace(loaded, aside=(*aside, *loaded.aside))


async def put_catalogue(
    db: Database,
    source: str,
    services: Sequence[Service],
    checksum: str | None,
    *,
    gone: Iterable[str] | None = None,
    progress: Progress = _silent,
) -> Loaded:
    """Puts `services` of `source` into the database, some hundred in a transaction; embeds only words that changed.

    Without `gone` they are all there is of the source, and its other services leave; with it only the ids in `gone`
    leave. What leaves goes first and is out of answers at once. `checksum` stands for the whole (None: a new one is
    made where something changed): running bots that see another one read what changed. Embedding a whole catalogue
    takes minutes, so services can be found by words before, and the embeddings follow; where the model gives none, or
    the process ends, the next load goes on. A service whose id another source holds is set aside.
    """
    async with db.read() as session:
        known = await session.get(MetaRow, META + source)
        ids = set(await session.scalars(select(ServiceRow.id).where(ServiceRow.source == source)))
    old = known.value if known else ""
    # A refresh that finds nothing new keeps the checksum, unless embeddings were still missing.
    final = checksum or old.partition(_WITHOUT_VECTORS)[0]
    checksum = checksum or uuid.uuid4().hex
    leaving = sorted(ids - {service.id for service in services}) if gone is None else sorted(ids & set(gone))
    if leaving:
        await _remove(db, source, leaving, checksum + _WITHOUT_VECTORS)
    new: list[str] = []
    changed: list[str] = []
    aside: list[tuple[str, str]] = []
    pending: dict[str, Passage] = {}
    for start in range(0, len(services), _CHUNK):
        chunk = await asyncio.to_thread(_prepared, services[start : start + _CHUNK])
        await _put_chunk(db, source, chunk, new, changed, aside, pending)
        progress("services", min(start + _CHUNK, len(services)), len(services))
    if not ids and new:
        await _mark(db, source, checksum + _WITHOUT_VECTORS)
    complete = await _embed(db, source, list(pending.values()), checksum, progress)
    if new or changed or leaving or pending:
        final = checksum if complete else checksum + _WITHOUT_VECTORS
    if final != old:
        await _mark(db, source, final)
    return Loaded(tuple(new), tuple(changed), tuple(leaving), tuple(aside))


@dataclass(frozen=True)
class _Prepared:
    service: Service
    data: dict[str, Any]
    digest: str
    passages: Sequence[Passage]


def _prepared(services: Sequence[Service]) -> list[_Prepared]:
    found = []
    for service in services:
        data = service.to_json()
        found.append(_Prepared(service, data, service.digest(), passages_of(service)))
    return found


async def _put_chunk(
    db: Database,
    source: str,
    chunk: Sequence[_Prepared],
    new: list[str],
    changed: list[str],
    aside: list[tuple[str, str]],
    pending: dict[str, Passage],
) -> None:
    ids = [each.service.id for each in chunk]
    async with db.write() as session:
        await _alone(db, session)
        found = await session.execute(
            select(ServiceRow.id, ServiceRow.source, ServiceRow.digest).where(ServiceRow.id.in_(ids))
        )
        known = {row.id: row for row in found}
        passages: list[Passage] = []
        for each in chunk:
            row = known.get(each.service.id)
            if row is not None and row.source != source:
                aside.append((each.service.id, f"the catalogue {row.source} holds this service"))
                continue
            passages += each.passages
            values = {
                "source_id": each.service.source_id,
                "digest": each.digest,
                "data": each.data,
                "modified": each.service.modified,
                "seen_at": clock.now(),
                "state": "active",
            }
            if row is None:
                session.add(ServiceRow(id=each.service.id, source=source, **values))
                new.append(each.service.id)
            elif row.digest != each.digest:
                await session.execute(update(ServiceRow).where(ServiceRow.id == row.id).values(**values))
                changed.append(each.service.id)
        await session.execute(
            update(ServiceRow).where(ServiceRow.id.in_(ids), ServiceRow.source == source).values(seen_at=clock.now())
        )
        await session.flush()
        await _put_passages(session, passages, pending)


async def _put_passages(session: AsyncSession, passages: Sequence[Passage], pending: dict[str, Passage]) -> None:
    found = await session.execute(
        select(
            ServiceTextRow.number,
            ServiceTextRow.service_id,
            ServiceTextRow.language,
            ServiceTextRow.hash,
            ServiceTextRow.embedding.is_not(None).label("embedded"),
        ).where(ServiceTextRow.service_id.in_({each.service_id for each in passages}))
    )
    rows = {(row.service_id, row.language): row for row in found}
    fresh: list[Passage] = []
    words: list[tuple[int, Words]] = []
    for passage in passages:
        row = rows.pop((passage.service_id, passage.language), None)
        if row is None:
            fresh.append(passage)
        elif row.hash != passage.hash:
            words.append((row.number, passage.words))
            await session.execute(
                update(ServiceTextRow)
                .where(ServiceTextRow.number == row.number)
                .values(hash=passage.hash, embedding=None)
            )
        if passage.text and (row is None or row.hash != passage.hash or not row.embedded):
            pending[passage.hash] = passage
    if fresh:
        made = [
            {"service_id": each.service_id, "language": each.language, "hash": each.hash, "embedding": None}
            for each in fresh
        ]
        numbers = await session.scalars(
            insert(ServiceTextRow).returning(ServiceTextRow.number, sort_by_parameter_order=True), made
        )
        words += zip(numbers, (each.words for each in fresh), strict=True)
    await fulltext.put(session, words)
    left = [row.number for row in rows.values()]
    await fulltext.remove(session, left)
    await session.execute(delete(ServiceTextRow).where(ServiceTextRow.number.in_(left)))


async def _embed(db: Database, source: str, pending: Sequence[Passage], checksum: str, progress: Progress) -> bool:
    """Makes the embeddings of `pending` and stores them as they come; False where the model gave none."""
    groups: dict[str, list[Passage]] = {}
    for passage in pending:
        groups.setdefault(passage.text, []).append(passage)  # many municipalities write the very same words
    texts, done, shown = list(groups), 0, 0
    for start in range(0, len(texts), _BATCH):
        some = texts[start : start + _BATCH]
        try:
            vectors = await asyncio.to_thread(embedding.embed_passages, some)
        except Exception:
            _log.exception("no embeddings: the catalogue is searched by words only")
            return False
        values = [
            {"hash_": passage.hash, "id_": passage.service_id, "vector": vector_bytes(vector)}
            for text_, vector in zip(some, vectors, strict=True)
            for passage in groups[text_]
        ]
        async with db.write() as session:
            await _alone(db, session)
            connection = await session.connection()
            await connection.execute(
                update(ServiceTextRow)
                .where(ServiceTextRow.service_id == bindparam("id_"), ServiceTextRow.hash == bindparam("hash_"))
                .values(embedding=bindparam("vector")),
                values,
            )
        done += len(values)
        progress("embeddings", done, len(pending))
        if done - shown >= _SHOW:
            shown = done
            await _mark(db, source, f"{checksum}{_WITHOUT_VECTORS} {done}")
    return True


async def _remove(db: Database, source: str, ids: Sequence[str], checksum: str) -> None:
    async with db.write() as session:
        await _alone(db, session)
        for start in range(0, len(ids), _CHUNK):
            some = ids[start : start + _CHUNK]
            numbers = await session.scalars(select(ServiceTextRow.number).where(ServiceTextRow.service_id.in_(some)))
            await fulltext.remove(session, numbers.all())
            await session.execute(delete(ServiceRow).where(ServiceRow.id.in_(some)))
        await session.merge(MetaRow(key=META + source, value=checksum))


async def _mark(db: Database, source: str, checksum: str) -> None:
    async with db.write() as session:
        await session.merge(MetaRow(key=META + source, value=checksum))


async def _alone(db: Database, session: AsyncSession) -> None:
    if not db.sqlite:
        # Two bots that start at once must not both insert: the second waits and finds the rows.
        await session.execute(text("SELECT pg_advisory_xact_lock(5060709)"))


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
