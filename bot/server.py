"""Puts the rooms together and serves them: the public port and the loopback port, until told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from actions.context import Services
from actions.registry import executor
from bot.catalogue.schedule import keep_fresh
from bot.catalogue.search import Catalogue
from bot.catalogue.store import load_embedded
from bot.conversation.engine_client import EngineClient
from bot.conversation.service import Conversations
from bot.conversation.store import Trackers, Vault
from bot.requests import access_log, promise
from bot.requests.service import ContactRequests
from bot.safety import screen
from bot.settings import ROOT, Settings
from bot.staff.sessions import Sessions
from bot.storage import throttle
from bot.storage.crypto import load_box
from bot.storage.database import Database
from bot.text.language_id import LanguageIdentifier
from bot.web import keys
from bot.web.app import public_app
from bot.web.internal import internal_app

log = logging.getLogger(__name__)
SWEEP = 3600
"""Seconds between clean-ups of what has outlived its retention."""


@dataclass
class Rooms:
    """The domain rooms on one database and one engine."""

    database: Database
    catalogue: Catalogue
    requests: ContactRequests
    engine: EngineClient
    conversations: Conversations


@asynccontextmanager
async def open_rooms(settings: Settings) -> AsyncIterator[Rooms]:
    """Opens the database (migrated), loads the catalogue, and closes all at the end."""
    database = Database(settings.database_url, load_box(settings.keys, Path(settings.key_file)))
    await database.migrate()
    catalogue = Catalogue(database)
    # The first start embeds some hundred texts; families need not wait, full text finds services meanwhile.
    filler = asyncio.create_task(_fill(database))
    engine = EngineClient(settings.engine, settings.engine_deadline)
    conversations = Conversations(database, engine, LanguageIdentifier(), settings.messages_per_minute)
    try:
        await catalogue.load()
        yield Rooms(database, catalogue, ContactRequests(database), engine, conversations)
    finally:
        filler.cancel()
        with suppress(asyncio.CancelledError):
            await filler
        await engine.close()
        await database.close()


async def _fill(database: Database) -> None:
    try:
        log.info("catalogue: %s", await load_embedded(database, ROOT / "data" / "catalogue"))
    except Exception:
        log.exception("the embedded catalogue was not loaded; the services of the last start stay")


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serves until `stop` is set."""
    async with open_rooms(settings) as rooms:
        await _warm_up(rooms)
        app = public_app()
        app[keys.SETTINGS] = settings
        app[keys.DATABASE] = rooms.database
        app[keys.ENGINE] = rooms.engine
        app[keys.CONVERSATIONS] = rooms.conversations
        app[keys.REQUESTS] = rooms.requests
        app[keys.CATALOGUE] = rooms.catalogue
        services = Services(
            rooms.catalogue,
            rooms.requests,
            Vault(rooms.database),
            rooms.engine,
            settings.conversation_days,
            settings.request_days,
        )
        secret = os.environ.get("BOT_INTERNAL_TOKEN") or secrets.token_urlsafe(32)
        inner = internal_app(executor(services), secret, Trackers(rooms.database))
        inner[keys.DATABASE] = rooms.database
        async with (
            _listening(inner, "127.0.0.1", settings.internal_port),
            _listening(app, settings.host, settings.port),
        ):
            tasks = [asyncio.create_task(_sweep(rooms, settings)), asyncio.create_task(_keep_promises(rooms.database))]
            if settings.ptv_url:
                fresh = keep_fresh(rooms.database, settings.ptv_url, settings.ptv_area)
                tasks.append(asyncio.create_task(fresh))
            await stop.wait()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _warm_up(rooms: Rooms) -> None:
    """Loads what is loaded lazily, so that no family waits for it."""
    screen.screen("ready")
    await asyncio.to_thread(rooms.conversations.identify, "Are you ready for the first family?")
    await rooms.catalogue.search("ready", language="en")


@asynccontextmanager
async def _listening(app: web.Application, host: str, port: int) -> AsyncIterator[None]:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=5)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    try:
        yield
    finally:
        await runner.cleanup()


async def _sweep(rooms: Rooms, settings: Settings) -> None:
    while True:
        try:
            await rooms.conversations.erase_old(settings.conversation_days)
            await rooms.requests.erase_old(settings.request_days)
            await Sessions(rooms.database, settings).forget_old()
            await throttle.forget_old(rooms.database)
            # Whoever can rewrite the database cannot rewrite what has gone to the journal already.
            log.info("access log: %s", await access_log.end(rooms.database))
        except Exception:
            log.exception("clean-up failed; it is tried again in an hour")
        await asyncio.sleep(SWEEP)


async def _keep_promises(database: Database) -> None:
    while True:
        try:
            if any((done := await promise.keep(database)).values()):
                log.info("promises: %s", done)
        except Exception:
            log.exception("the promises were not looked after; they are in a few minutes")
        await asyncio.sleep(promise.EVERY)
