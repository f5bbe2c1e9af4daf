"""The two bots as running processes: this project as `python -m bot run` starts it, and stock Rasa."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import psutil
import yaml

from benchmarks.processes import ENGINE_PYTHON, RASA_ENVIRONMENT, ROOT, clean_environment, end, free_ports, start
from benchmarks.talk import SCRIPTS, Failure, PublicApi, RestChannel, Side

START_SECONDS = 180
TOKEN = "only-for-this-benchmark"  # noqa: S105 - a loopback server of a temporary database


@dataclass
class Running:
    """A started side. `seconds`: from the start of its processes to its first answer."""

    side: Side
    processes: list[psutil.Popen]
    log: Path
    leftovers: list[Path] = field(default_factory=list)
    seconds: float = 0.0

    def stop(self) -> None:
        """Ends all processes and removes what they left outside their folder."""
        for process in self.processes:
            end(process)
        for path in self.leftovers:
            path.unlink(missing_ok=True)

    async def first_answer(self, began: float) -> None:
        """Waits for the first answer; raises TimeoutError with the end of the log."""
        language, script = next(iter(SCRIPTS.items()))
        conversation = ""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
            while time.perf_counter() - began < START_SECONDS:
                if any(process.poll() is not None for process in self.processes):
                    break
                try:
                    conversation = conversation or await self.side.open(session, language)
                    await self.side.say(session, conversation, language, script[0])
                except (Failure, TimeoutError, aiohttp.ClientError):
                    await asyncio.sleep(0.1)
                    continue
                self.seconds = time.perf_counter() - began
                return
        tail = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise TimeoutError(f"{self.side.name} gave no answer within {START_SECONDS} s:\n{tail}")


def _bot(folder: Path, log: Path, ports: list[int], *options: str) -> psutil.Popen:
    public, internal, engine = ports
    environment = {
        **clean_environment(),
        "BOT_PORT": str(public),
        "BOT_INTERNAL_PORT": str(internal),
        "BOT_ENGINE_PORT": str(engine),
        "BOT_INTERNAL_TOKEN": TOKEN,
        "BOT_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bot.sqlite3",
        "BOT_KEY_FILE": f"{folder}/key",
        # The limits against abuse are not what is measured here.
        "BOT_MESSAGES_PER_MINUTE": "100000",
        "BOT_CONVERSATIONS_PER_HOUR": "1000000",
        "PYTHONPATH": str(ROOT),
    }
    return start([str(ROOT / ".venv" / "bin" / "python"), "-m", "bot", "run", *options], environment, log)


async def prepare_databases(folder: Path) -> tuple[Path, Path]:
    """Two folders with the same database, the catalogue in it embedded: what a second start finds."""
    ours, stock = folder / "ours", folder / "stock"
    ours.mkdir()
    log = folder / "prepare.log"
    process = _bot(ours, log, free_ports(3), "--no-engine")
    try:
        began = time.perf_counter()
        while " bot.server: catalogue:" not in log.read_text(encoding="utf-8"):
            if process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                raise TimeoutError(f"the catalogue was not loaded:\n{log.read_text(encoding='utf-8')[-2000:]}")
            await asyncio.sleep(0.2)
    finally:
        end(process)
    shutil.copytree(ours, stock)
    return ours, stock


def start_ours(folder: Path) -> Running:
    """Engine and bot, as `make run` starts them."""
    ports = free_ports(3)
    log = folder / "ours.log"
    left = [ROOT / "var" / f"engine-{ports[2]}.log", ROOT / "var" / f"endpoints-{ports[2]}.yml"]
    (ROOT / "var").mkdir(exist_ok=True)
    return Running(PublicApi(f"http://127.0.0.1:{ports[0]}"), [_bot(folder, log, ports)], log, left)


def start_stock(folder: Path, model: Path) -> Running:
    """Rasa with its defaults (tracker store in memory, REST channel), and the same actions behind a server."""
    public, internal, unused, port = free_ports(4)
    endpoints, credentials = folder / "endpoints.yml", folder / "credentials.yml"
    action_endpoint = {"url": f"http://127.0.0.1:{internal}/engine/actions", "token": TOKEN}
    endpoints.write_text(yaml.safe_dump({"action_endpoint": action_endpoint}), encoding="utf-8")
    credentials.write_text("rest:\n", encoding="utf-8")
    log = folder / "stock.log"
    actions = _bot(folder, folder / "actions.log", [public, internal, unused], "--no-engine")
    rasa = start(
        [
            str(ENGINE_PYTHON),
            *("-m", "rasa", "run", "-i", "127.0.0.1", "-p", str(port), "--model", str(model)),
            *("--endpoints", str(endpoints), "--credentials", str(credentials)),
        ],
        {**clean_environment(), **RASA_ENVIRONMENT},
        log,
        cwd=folder,
    )
    side = RestChannel(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{public}")
    return Running(side, [rasa, actions], log)


async def started(starting: Callable[[], Running]) -> Running:
    """Starts a side and waits for its first answer; ends it where none comes."""
    began = time.perf_counter()
    running = starting()
    try:
        await running.first_answer(began)
    except BaseException:
        running.stop()
        raise
    return running
