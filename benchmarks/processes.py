"""Processes of a benchmark: free ports, start, orderly end, and the memory of whole process trees."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from bot.supervisor import QUIET_THREADS

ROOT = Path(__file__).resolve().parent.parent
ENGINE_PYTHON = ROOT / "engine" / ".venv" / "bin" / "python"
SAMPLE_SECONDS = 0.1
RASA_ENVIRONMENT = {
    # The same as bot/supervisor.py gives its engine, so that no side has other conditions.
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "",
    **QUIET_THREADS,
    "PYTHONPATH": str(ROOT),
    "PYTHONWARNINGS": "ignore",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on, all different."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


def clean_environment() -> dict[str, str]:
    """This process's environment without the app's own settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BOT_")}


def start(command: Sequence[str], environment: Mapping[str, str], log: Path, cwd: Path = ROOT) -> psutil.Popen:
    """Starts a process whose output goes to `log`."""
    with log.open("ab") as output:
        return psutil.Popen(
            list(command), cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )


def end(process: psutil.Popen, seconds: float = 20) -> None:
    """Ends a process and everything it started; what does not go by itself is killed."""
    with contextlib.suppress(psutil.NoSuchProcess):
        tree = [process, *process.children(recursive=True)]
        process.terminate()
        _gone, left = psutil.wait_procs(tree, timeout=seconds)
        for each in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(left, timeout=5)


def tree_memory(roots: Sequence[psutil.Process]) -> int:
    """Resident memory in bytes of the processes and all below them; pages they share count in each."""
    total = 0
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            for each in (root, *root.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += int(each.memory_info().rss)
    return total


class MemoryWatch:
    """Keeps the peak of a side's memory, in bytes, while it is open."""

    def __init__(self) -> None:
        self.peak = 0

    @contextlib.contextmanager
    def over(self, roots: Sequence[psutil.Process]) -> Iterator[None]:
        """Samples the trees below `roots` ten times a second until the block ends."""
        stop = threading.Event()

        def sample() -> None:
            while not stop.wait(SAMPLE_SECONDS):
                self.peak = max(self.peak, tree_memory(roots))

        thread = threading.Thread(target=sample, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
