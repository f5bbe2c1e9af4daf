"""The real stack for tests: engine and bot as `python -m bot run` starts them, once a session."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

# As in production (bot/__main__.py), before anything loads the embedding.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 180


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --language so` runs one language's conversations."""
    parser.addoption("--language", default=None, help="only this language's conversations")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselects what belongs to another language than --language; the stack's tests come last."""
    wanted = config.getoption("--language")
    if wanted:
        kept, dropped = [], []
        for item in items:
            language = getattr(getattr(item, "callspec", None), "params", {}).get("language")
            (kept if language == wanted else dropped).append(item)
        config.hook.pytest_deselected(items=dropped)
        items[:] = kept
    items.sort(key=lambda item: ("stack" in item.fixturenames, "page" in item.fixturenames))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """A running pair, and how to reach and hurt it."""

    process: subprocess.Popen[bytes]
    folder: Path
    environment: dict[str, str]
    url: str
    engine_port: int
    internal_port: int

    def bot(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Runs `python -m bot …` against the same database."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def engine_pid(self) -> int:
        """The engine's process id."""
        import psutil

        for child in psutil.Process(self.process.pid).children(recursive=True):
            if "engine.serve" in child.cmdline():
                return int(child.pid)
        raise LookupError("no engine process")

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Waits until database and engine answer."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the bot ended with {self.process.returncode}: {self.log()}")
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=3) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.3)
        raise TimeoutError(f"not ready within {seconds} s: {self.log()}")

    def log(self) -> str:
        """The end of the bot's and the engine's output."""
        logs = [self.folder / "bot.log", ROOT / "var" / f"engine-{self.engine_port}.log"]
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in logs if path.exists())


def start_stack(folder: Path, **settings: str) -> Stack:
    """Starts engine and bot on free ports with a database of their own; returns at once."""
    port, internal, engine = free_port(), free_port(), free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("BOT_")},
        "BOT_PORT": str(port),
        "BOT_INTERNAL_PORT": str(internal),
        "BOT_ENGINE_PORT": str(engine),
        "BOT_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/bot.sqlite3",
        "BOT_KEY_FILE": f"{folder}/key",
        "BOT_MESSAGES_PER_MINUTE": "100000",
        "BOT_CONVERSATIONS_PER_HOUR": "100000",
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    (ROOT / "var").mkdir(exist_ok=True)
    output = (folder / "bot.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "run"], cwd=ROOT, env=environment, stdout=output, stderr=output
    )
    return Stack(process, folder, environment, f"http://127.0.0.1:{port}", engine, internal)


def stop_stack(stack: Stack) -> None:
    """Ends both processes as Ctrl-C does."""
    stack.process.terminate()
    try:
        stack.process.wait(30)
    except subprocess.TimeoutExpired:
        stack.process.kill()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running pair."""
    made = start_stack(tmp_path_factory.mktemp("stack"))
    try:
        made.wait_ready()
        yield made
    finally:
        stop_stack(made)


class Family:
    """A person in a conversation, speaking to the real API."""

    def __init__(self, session: aiohttp.ClientSession, url: str, language: str) -> None:
        self.session = session
        self.url = url
        self.language = language
        self.id = ""
        self.token = ""
        self.last: list[dict[str, Any]] = []

    @property
    def headers(self) -> dict[str, str]:
        """The conversation's token."""
        return {"Authorization": f"Bearer {self.token}"}

    async def start(self) -> list[dict[str, Any]]:
        """Opens the conversation; returns the greeting."""
        async with self.session.post(f"{self.url}/api/v1/conversations", json={"language": self.language}) as answer:
            assert answer.status == 201, await answer.text()
            made = await answer.json()
        self.id, self.token, self.last = made["id"], made["token"], made["messages"]
        return self.last

    async def post(self, **body: Any) -> tuple[int, dict[str, Any]]:
        """One message as a raw body."""
        async with self.session.post(
            f"{self.url}/api/v1/conversations/{self.id}/messages", json=body, headers=self.headers
        ) as answer:
            return answer.status, await answer.json()

    async def say(self, text: str) -> list[dict[str, Any]]:
        """Types a message; returns the answer."""
        return await self._say(text=text)

    async def tap(self, payload_start: str) -> list[dict[str, Any]]:
        """Taps the newest button whose payload starts so."""
        for message in reversed(self.last):
            for button in message["buttons"]:
                if button["payload"].startswith(payload_start):
                    return await self._say(text=button["title"], payload=button["payload"])
        raise AssertionError(f"no button {payload_start} in {[b for m in self.last for b in m['buttons']]}")

    async def _say(self, **body: Any) -> list[dict[str, Any]]:
        status, answer = await self.post(id=str(uuid.uuid4()), **body)
        assert status == 200, answer
        self.last = answer["messages"]
        self.language = answer["language"]
        return self.last

    @property
    def said(self) -> str:
        """All words of the last answer."""
        return "\n".join(message["text"] for message in self.last)


@pytest.fixture
async def families(stack: Stack) -> Any:
    """Makes families: `await families("fi")` opens a conversation in Finnish."""
    async with aiohttp.ClientSession() as session:

        async def make(language: str = "fi") -> Family:
            family = Family(session, stack.url, language)
            await family.start()
            return family

        yield make
