"""`make evaluate-search`: does the catalogue's search find what was judged to fit, in every language?

Questions are lines {"lang", "text", "services": [...]} and may tell more: "need", "municipality", "age_group",
"service_language", "delivery". A judged service is named by its id, sourceId (with or without the part before the
colon) or exact name. Recall at 3: the share of questions with a judged service among the first three. Beside it stand
full text alone and embeddings alone, as they rank without fusion, filters and boosts.

    python -m tools.evaluate_search [--catalogue FILE_OR_FOLDER] [--questions FILE …] [--database URL] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from bot.catalogue.files import PTV_FILE, read_file
from bot.catalogue.model import Service
from bot.catalogue.search import Catalogue, Ranking
from bot.catalogue.store import load_embedded, put_catalogue
from bot.routing.places import regions
from bot.storage.crypto import Box
from bot.storage.database import MIGRATIONS, Database

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "data" / "catalogue"
QUESTIONS = ROOT / "tests" / "evaluation-search"
KEPT = ROOT / ".cache" / "evaluate-search"
OWN = ("fi", "sv", "en")
AIM_OWN, AIM_ALL = 0.90, 0.85
DEPTH = 10
WAYS: dict[str, Ranking | None] = {"search": None, "full text": "words", "embeddings": "meaning"}
_WISHES = ("need", "age_group", "service_language", "delivery")


@dataclass(frozen=True)
class Judged:
    """A question's outcome: for each way the place of the first judged service (1 is first; None: not in the first
    ten), the share of the judged ones among the first three of as many as could be there, and what came first."""

    lang: str
    text: str
    services: tuple[str, ...]
    first: Mapping[str, int | None]
    share: Mapping[str, float]
    answers: tuple[str, ...]


def read_questions(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """All questions of the files; ValueError names the file and line that is none."""
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if not line.strip():
                continue
            row = json.loads(line)
            if not (row.get("text") and row.get("lang") and row.get("services")):
                raise ValueError(f"{path.name}:{number}: lang, text and services are needed")
            found.append(row)
    return found


async def opened(catalogue: Path, database_url: str | None, folder: Path) -> tuple[Database, Catalogue]:
    """The catalogue in a database of its own; the embedded one's is kept, so that only new words are embedded."""
    if database_url is None:
        database_url = f"sqlite+aiosqlite:///{folder / f'{_tables()}.sqlite3'}"
    database = Database(database_url, Box([Fernet.generate_key()]))
    await database.migrate()
    if catalogue == CATALOGUE:
        loaded = await load_embedded(database, catalogue)
        print(f"{catalogue.name}: {loaded}")
    else:
        services, aside = read_file(PTV_FILE, catalogue)
        await put_catalogue(database, PTV_FILE, services, None)
        print(f"{catalogue.name}: {len(services)} services, {len(aside)} set aside")
        for label, reason in aside[:20]:
            print(f"  {label}: {reason}")
    return database, Catalogue(database)


def _tables() -> str:
    state = hashlib.sha256()
    for path in sorted((MIGRATIONS / "versions").glob("*.py")):
        state.update(path.read_bytes())
    return state.hexdigest()[:16]


def labels(service: Service) -> set[str]:
    """All that a question may call a service by."""
    return {service.id, service.source_id, service.source_id.rpartition(":")[2], *service.names.values()}


async def judge(catalogue: Catalogue, row: Mapping[str, Any]) -> Judged:
    """Asks the question in each way."""
    wanted = {str(each) for each in row["services"]}
    wishes = {name: row[name] for name in _WISHES if row.get(name)}
    if named := row.get("municipality"):
        place = regions().resolve(str(named))
        wishes["municipality"] = place.municipality_code if place else str(named)
    first: dict[str, int | None] = {}
    share: dict[str, float] = {}
    answers: tuple[str, ...] = ()
    for way, ranking in WAYS.items():
        found = await catalogue.search(row["text"], language=row["lang"], limit=DEPTH, only=ranking, **wishes)
        hits = [bool(labels(each.service) & wanted) for each in found]
        first[way] = hits.index(True) + 1 if True in hits else None
        share[way] = sum(hits[:3]) / min(3, len(wanted))
        if ranking is None:
            answers = tuple(each.service.source_id.rpartition(":")[2] for each in found[:3])
    return Judged(row["lang"], row["text"], tuple(sorted(wanted)), first, share, answers)


