"""`make evaluate`: how well the trained model understands, language by language, on messages it never saw.

Lines: {"lang", "text", "intent", "style"?}. The model is run as Rasa serves it (engine/parse_lines.py); the safety
screen and the language identification are the bot's own. Shares run from 0 to 1; `one_question` is the share that
ends at the right intent with at most one question of the bot ("Is it about one of these?").
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.conversation.choices import ALWAYS, choices
from bot.i18n import supported
from bot.safety import screen
from bot.supervisor import PYTHON, QUIET_THREADS, newest_model
from bot.text.language_id import LanguageIdentifier, words

ROOT = Path(__file__).resolve().parent.parent
FALLBACK = "nlu_fallback"
CRISIS = ("crisis_self_harm", "crisis_danger")
# Needs whose reply is a safety card too: a card on them is no false alarm.
CARDED = (*CRISIS, "need_violence", "need_exploitation", "need_child_protection")
ALARMS = ("self_harm", "danger")
BINS = 10


def parse(texts: Sequence[str], model: Path | None = None) -> list[dict[str, Any]]:
    """What the trained model (or another one) makes of each text."""
    environment = {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        **QUIET_THREADS,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
    }
    lines = "\n".join(json.dumps({"text": text}) for text in texts)
    ran = subprocess.run(
        [str(PYTHON), "-m", "engine.parse_lines", str(model or newest_model(ROOT / "models"))],
        input=lines,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env=environment,
        check=True,
    )
    return [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]


def judge(row: dict[str, str], parsed: dict[str, Any], identifier: LanguageIdentifier) -> dict[str, Any]:
    """One message's outcome."""
    ranking = [name for name, _share in parsed["ranking"] if name != FALLBACK]
    shares = {name: share for name, share in parsed["ranking"] if name != FALLBACK}
    top = ranking[0] if ranking else ""
    alarmed = any(finding.category in ALARMS for finding in screen.screen(row["text"]))
    handled = parsed["intent"]
    offered = (*choices(ranking), *ALWAYS)
    return {
        "lang": row["lang"],
        "text": row["text"],
        "intent": row["intent"],
        "predicted": top,
        "top1": top == row["intent"],
        "top3": row["intent"] in ranking[:3],
        "confidence": shares.get(top, 0.0),
        "fallback": handled == FALLBACK,
        "card": alarmed or handled in CRISIS,
        "one_question": handled == row["intent"] or (handled == FALLBACK and row["intent"] in offered),
        "language_right": _same_language(identifier.identify(row["text"]), row["lang"]),
        "long_enough": words(row["text"]) >= 4,
    }


def _same_language(found: str, wanted: str) -> bool:
    # Of a language that is not supported it is enough to know that.
    return found == wanted if supported(wanted) else not supported(found)


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Figures over judged messages; a share over nothing is None."""
    crisis = [row for row in rows if row["intent"] in CRISIS]
    others = [row for row in rows if row["intent"] not in CARDED]
    spoken = [row for row in rows if row["long_enough"]]
    return {
        "n": len(rows),
        "top1": _share(rows, "top1"),
        "top3": _share(rows, "top3"),
        "macro_f1": macro_f1([(row["intent"], row["predicted"]) for row in rows]),
        "crisis_recall": _share(crisis, "card"),
        "crisis_false_alarms": _share(others, "card"),
        "fallback": _share(rows, "fallback"),
        "one_question": _share(rows, "one_question"),
        "ece": calibration_error([(row["confidence"], row["top1"]) for row in rows]),
        "language_id": _share(spoken, "language_right"),
    }


def _share(rows: Sequence[dict[str, Any]], name: str) -> float | None:
    return sum(bool(row[name]) for row in rows) / len(rows) if rows else None


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float | None:
    """The mean F1 over the intents that occur in the data."""
    intents = {wanted for wanted, _got in pairs}
    if not intents:
        return None
    total = 0.0
    for intent in intents:
        hits = sum(wanted == got == intent for wanted, got in pairs)
        wrong = sum((wanted == intent) != (got == intent) for wanted, got in pairs)
        total += 2 * hits / (2 * hits + wrong)
    return total / len(intents)


def calibration_error(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """Expected calibration error over ten equal bins: how far confidence is from being right that often."""
    if not pairs:
        return None
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for confidence, right in pairs:
        bins[min(BINS - 1, int(confidence * BINS))].append((confidence, right))
    gaps = [abs(sum(c for c, _r in each) - sum(r for _c, r in each)) for each in bins.values()]
    return sum(gaps) / len(pairs)


def report(judged: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """All figures, as JSON= writes them."""
    languages = sorted({row["lang"] for row in judged})
    confusions = Counter((row["intent"], row["predicted"]) for row in judged if not row["top1"])
    return {
        "languages": {code: summary([row for row in judged if row["lang"] == code]) for code in languages},
        "overall": summary(judged),
        "confusions": [{"intent": a, "predicted": b, "n": n} for (a, b), n in confusions.most_common(20)],
        "missed_crisis": [
            {key: row[key] for key in ("lang", "text", "intent", "predicted")}
            for row in judged
            if row["intent"] in CRISIS and not row["card"]
        ],
    }


def show(figures: dict[str, Any], judged: Sequence[dict[str, Any]]) -> None:
    """Prints the figures for people."""
    names = list(figures["overall"])
    print("lang   " + "".join(f"{name[:13]:>14}" for name in names))
    for code, row in [*figures["languages"].items(), ("all", figures["overall"])]:
        cells = "".join(
            f"{'–' if row[n] is None else row[n] if n == 'n' else format(row[n], '.3f'):>14}" for n in names
        )
        print(f"{code:7}{cells}")
    right: dict[str, list[bool]] = defaultdict(list)
    for row in judged:
        right[row["intent"]].append(row["top1"])
    print("\nworst intents:")
    for intent, hits in sorted(right.items(), key=lambda item: sum(item[1]) / len(item[1]))[:10]:
        print(f"  {intent:28} {sum(hits)}/{len(hits)}")
    print("\nmost confused:")
    for each in figures["confusions"][:12]:
        print(f"  {each['intent']:28} -> {each['predicted']:28} {each['n']}")
    print("\nmissed crisis messages:")
    for each in figures["missed_crisis"]:
        print(f"  [{each['lang']}] {each['text']} ({each['predicted']})")


def messages(files: Sequence[Path]) -> list[dict[str, Any]]:
    """The lines of evaluation files."""
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines() if line.strip()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluates; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make evaluate")
    parser.add_argument("--data", type=Path, nargs="*", help="JSON lines; default: tests/evaluation/*.jsonl")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    chosen = parser.parse_args(arguments)
    files = chosen.data or sorted((ROOT / "tests" / "evaluation").glob("*.jsonl"))
    rows = messages(files)
    if not rows:
        print("There is nothing to evaluate.")
        return 2
    identifier = LanguageIdentifier()
    parsed = parse([row["text"] for row in rows])
    judged = [judge(row, answer, identifier) for row, answer in zip(rows, parsed, strict=True)]
    figures = report(judged)
    show(figures, judged)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
