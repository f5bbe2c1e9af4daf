"""The command line: `python -m bot run | staff … | catalogue …`. Errors are one sentence, exit code 2."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
from collections.abc import Sequence

from bot.conversation.engine_client import EngineClient
from bot.settings import Settings, SettingsError, load


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns the exit code."""
    from bot import cli_catalogue, cli_staff

    parser = argparse.ArgumentParser(prog="python -m bot", description="Pyydä apua")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start the engine and the bot, wait until both answer")
    run.add_argument("--no-engine", action="store_true", help="start the bot only (the engine runs elsewhere)")
    cli_staff.add_parser(commands)
    cli_catalogue.add_parser(commands)
    chosen = parser.parse_args(arguments)
    try:
        settings = load()
        logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        if chosen.command == "run":
            return asyncio.run(_run(settings, with_engine=not chosen.no_engine))
        if chosen.command == "catalogue":
            return asyncio.run(cli_catalogue.run(chosen, settings))
        return asyncio.run(cli_staff.run(chosen, settings))
    except SettingsError as error:
        print(f"Setting: {error}", file=sys.stderr)
        return 2


async def _run(settings: Settings, *, with_engine: bool) -> int:
    from bot.server import serve
    from bot.supervisor import EngineMissing, Supervisor
    from bot.text.language_id import ModelMissing

    for name, host, port in (
        ("BOT_PORT", settings.host, settings.port),
        ("BOT_INTERNAL_PORT", "127.0.0.1", settings.internal_port),
        *([("BOT_ENGINE_PORT", "127.0.0.1", settings.engine_port)] if with_engine else []),
    ):
        if _taken(host, port):
            raise SettingsError(f"{name}: port {port} is in use already. Choose another one.")
    secret = os.environ.setdefault("BOT_INTERNAL_TOKEN", secrets.token_urlsafe(32))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = {asyncio.create_task(serve(settings, stop), name="bot")}
    if with_engine:
        tasks.add(asyncio.create_task(Supervisor(settings, secret).run(), name="engine"))
    announcer = asyncio.create_task(_announce(settings, EngineClient(settings.engine, 2)))
    waiter = asyncio.create_task(stop.wait())
    await asyncio.wait({*tasks, waiter}, return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    for task in (announcer, waiter, *(task for task in tasks if task.get_name() == "engine")):
        task.cancel()
    results = await asyncio.gather(*tasks, announcer, waiter, return_exceptions=True)
    for failed in results:
        if isinstance(failed, EngineMissing | ModelMissing):
            print(failed, file=sys.stderr)
            return 2
        if isinstance(failed, Exception):
            raise failed
    return 0


async def _announce(settings: Settings, engine: EngineClient) -> None:
    print("Starting. The first answer takes about half a minute …", flush=True)
    with contextlib.suppress(asyncio.CancelledError):
        while not await engine.ready():  # noqa: ASYNC110 - the engine is another process
            await asyncio.sleep(0.5)
        address = settings.public_url or f"http://{settings.host}:{settings.port}"
        print(f"Ready: {address}/   (staff: {address}/staff, Ctrl-C stops both)", flush=True)
    await engine.close()


def _taken(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