def figures(judged: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Way -> recall_3 (share of questions with a judged service in the first three), recall_1, mrr_10, share_3 (judged
    ones among the first three, of as many as could be there)."""
    found: dict[str, dict[str, float]] = {}
    for way in WAYS:
        places = [each.first[way] for each in judged]
        found[way] = {
            "recall_3": sum(place is not None and place <= 3 for place in places) / len(places),
            "recall_1": sum(place == 1 for place in places) / len(places),
            "mrr_10": sum(1 / place for place in places if place) / len(places),
            "share_3": sum(each.share[way] for each in judged) / len(places),
        }
    return found


def report(judged: Sequence[Judged]) -> dict[str, Any]:
    """All figures: by language, fi/sv/en together, over all, and the questions that were missed."""
    by_language: dict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        by_language[each.lang].append(each)
    own = [each for each in judged if each.lang in OWN]
    groups = {**by_language, **({"fi/sv/en": own} if own else {}), "all": list(judged)}
    return {
        "figures": {name: {"n": len(rows), **figures(rows)} for name, rows in groups.items()},
        "missed": [
            {"lang": each.lang, "text": each.text, "wanted": each.services, "answers": each.answers}
            for each in judged
            if (each.first["search"] or DEPTH) > 3
        ],
    }


def show(made: Mapping[str, Any]) -> None:
    """Prints the figures for people."""
    print(f"\n{'recall at 3':12}{'n':>5}{'search':>10}{'full text':>12}{'embeddings':>12}   first  mrr@10  share@3")
    for name, row in made["figures"].items():
        search = row["search"]
        alone = "".join(f"{row[way]['recall_3']:>12.1%}" for way in ("full text", "embeddings"))
        print(
            f"{name:12}{row['n']:>5}{search['recall_3']:>10.1%}{alone}"
            f"{search['recall_1']:>8.1%}{search['mrr_10']:>8.3f}{search['share_3']:>9.1%}"
        )
    if made["missed"]:
        print("\nnot among the first three:")
    for each in made["missed"]:
        print(f"  [{each['lang']}] {each['text']}\n      {', '.join(each['answers'])}")


async def evaluate(catalogue: Path, questions: Sequence[Path], database_url: str | None) -> dict[str, Any]:
    """Loads the catalogue and asks all questions."""
    rows = read_questions(questions)
    if not rows:
        raise ValueError("there are no questions")
    with tempfile.TemporaryDirectory() as temporary:
        KEPT.mkdir(parents=True, exist_ok=True)
        folder = KEPT if catalogue == CATALOGUE else Path(temporary)
        database, search = await opened(catalogue, database_url, folder)
        try:
            known = {label for each in await search.all(language="fi") for label in labels(each.service)}
            unknown = sorted({str(name) for row in rows for name in row["services"]} - known)
            if unknown:
                print(f"{len(unknown)} judged services are not in the catalogue: {', '.join(unknown[:10])}")
            return report([await judge(search, row) for row in rows])
        finally:
            await database.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluates; 1 where the aims are missed with the project's own questions."""
    parser = argparse.ArgumentParser(prog="make evaluate-search")
    parser.add_argument(
        "--catalogue", type=Path, default=CATALOGUE, help="PTV-shaped file, or folder as data/catalogue"
    )
    parser.add_argument(
        "--questions", type=Path, nargs="*", help="JSON lines; default: tests/evaluation-search/*.jsonl"
    )
    parser.add_argument("--database", help="an empty database to use, as BOT_DATABASE_URL; default: SQLite")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args(arguments)
    questions = chosen.questions or sorted(QUESTIONS.glob("*.jsonl"))
    made = asyncio.run(evaluate(chosen.catalogue.resolve(), questions, chosen.database))
    show(made)
    if chosen.json:
        chosen.json.write_text(json.dumps(made, ensure_ascii=False, indent=1), encoding="utf-8")
    if chosen.questions:
        return 0
    reached = made["figures"]
    aims = {"fi/sv/en": AIM_OWN, "all": AIM_ALL}
    return 1 if any(reached[name]["search"]["recall_3"] < aim for name, aim in aims.items()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
