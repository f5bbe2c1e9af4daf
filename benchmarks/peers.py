"""`make evaluate-peers`: this project's pipeline beside Rasa's default one and the one Estonia's Bürokratt publishes.

All three are trained on the same messages (data/nlu, chosen languages) and judged on the same ones
(tests/evaluation, same languages) on this machine: accuracy, training time, model size, time a message. What a peer
learns without words in common (other languages) is nothing, so languages can be chosen; hours can be saved that way.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from benchmarks.processes import ROOT
from benchmarks.training import default_pipeline, sources, train
from bot.text.language_id import LanguageIdentifier
from tools.evaluate import judge, messages, parse, summary

LIMIT = 4 * 3600.0


def burokratt_pipeline(epochs: int) -> list[dict[str, Any]]:
    """The pipeline in Bürokratt's public training repository (30 epochs there)."""
    return [
        {"name": "WhitespaceTokenizer"},
        {"name": "RegexFeaturizer"},
        {"name": "LexicalSyntacticFeaturizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
        {"name": "DIETClassifier", "epochs": epochs},
        {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.1},
    ]


def pipelines(default_epochs: int, burokratt_epochs: int) -> dict[str, list[dict[str, Any]]]:
    """Name -> pipeline, ours first."""
    ours = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))["pipeline"]
    return {
        "this project": ours,
        f"Bürokratt's ({burokratt_epochs} epochs)": burokratt_pipeline(burokratt_epochs),
        f"Rasa's default ({default_epochs} epochs)": default_pipeline(default_epochs),
    }


def measure(name: str, pipeline: list[dict[str, Any]], data: list[Path], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Trains on `data`, judges on `rows`."""
    print(f"Training {name} …", flush=True)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        config = {"recipe": "default.v1", "assistant_id": "peer", "language": "xx", "pipeline": pipeline}
        (folder / "config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
        fresh = {"BOT_EMBEDDING_CACHE": f"{folder}/embeddings.sqlite3"}
        seconds, _log = train("engine.serve", folder, folder / "config.yml", data, fresh, LIMIT)
        model = folder / "model.tar.gz"
        parsed = parse([row["text"] for row in rows], model)
        size = model.stat().st_size / 1e6
    identifier = LanguageIdentifier()
    judged = [judge(row, answer, identifier) for row, answer in zip(rows, parsed, strict=True)]
    by_language = {
        code: summary([row for row in judged if row["lang"] == code]) for code in sorted({r["lang"] for r in rows})
    }
    return {
        "name": name,
        "languages": {code: {"top1": each["top1"], "top3": each["top3"]} for code, each in by_language.items()},
        "top1": sum(each["top1"] for each in by_language.values()) / len(by_language),
        "top3": sum(each["top3"] for each in by_language.values()) / len(by_language),
        "macro_f1": summary(judged)["macro_f1"],
        "training_seconds": seconds,
        "model_mb": size,
        "ms": 1000 * median(answer["seconds"] for answer in parsed),
    }


def table(measured: Sequence[dict[str, Any]]) -> str:
    """Markdown, with ratios to this project."""
    ours = measured[0]
    lines = [
        "| pipeline | top-1 | top-3 | macro F1 | training | model | a message (median) |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for each in measured:
        lines.append(
            f"| {each['name']} | {each['top1']:.3f} | {each['top3']:.3f} | {each['macro_f1']:.3f} "
            f"| {each['training_seconds']:.0f} s ({each['training_seconds'] / ours['training_seconds']:.1f} x) "
            f"| {each['model_mb']:.1f} MB | {each['ms']:.1f} ms ({each['ms'] / ours['ms']:.2f} x) |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains, judges, prints; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make evaluate-peers", description=__doc__)
    parser.add_argument("--languages", default=",".join(sorted(p.stem for p in (ROOT / "data" / "nlu").glob("*.yml"))))
    parser.add_argument("--default-epochs", type=int, default=100)
    parser.add_argument("--burokratt-epochs", type=int, default=30)
    parser.add_argument("--json", type=Path, default=ROOT / "results" / "peers.json")
    chosen = parser.parse_args(arguments)
    languages = [code.strip() for code in chosen.languages.split(",") if code.strip()]
    data = [path for path in sources(languages) if path.parent.name == "nlu"]
    rows = messages([ROOT / "tests" / "evaluation" / f"{code}.jsonl" for code in languages])
    measured: list[dict[str, Any]] = []
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    for name, pipeline in pipelines(chosen.default_epochs, chosen.burokratt_epochs).items():
        measured.append(measure(name, pipeline, data, rows))
        chosen.json.write_text(json.dumps(measured, ensure_ascii=False, indent=1), encoding="utf-8")
    print(
        f"\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.processor() or platform.machine()}, {len(rows)} messages"
    )
    print(f"languages: {', '.join(languages)}\n\n{table(measured)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
