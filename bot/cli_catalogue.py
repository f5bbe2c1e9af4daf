"""`python -m bot catalogue …`: imports services and shows how fresh they are, for bot/cli.py.

Runs beside a running bot: the database tells who is at a catalogue, and running bots see what changed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from rich import progress as bars
from rich.console import Console
from rich.progress import TaskID

from bot import clock
from bot.catalogue import lahella, ptv12_api, ptv_api, sources
from bot.catalogue.files import PTV_FILE, read_file
from bot.catalogue.http import Fetcher, SourceError
from bot.catalogue.records import Records
from bot.catalogue.refresh import Api, refresh
from bot.catalogue.store import Loaded, Progress, put_catalogue
from bot.settings import Settings
from bot.storage.crypto import load_box
from bot.storage.database import Database

SOURCES = (ptv_api.PtvApi.source, ptv12_api.SOURCE, PTV_FILE, lahella.SOURCE)
SHOWN = 20
"""Set-aside records shown one by one; the rest only counted by reason."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `catalogue` to the program's commands; the parsed arguments go to `run`."""
    catalogue = commands.add_parser("catalogue", help="the services").add_subparsers(
        dest="catalogue_command", required=True, metavar="COMMAND"
    )
    import_ = catalogue.add_parser("import", help="read services from a catalogue or a file")
    import_.add_argument("--source", choices=SOURCES, required=True)
    import_.add_argument("--area", metavar="CODE", help="wellbeing services county (BOT_PTV_AREA, 19)")
    import_.add_argument("--url", metavar="BASE", help="address of the API, when it is another one")
    import_.add_argument("--file", type=Path, metavar="PATH", help="file or folder, for ptv-file and lahella")
    import_.add_argument("--changes", action="store_true", help="only what changed since the last import (ptv)")
    import_.add_argument("--force", action="store_true", help="believe a catalogue that shrank by a third or more")
    catalogue.add_parser("status", help="how fresh each catalogue is")


async def run(
    args: argparse.Namespace, settings: Settings, *, out: TextIO | None = None, errors: TextIO | None = None
) -> int:
    """Does what the arguments say; returns the exit status: 0, 1 where the catalogue could not be read."""
    out, errors = out or sys.stdout, errors or sys.stderr
    database = Database(settings.database_url, load_box(settings.keys, Path(settings.key_file)))
    try:
        await database.migrate()
        if args.catalogue_command == "status":
            return await _status(database, out)
        with contextlib.suppress(OSError):
            os.nice(5)  # families' messages come first
        return await _import(args, settings, database, out, errors)
    except SourceError as error:
        print(f"Not imported, families keep the services there were: {error}", file=errors)
        return 1
    except sources.Busy:
        print("Another process imports this catalogue now.", file=errors)
        return 1
    finally:
        await database.close()


async def _import(args: argparse.Namespace, settings: Settings, database: Database, out: TextIO, errors: TextIO) -> int:
    if args.source in (PTV_FILE, lahella.SOURCE):
        if args.file is None:
            print("--file is needed for this source.", file=errors)
            return 2
        with _bars(errors) as progress:
            loaded = await _import_file(database, args.source, args.file, progress)
        _summary(args.source, loaded, out)
        return 0
    area = args.area or settings.ptv_area
    headers: dict[str, str] = {}
    base = args.url or settings.ptv_url or ptv_api.BASE
    if args.source == ptv12_api.SOURCE:
        if not settings.ptv12_key:
            print("BOT_PTV12_KEY is needed for this source.", file=errors)
            return 2
        base, headers = args.url or ptv12_api.BASE, ptv12_api.key_header(settings.ptv12_key)
    async with Fetcher(base, headers=headers) as fetcher:
        kind = ptv12_api.Ptv12Api if args.source == ptv12_api.SOURCE else ptv_api.PtvApi
        api: Api = kind(fetcher, Records(database, args.source), area)
        with _bars(errors) as progress:
            summary = await refresh(database, api, full=not args.changes, force=args.force, progress=progress)
    if summary is not None:
        _summary(str(summary.source), summary.loaded, out)
        if summary.resumed:
            print("It went on with a reading that had broken off.", file=out)
        if summary.moved:
            print("The catalogue changed all the while; nothing missing was taken for gone.", file=out)
    return 0


async def _import_file(database: Database, source: str, path: Path, progress: Progress) -> Loaded:
    async with sources.lease(database, source):
        started = clock.now()
        try:
            services, aside = read_file(source, path)
        except SourceError as error:
            await sources.failed(database, source, started=started, error=str(error))
            raise
        loaded = await put_catalogue(database, source, services, None, progress=progress)
        all_aside = (*aside, *loaded.aside)
        result = Loaded(loaded.new, loaded.changed, loaded.gone, all_aside)
        counts = {
            "new": len(result.new),
            "changed": len(result.changed),
            "gone": len(result.gone),
            "aside": len(all_aside),
            "full": True,
        }
        await sources.succeeded(
            database, source, started=started, full=True, counts=counts, aside=all_aside, changes_from=None
        )
    return result


@contextlib.contextmanager
def _bars(stream: TextIO) -> Iterator[Progress]:
    """A progress bar for each thing that is counted."""
    tasks: dict[str, TaskID] = {}
    with bars.Progress(
        bars.TextColumn("{task.description:<24}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        console=Console(file=stream),
    ) as shown:

        def progress(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(what)
            shown.update(tasks[what], completed=done, total=total)

        yield progress


def _summary(source: str, loaded: Loaded, out: TextIO) -> None:
    print(f"{source}:", file=out)
    for word, found in (("new", loaded.new), ("changed", loaded.changed), ("gone", loaded.gone)):
        print(f"  {word:<10} {len(found)}", file=out)
    print(f"  {'set aside':<10} {len(loaded.aside)}", file=out)
    for reason, count in Counter(reason for _, reason in loaded.aside).most_common():
        print(f"    {count} × {reason}", file=out)
    for label, reason in loaded.aside[:SHOWN]:
        print(f"    {label}: {reason}", file=out)


async def _status(database: Database, out: TextIO) -> int:
    now = clock.now()
    for each in await sources.statuses(database):
        age = each.age(now)
        parts = [f"{each.source}: {each.services} services"]
        if age is not None:
            parts.append(f"refreshed {age.total_seconds() / 3600:.1f} h ago")
        if each.stale(now):
            parts.append("STALE")
        if each.error:
            parts.append(f"last try failed: {each.error}")
        print(", ".join(parts), file=out)
    return 0
