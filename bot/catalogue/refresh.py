"""Brings a catalogue of the network up to date: all of it, or what changed; and writes down how that went.

A refresh that fails changes nothing that families see. One that would make a large part of a catalogue vanish is not
believed. What is archived, withdrawn or deleted leaves the answers as soon as it is known.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select

from bot import clock
from bot.catalogue import sources
from bot.catalogue.http import SourceError
from bot.catalogue.model import Service
from bot.catalogue.ptv11 import COUNTY, BadRecord, parse_service
from bot.catalogue.ptv_api import Changes, Listing
from bot.catalogue.records import Records
from bot.catalogue.store import Loaded, Progress, put_catalogue
from bot.routing.places import regions
from bot.storage.database import Database
from bot.storage.models import ServiceRow

OVERLAP = timedelta(hours=2)
"""The next refresh asks for changes from so long before this one began: clocks differ."""
SHRINK = 0.7
"""A full reading with less than this part of the services of before is not believed."""
_READINGS = 3
_CHUNK = 500
_log = logging.getLogger(__name__)


class Api(Protocol):
    """A catalogue of the network (bot.catalogue.ptv_api.PtvApi)."""

    source: str
    area: str
    nationwide: bool
    """True where it gives the whole country, so that only services of the area are kept."""

    async def read_all(self, run: str, progress: Progress) -> Listing:
        """Reads everything into the records."""

    async def read_changes(self, since: datetime, run: str, progress: Progress) -> Changes:
        """Reads what changed since a moment into the records."""


class Shrunk(SourceError):
    """The catalogue came with far fewer services than before."""


@dataclass(frozen=True)
class Summary:
    """What a refresh did. `resumed`: it went on with one that broke off; `moved`: the pages would not stand still."""

    source: str
    full: bool
    loaded: Loaded
    resumed: bool = False
    moved: bool = False

    @property
    def counts(self) -> dict[str, int | bool]:
        """Numbers for the database and the log."""
        return {
            "new": len(self.loaded.new),
            "changed": len(self.loaded.changed),
            "gone": len(self.loaded.gone),
            "aside": len(self.loaded.aside),
            "full": self.full,
        }

    def __str__(self) -> str:
        """One line for people."""
        kind = "all" if self.full else "changes"
        found = self.counts
        line = f"{self.source} ({kind}): " + ", ".join(
            f"{found[name]} {word}"
            for name, word in (("new", "new"), ("changed", "changed"), ("gone", "gone"), ("aside", "set aside"))
        )
        if self.resumed:
            line += "; went on with a reading that had broken off"
        if self.moved:
            line += "; the catalogue changed all the while, so nothing missing was taken for gone"
        return line


def _silent(_what: str, _done: int, _total: int) -> None:
    """No progress bar."""


async def refresh(
    db: Database,
    api: Api,
    *,
    full: bool,
    force: bool = False,
    still: Callable[[sources.SourceStatus], bool] = lambda _status: True,
    progress: Progress = _silent,
) -> Summary | None:
    """Refreshes `api`'s catalogue; the first time always in full. None where `still`, asked once the catalogue is
    ours alone, says that there is nothing to do any more.

    Raises sources.Busy where another process is at it, SourceError where the catalogue cannot be read (families keep
    what was there, and the reason is written down). `force`: also a catalogue that shrank is believed.
    """
    async with sources.lease(db, api.source):
        started = clock.now()
        before = await sources.status(db, api.source)
        if not still(before):
            return None
        try:
            if full or before.changes_from is None:
                summary = await _everything(db, api, before.services, force, progress)
            else:
                summary = await _changes(db, api, before.changes_from, progress)
        except Exception as error:
            said = str(error) if isinstance(error, SourceError) else type(error).__name__
            await sources.failed(db, api.source, started=started, error=said, again=isinstance(error, Shrunk))
            _log.warning("%s was not refreshed, its services stay as they were: %s", api.source, said)
            raise
        await sources.succeeded(
            db,
            api.source,
            started=started,
            full=summary.full,
            counts=summary.counts,
            aside=summary.loaded.aside,
            changes_from=started - OVERLAP,
        )
        return summary


async def _everything(db: Database, api: Api, before: int, force: bool, progress: Progress) -> Summary:
    records = Records(db, api.source)
    run, resumed = await sources.run_of(db, api.source)
    listing = await api.read_all(run, progress)
    for _ in range(_READINGS - 1):
        if not listing.moved:
            break
        run, _resumed = await sources.run_of(db, api.source, anew=True)
        listing = await api.read_all(run, progress)
    moved = listing.moved
    if moved:
        _log.warning("%s: the number of pages changed in every reading; nothing is taken for gone", api.source)
    ids = await records.ids("service", None if moved else run)
    services, aside = await _services(records, sorted(ids), api.source)
    if api.nationwide:
        services = [service for service in services if _serves(service, api.area)]
    if len(services) < SHRINK * before and not force:
        raise Shrunk(
            f"{len(services)} services where there were {before}: not believed. "
            "If it is true, import once with --force."
        )
    if not moved:
        await records.drop_unseen(run)
    bad = [label for label, _ in aside]
    loaded = await put_catalogue(db, api.source, services, None, gone=bad if moved else None, progress=progress)
    all_aside = (*listing.aside, *aside, *loaded.aside)
    return Summary(api.source, True, replace(loaded, aside=all_aside), resumed, moved)


async def _changes(db: Database, api: Api, since: datetime, progress: Progress) -> Summary:
    records = Records(db, api.source)
    # A full reading that broke off must not take what came meanwhile for unseen.
    run = await sources.current_run(db, api.source) or "changes"
    changes = await api.read_changes(since, run, progress)
    turned = changes.channels | changes.channels_hidden
    touched = {id_ for id_, links in (await records.links()).items() if turned.intersection(links)}
    services, aside = await _services(records, sorted(changes.services | touched), api.source)
    known = await _known(db, api.source)
    ours = [service for service in services if service.id in known or _serves(service, api.area)]
    # What changed elsewhere in the country was read only to see that it is elsewhere.
    elsewhere = {service.id for service in services} - {service.id for service in ours}
    await records.drop("service", elsewhere)
    unreadable = [label for label, _ in aside if label in known]
    loaded = await put_catalogue(db, api.source, ours, None, gone=[*changes.hidden, *unreadable], progress=progress)
    mine = [(label, reason) for label, reason in aside if label in known]
    return Summary(api.source, False, replace(loaded, aside=(*changes.aside, *mine, *loaded.aside)))


async def _services(records: Records, ids: Sequence[str], source: str) -> tuple[list[Service], list[tuple[str, str]]]:
    """Services of the kept records, and what could not be read: (id, reason)."""
    services: list[Service] = []
    aside: list[tuple[str, str]] = []
    links = await records.links()
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        raw = await records.get("service", some)
        channels = await records.get("channel", {each for id_ in some for each in links.get(id_, ())})
        found, bad = await asyncio.to_thread(parsed, raw.values(), channels, source)
        services += found
        aside += bad
    return services, aside


def parsed(
    raw: Iterable[Mapping[str, object]], channels: Mapping[str, Mapping[str, object]], source: str
) -> tuple[list[Service], list[tuple[str, str]]]:
    """Services of PTV records, and what was set aside: (id, reason). One bad record stops no other."""
    services: dict[str, Service] = {}
    aside: list[tuple[str, str]] = []
    for record in raw:
        label = str(record.get("id")) if isinstance(record, Mapping) else "?"
        try:
            service = parse_service(record, channels, source)
        except BadRecord as bad:
            aside.append((label, str(bad)))
            continue
        except Exception as error:
            _log.exception("a record of %s broke the parser", source)
            aside.append((label, f"cannot be read ({type(error).__name__})"))
            continue
        if service.id in services:
            aside.append((label, "the same id twice"))
            continue
        # Organisations choose their own source ids and choose the same ones: only PTV's id tells services apart.
        services[service.id] = replace(service, source_id=service.id)
    return list(services.values()), aside


async def _known(db: Database, source: str) -> set[str]:
    async with db.read() as session:
        return set(await session.scalars(select(ServiceRow.id).where(ServiceRow.source == source)))


def _serves(service: Service, area: str) -> bool:
    if area != COUNTY:
        return False  # which municipalities another county has is not known here: the full reading brings them
    ours = {each.code for each in regions().municipalities()}
    return service.whole_country or service.county or bool(service.municipalities & ours)
