"""The entities' evaluation: its files are whole, and the target holds on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.text.places import place_finder
from tools.evaluate_entities import DATA, KINDS, Score, evaluate, read, score, total

FIRST = sorted(path for path in DATA.glob("*.jsonl") if len(path.stem) <= 3)
LATER = [DATA / f"{name}.jsonl" for name in ("second", "third", "fourth")]


@pytest.mark.parametrize("path", [*FIRST, *LATER], ids=lambda path: path.stem)
def test_every_line_is_whole(path: Path) -> None:
    known = place_finder().places
    for row in read([path]):
        assert {"lang", "text", *KINDS} <= set(row) <= {"lang", "text", *KINDS, "decoy"}, row
        assert set(row["places"]) <= set(known), row
        assert all(part in row["text"] for part in row["masked"]), row


def test_the_sets_are_broad_and_apart() -> None:
    first, later = read(FIRST), read(LATER)
    assert len({row["lang"] for row in first}) == 13
    assert len(first) >= 360
    assert sum("decoy" in row for row in first) >= 100
    texts = [row["text"] for row in (*first, *later)]
    assert len(texts) == len(set(texts))


@pytest.mark.parametrize("paths", [FIRST, LATER], ids=["first", "later"])
def test_the_target_holds(paths: list[Path]) -> None:
    scores, misses = evaluate(read(paths))
    for kind in KINDS:
        assert total(scores, kind=kind).f1 >= 0.97, "\n".join(misses)


def test_scores_count_what_is_named_twice() -> None:
    assert score(["oulu", "oulu", "ii"], ["oulu", "raahe"]) == Score(right=1, wrong=1, missed=2)
    assert Score(3, 1, 1).f1 == pytest.approx(0.75)
    assert Score().f1 == Score().precision == Score().recall == 1.0
