"""How well places, ages, contacts and what must be masked are found: `make evaluate-entities`.

Reads lines `{"lang", "text", "places", "ages", "phones", "emails", "masked", "decoy"?}` of tests/evaluation-entities
and prints precision, recall and F1 for each kind and language, then every miss. `places` are place ids, `ages` months,
phones E.164, `masked` the identity codes, accounts and street addresses as written. A line with a `decoy` holds a word
that looks like a place and is none. second.jsonl, third.jsonl and fourth.jsonl are left out: each was written after the
rules and measured before they changed again. No model is needed: all of this is bot.text.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bot.text.addresses import address_spans
from bot.text.ages import find_ages
from bot.text.contacts import find_contacts
from bot.text.masking import sensitive_spans
from bot.text.places import place_finder

DATA = Path(__file__).resolve().parents[1] / "tests" / "evaluation-entities"
KINDS = ("places", "ages", "phones", "emails", "masked")


@dataclass(frozen=True)
class Score:
    """Counts of one kind: `right` found and expected, `wrong` found only, `missed` expected only."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Score) -> Score:
        return Score(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 when nothing was found."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 1 when nothing is there."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        both = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / both if both else 1.0


def read(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """The rows of the files, in order."""
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines() if line]


def entities(text: str, language: str) -> dict[str, list[Any]]:
    """Everything found in one message, by kind."""
    contacts = find_contacts(text)
    return {
        "places": [match.place_id for match in place_finder().find(text, language)],
        "ages": [match.months for match in find_ages(text, language)],
        "phones": [match.value for match in contacts if match.kind == "phone"],
        "emails": [match.value for match in contacts if match.kind == "email"],
        "masked": [text[start:end] for start, end in sorted([*sensitive_spans(text), *address_spans(text)])],
    }


def score(expected: Sequence[Any], found: Sequence[Any]) -> Score:
    """Compares two lists whatever their order; what is named twice counts twice."""
    there, seen = Counter(expected), Counter(found)
    return Score((there & seen).total(), (seen - there).total(), (there - seen).total())


def evaluate(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[tuple[str, str], Score], list[str]]:
    """Scores by (language, kind), and a line for each miss."""
    scores: dict[tuple[str, str], Score] = {}
    misses: list[str] = []
    for row in rows:
        found = entities(row["text"], row["lang"])
        for kind in KINDS:
            result = score(row[kind], found[kind])
            key = (row["lang"], kind)
            scores[key] = scores.get(key, Score()) + result
            if result.wrong or result.missed:
                misses.append(f"[{row['lang']}] {kind}: expected {row[kind]}, found {found[kind]}: {row['text']}")
    return scores, misses


def total(scores: Mapping[tuple[str, str], Score], language: str | None = None, kind: str | None = None) -> Score:
    """The sum over one language, one kind, or all."""
    chosen = (s for (lang, name), s in scores.items() if language in (None, lang) and kind in (None, name))
    return sum(chosen, Score())


def _table(scores: Mapping[tuple[str, str], Score]) -> Table:
    table = Table("language", *KINDS, "all", title="precision / recall / F1, % (n expected)")
    for language in [*sorted({lang for lang, _ in scores}), None]:
        cells = [total(scores, language, kind) for kind in (*KINDS, None)]
        table.add_row(language or "all", *map(_cell, cells))
    return table


def _cell(score: Score) -> str:
    if score == Score():
        return "-"
    shares = " / ".join(f"{100 * share:.1f}" for share in (score.precision, score.recall, score.f1))
    return f"{shares} ({score.right + score.missed})"


def main() -> None:
    """Prints the table and the misses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="*", help="files to use instead of tests/evaluation-entities")
    paths = parser.parse_args().data or [path for path in sorted(DATA.glob("*.jsonl")) if len(path.stem) <= 3]
    rows = read(paths)
    scores, misses = evaluate(rows)
    decoys = sum("decoy" in row for row in rows)
    console = Console(width=180, highlight=False)
    console.print(f"{len(rows)} messages, {decoys} with a word that looks like a place and is none")
    console.print(_table(scores))
    for miss in misses:
        console.print(miss, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
