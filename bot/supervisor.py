"""Runs the engine beside the bot: starts it, restarts it with backoff when it dies, ends it with the bot."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import yaml

from bot.settings import ROOT, Settings

log = logging.getLogger(__name__)
PYTHON = ROOT / "engine" / ".venv" / "bin" / "python"
BACKOFF = (1, 2, 5, 10, 30)
# The embedding's threads wait for each other by spinning, which takes the processor from everyone else: on two busy
# cores a message took a second instead of 15 ms. One thread a message is as fast as two that do not spin.
QUIET_THREADS = {"OMP_NUM_THREADS": "1"}
HEALTHY = 60
"""An engine that lived this many seconds starts the backoff anew."""


class EngineMissing(RuntimeError):
    """The engine's environment or a trained model is not there."""


def newest_model(folder: Path) -> Path:
    """The newest trained model; raises EngineMissing."""
    models = sorted(folder.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not models:
        raise EngineMissing(f"There is no trained model in {folder}. Run `make train`.")
    return models[-1]


def write_endpoints(settings: Settings, secret: str, path: Path) -> None:
    """endpoints.yml with the configured internal port; like the one in the root otherwise."""
    endpoints = yaml.safe_load((ROOT / "endpoints.yml").read_text(encoding="utf-8"))
    endpoints["action_endpoint"] = {
        "url": f"http://127.0.0.1:{settings.internal_port}/engine/actions",
        "token": secret,
        "enable_selective_domain": True,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)
    path.write_text(yaml.safe_dump(endpoints), encoding="utf-8")


class Supervisor:
    """One engine process."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._settings = settings
        self._secret = secret
        self._process: asyncio.subprocess.Process | None = None
        self._log = Path("var") / f"engine-{settings.engine_port}.log"

    async def run(self) -> None:
        """Keeps the engine alive until cancelled."""
        model = newest_model(Path(self._settings.models))
        if not PYTHON.exists():
            raise EngineMissing("The engine's environment is missing. Run `make setup`.")
        endpoints = Path("var") / f"endpoints-{self._settings.engine_port}.yml"
        write_endpoints(self._settings, self._secret, endpoints)
        failures = 0
        try:
            while True:
                started = asyncio.get_running_loop().time()
                code = await self._one(model, endpoints)
                lived = asyncio.get_running_loop().time() - started
                failures = 0 if lived > HEALTHY else failures + 1
                wait = BACKOFF[min(failures, len(BACKOFF) - 1)]
                log.warning("the engine ended with %s after %.0f s; new start in %d s", code, lived, wait)
                await asyncio.sleep(wait)
        finally:
            await self._end()

    async def _one(self, model: Path, endpoints: Path) -> int:
        self._log.touch(mode=0o600, exist_ok=True)
        with self._log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                str(PYTHON),
                *("-m", "engine.serve", "run", "-i", "127.0.0.1", "-p", str(self._settings.engine_port)),
                *("--model", str(model), "--endpoints", str(endpoints)),
                *("--credentials", str(ROOT / "credentials.yml")),
                cwd=ROOT,
                env=self._environment(os.environ),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches the bot, which ends the engine in order
            )
            return await self._process.wait()

    def _environment(self, base: Mapping[str, str]) -> dict[str, str]:
        # The engine gets no keys and no database address: it has no use for them.
        hidden = {"BOT_KEYS", "BOT_DATABASE_URL", "BOT_KEY_FILE"}
        return {
            **{name: value for name, value in base.items() if name not in hidden},
            "BOT_INTERNAL_URL": f"http://127.0.0.1:{self._settings.internal_port}",
            "BOT_INTERNAL_TOKEN": self._secret,
            "RASA_TELEMETRY_ENABLED": "false",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
            **QUIET_THREADS,
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        }

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
