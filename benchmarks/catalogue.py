"""`python -m benchmarks.catalogue`: search, import and memory with 1 000 to 50 000 services in SQLite.

Each size runs in a process of its own on a new database. The services are made from the repository's own (names with
places, sentences of their descriptions mixed, lengths like PTV's); their vectors are real embeddings of the services
they were made from, with noise, because embedding 50 000 services takes an hour on two cores: that rate is measured
apart, on real texts. The questions are the evaluation's messages in 13 languages, asked with and without filters, each
timed beside its own embedding alone, in turns. What is measured and what is weak about it: docs/benchmark.md.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

from benchmarks.processes import ROOT

SIZES = (1_000, 5_000, 20_000, 50_000)
RESULTS = ROOT / "results" / "catalogue.json"
QUESTIONS = 150
NOISE = 0.6
"""Length of the random vector added to a unit vector, before it is made a unit again."""
LIMIT = 2.0
"""A search may take so many times the embedding of its question."""


def main() -> int:
    """Measures every size, prints the table, writes results/catalogue.json; 1 where a search takes too long."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue", description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="numbers of services")
    parser.add_argument("--fill", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--ask", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.fill or chosen.ask:
        step = fill(chosen.database, chosen.fill) if chosen.fill else ask(chosen.database, chosen.ask)
        print(json.dumps(asyncio.run(step)))
        return 0
    rows = []
    for size in (int(part) for part in chosen.sizes.split(",")):
        print(f"{size} services …", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as folder:
            row: dict[str, Any] = {"services": size}
            for step in ("--fill", "--ask"):  # memory is told by a process that has not made the services
                row |= _step(step, str(size), "--database", str(Path(folder) / "bench.sqlite3"))
        rows.append(row)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    print(report(rows))
    return 0 if all(row["p50_multiple"] <= LIMIT and row["p95_multiple"] <= LIMIT for row in rows) else 1


def _step(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.catalogue", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


async def fill(path: Path, size: int) -> dict[str, float]:
    """Imports `size` services into a new database; their vectors are real ones with noise."""
    from bot.catalogue import embedding
    from bot.catalogue.store import put_catalogue

    chance = random.Random(size)
    templates = _templates()
    texts = _texts(templates)
    sample = chance.sample(texts, 100)
    embedding.embed_passages(sample[:8])
    began = time.perf_counter()
    known = embedding.embed_passages(sample)
    embedded_per_second = len(sample) / (time.perf_counter() - began)
    noise = np.random.default_rng(size)

    def noisy(some: Any) -> Any:
        picked = known[noise.integers(len(known), size=len(some))]
        shift = noise.normal(size=picked.shape)
        found = picked + NOISE * shift / np.linalg.norm(shift, axis=1, keepdims=True)
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)

    embedding.embed_passages = noisy
    database = _database(path)
    await database.migrate()
    services = list(made(templates, size, chance))
    began = time.perf_counter()
    await put_catalogue(database, "bench", services, "1")
    imported = time.perf_counter() - began
    await database.close()
    return {
        "imported_per_second": size / imported,
        "embedded_per_second": embedded_per_second,
        "database_mib": os.path.getsize(path) / 2**20,  # noqa: ASYNC240, PTH202  # a process of its own: nobody waits
    }


async def ask(path: Path, size: int) -> dict[str, float]:
    """Loads the index and asks; then 100 services change and the index follows."""
    from bot.catalogue import embedding
    from bot.catalogue.search import Catalogue
    from bot.catalogue.store import put_catalogue

    chance = random.Random(size)
    embedding.embed_query("ready")
    process = psutil.Process()
    database = _database(path)
    catalogue = Catalogue(database)
    gc.collect()
    before = process.memory_info().rss
    began = time.perf_counter()
    await catalogue.load()
    load = time.perf_counter() - began
    memory = process.memory_info().rss - before
    asked = await _ask(catalogue, chance)
    changed = []
    for number in chance.sample(range(size), 100):
        service = await catalogue.get(f"bench-{number}")
        assert service is not None
        changed.append(replace(service, charge="free" if service.charge is None else None))
    await put_catalogue(database, "bench", changed, "2", gone=[])
    began = time.perf_counter()
    await catalogue.load()
    reload = time.perf_counter() - began
    await database.close()
    return {"load_seconds": load, "reload_seconds": reload, "memory_mib": memory / 2**20, **asked}


def _database(path: Path) -> Any:
    from cryptography.fernet import Fernet

    from bot.storage.crypto import Box
    from bot.storage.database import Database

    return Database(f"sqlite+aiosqlite:///{path}", Box([Fernet.generate_key()]))


def _templates() -> list[Any]:
    from bot.catalogue.store import read_folder

    return read_folder(ROOT / "data" / "catalogue")[0]


def _texts(templates: list[Any]) -> list[str]:
    from bot.catalogue.store import passages_of

    return [passage.text for service in templates for passage in passages_of(service) if passage.text]


async def _ask(catalogue: Any, chance: random.Random) -> dict[str, float]:
    from bot.catalogue import embedding
    from bot.routing.needs import needs
    from bot.routing.places import regions

    places = [each.code for each in regions().municipalities()]
    wanted = [need for need in needs() if need.startswith("need_")]
    questions = _questions(chance)
    for language, text in questions[:10]:
        await catalogue.search(text, language=language)
    alone, whole, filtered = [], [], []
    for number, (language, text) in enumerate(questions):
        wish: dict[str, Any] = {}
        if number % 3:
            wish["municipality"] = chance.choice(places)
        if number % 3 == 2:
            wish["need"] = chance.choice(wanted)

        async def search(text: str = text, language: str = language, wish: dict[str, Any] = wish) -> float:
            began = time.perf_counter()
            found = await catalogue.search(text, language=language, limit=3, **wish)
            assert found
            return time.perf_counter() - began

        async def embed(text: str = text) -> float:
            # In a thread as the search does it, so that the same waiting counts on both sides.
            began = time.perf_counter()
            await asyncio.to_thread(embedding.embed_query, text)
            return time.perf_counter() - began

        # Who comes first changes, so that what the other left in the caches favours neither.
        if number % 2:
            whole.append(await search())
            alone.append(await embed())
        else:
            alone.append(await embed())
            whole.append(await search())
        if wish:
            filtered.append(whole[-1])
    alone_p50, alone_p95 = _percentile(alone, 50), _percentile(alone, 95)
    whole_p50, whole_p95 = _percentile(whole, 50), _percentile(whole, 95)
    return {
        "embedding_p50_ms": alone_p50 * 1000,
        "embedding_p95_ms": alone_p95 * 1000,
        "search_p50_ms": whole_p50 * 1000,
        "search_p95_ms": whole_p95 * 1000,
        "filtered_p50_ms": median(filtered) * 1000,
        "p50_multiple": whole_p50 / alone_p50,
        "p95_multiple": whole_p95 / alone_p95,
    }


def _questions(chance: random.Random) -> list[tuple[str, str]]:
    """(language, message) of the evaluation, as many of every language."""
    files = sorted((ROOT / "tests" / "evaluation").glob("*.jsonl"))
    found = []
    for path in files:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        texts = [row["text"] for row in rows if len(row.get("text", "")) > 8]
        found += [(path.stem, text) for text in chance.sample(texts, min(len(texts), QUESTIONS // len(files) + 1))]
    chance.shuffle(found)
    return found[:QUESTIONS]


def made(templates: list[Any], size: int, chance: random.Random) -> Any:
    """`size` services made of the templates: another place in the name, sentences mixed, served here or everywhere."""
    from bot.routing.places import regions

    places = [(each.code, each.name) for each in regions().municipalities()]
    sentences = {
        language: [
            sentence
            for service in templates
            for sentence in service.descriptions.get(language, "").replace("\n", " ").split(". ")
            if len(sentence) > 20
        ]
        for language in ("fi", "sv", "en")
    }
    for number in range(size):
        template = templates[number % len(templates)]
        code, place = chance.choice(places)
        languages = ["fi", *(["sv"] if chance.random() < 0.3 else []), *(["en"] if chance.random() < 0.15 else [])]
        everywhere = chance.random()
        yield replace(
            template,
            id=f"bench-{number}",
            source="bench",
            source_id=f"bench-{number}",
            names={code_: f"{template.names[code_]}, {place} {number}" for code_ in languages},
            summaries={code_: ". ".join(chance.choices(sentences[code_], k=2))[:150] for code_ in languages},
            descriptions={code_: ". ".join(chance.choices(sentences[code_], k=10)) for code_ in languages},
            keywords={code_: template.keywords.get(code_, ()) for code_ in languages},
            whole_country=everywhere < 0.05,
            county=0.05 <= everywhere < 0.15,
            municipalities=frozenset() if everywhere < 0.15 else frozenset({code}),
        )


def _percentile(values: list[float], percent: int) -> float:
    return float(np.percentile(values, percent))


def report(rows: list[dict[str, Any]]) -> str:
    """The Markdown table."""
    labels = (
        ("search p50 (ms)", "search_p50_ms", 1),
        ("search p95 (ms)", "search_p95_ms", 1),
        ("embedding of the question alone, p50 (ms)", "embedding_p50_ms", 1),
        ("embedding of the question alone, p95 (ms)", "embedding_p95_ms", 1),
        ("**search p50 / embedding p50**", "p50_multiple", 2),
        ("**search p95 / embedding p95**", "p95_multiple", 2),
        ("with municipality or need, p50 (ms)", "filtered_p50_ms", 1),
        ("import without embeddings (services/s)", "imported_per_second", 0),
        ("embedding (texts/s, real texts)", "embedded_per_second", 0),
        ("index: first load (s)", "load_seconds", 1),
        ("index: after 100 changes (s)", "reload_seconds", 2),
        ("memory of the index (MiB)", "memory_mib", 0),
        ("database (MiB)", "database_mib", 0),
    )
    lines = ["| services | " + " | ".join(f"{row['services']:,}" for row in rows) + " |"]
    lines.append("|---|" + "---:|" * len(rows))
    lines += [
        f"| {label} | " + " | ".join(f"{row[key]:.{digits}f}" for row in rows) + " |" for label, key, digits in labels
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
