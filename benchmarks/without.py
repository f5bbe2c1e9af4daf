"""`make evaluate WITHOUT="so pl"`: how well a language does without training messages of its own.

Trains this project's pipeline on the messages of all other languages and judges that language's evaluation messages.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.processes import ROOT
from benchmarks.training import train
from bot.text.language_id import LanguageIdentifier
from tools.evaluate import judge, messages, parse, summary

LIMIT = 3600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains and judges language by language; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make evaluate WITHOUT=…", description=__doc__)
    parser.add_argument("languages", nargs="+")
    chosen = parser.parse_args(arguments)
    pipeline = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    config = {"recipe": "default.v1", "assistant_id": "without", "language": "xx", "pipeline": pipeline}
    identifier = LanguageIdentifier()
    for language in chosen.languages:
        rows = messages([ROOT / "tests" / "evaluation" / f"{language}.jsonl"])
        data = [path for path in sorted((ROOT / "data" / "nlu").glob("*.yml")) if path.stem != language]
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
            train("engine.serve", folder, folder / "config.yml", data, {}, LIMIT)
            parsed = parse([row["text"] for row in rows], folder / "model.tar.gz")
        judged = [judge(row, answer, identifier) for row, answer in zip(rows, parsed, strict=True)]
        found = summary(judged)
        print(
            f"[{language}] without its own messages: top-1 {found['top1']:.3f}, top-3 {found['top3']:.3f}, "
            f"crisis recall {found['crisis_recall']:.3f} ({len(rows)} messages)",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
