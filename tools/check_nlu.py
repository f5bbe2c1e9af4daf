"""`make lint`: the training messages, language by language. Faults read `[so] data/nlu/so.yml: what is wrong`.

Faults (exit 1): unknown or missing intents, too few messages, the same message under two intents, look-alike letters of
another script inside a word, annotation characters. Notes (exit 0): near-duplicates within an intent.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import yaml

from bot.i18n import languages

ROOT = Path(__file__).resolve().parent.parent
MINIMUM = 15
SHORT = {"greet", "goodbye", "thank", "affirm", "deny", "restart"}
_WORD = re.compile(r"[^\W\d_]+")
_FOLD = re.compile(r"\W+")


def intents() -> list[str]:
    """The intents of domain.yml, in order."""
    rows = yaml.safe_load((ROOT / "domain.yml").read_text(encoding="utf-8"))["intents"]
    return [next(iter(row)) if isinstance(row, dict) else row for row in rows]


def messages(path: Path) -> dict[str, list[str]]:
    """The training messages of a file by intent."""
    found: dict[str, list[str]] = defaultdict(list)
    for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
        lines = block["examples"].splitlines()
        found[block["intent"]] += [line[2:].strip() for line in lines if line.startswith("- ")]
    return found


def faults(language: str, found: dict[str, list[str]], wanted: list[str]) -> Iterator[str]:
    """What is wrong with one language's messages."""
    for intent in sorted(found.keys() - set(wanted)):
        yield f"unknown intent {intent}"
    seen: dict[str, str] = {}
    for intent in wanted:
        lines = found.get(intent, [])
        if len(lines) < (MINIMUM * 2 // 3 if intent in SHORT else MINIMUM):
            yield f"{intent} has only {len(lines)} messages"
        for line in lines:
            folded = _FOLD.sub("", line.casefold())
            if folded and seen.setdefault(folded, intent) != intent:
                yield f"the same message under {seen[folded]} and {intent}: {line}"
            if re.search(r"[\[\]{}]", line):
                yield f"annotation characters in {intent}: {line}"
            if mixed := next((word for word in _WORD.findall(line) if _mixed(word)), None):
                yield f"letters of two scripts in one word ({mixed}) in {intent}: {line}"


def _mixed(word: str) -> bool:
    scripts = {unicodedata.name(char, "").split(" ")[0] for char in word if char.isalpha()}
    return {"LATIN", "CYRILLIC"} <= scripts


def main() -> int:
    """Checks every language of the register that has a file; returns the exit code."""
    wanted = intents()
    wrong = total = 0
    across: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for path in sorted((ROOT / "data" / "nlu").glob("*.yml")):
        found = messages(path)
        total += sum(map(len, found.values()))
        for intent, lines in found.items():
            for line in lines:
                across[line.casefold()].append((path.stem, intent))
        for fault in faults(path.stem, found, wanted):
            print(f"[{path.stem}] data/nlu/{path.name}: {fault}")
            wrong += 1
    for line, places in sorted(across.items()):
        if len({intent for _language, intent in places}) > 1:
            print(f"[{places[0][0]}] the same message under two intents: {line} {places}")
            wrong += 1
    for code in languages():
        if not (ROOT / "data" / "nlu" / f"{code}.yml").exists():
            print(f"[{code}] data/nlu/{code}.yml: missing")
            wrong += 1
    print(f"training messages: {total}, faults: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
