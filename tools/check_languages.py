"""`make lint`: what every language needs. Faults read `[ar] locales/ar/LC_MESSAGES/bot.po: what is wrong`.

Checked: every message translated, none fuzzy, the same placeholders, catalogues in step with the sources, text in
the language's own script, a safety lexicon.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from bot.i18n import languages
from tools import i18n

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]")
SCRIPTS = {
    "ar": r"[\u0600-\u06ff]",
    "fa": r"[\u0600-\u06ff]",
    "ckb": r"[\u0600-\u06ff]",
    "ru": r"[\u0400-\u04ff]",
    "uk": r"[\u0400-\u04ff]",
    "zh": r"[\u4e00-\u9fff]",
}
# The staff desk speaks these languages only; its sentences are not wanted in the others.
STAFF_LANGUAGES = ("fi", "en")
STAFF = re.compile(r"bot/(web/staff|web/templates/staff/|requests/desk|requests/summary|staff/|cli)")
# Texts that are the same in every script.
UNIVERSAL = re.compile(
    r"^(PIN|Nollalinja|%\(days\)s %\(start\)s–%\(end\)s|PIN: %\(pin\)s|[\W\d_]*|%\(\w+\)s[^A-Za-z]*"
    r"|PA-XXXX-XXXX.*|.*TOTP.*)$"
)


def faults(code: str, catalogue: Catalog, template: Catalog) -> Iterator[str]:
    """What is wrong with one catalogue."""
    for wanted in template:
        if not wanted.id:
            continue
        if code not in STAFF_LANGUAGES and all(STAFF.match(name) for name, _line in wanted.locations):
            continue
        found = catalogue.get(wanted.id, wanted.context)
        name = str(wanted.id[0] if isinstance(wanted.id, tuple) else wanted.id)
        if found is None or not _filled(found):
            yield f"missing: {name}"
            continue
        if found.fuzzy:
            yield f"fuzzy: {name}"
        expected = set(PLACEHOLDER.findall(name))
        for string in found.string if isinstance(found.string, (tuple, list)) else [found.string]:
            text = str(string)
            got = set(PLACEHOLDER.findall(text))
            plural = isinstance(found.string, (tuple, list))
            if got != expected and not (plural and got <= expected):  # "two years" may say the number in words
                yield f"placeholders differ ({sorted(got ^ expected)}): {name}"
            script = SCRIPTS.get(code)
            if script and not UNIVERSAL.match(name) and not re.search(script, text):
                yield f"not in the language's script: {name} -> {text}"


def _filled(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, (tuple, list)) else bool(message.string)


def main() -> int:
    """Checks every language; returns the exit code."""
    template = i18n.template()
    wrong = 0
    for code in languages():
        path = i18n.path_of(code)
        name = path.relative_to(ROOT)
        lines = list(faults(code, i18n.read(code), template)) if path.exists() else ["missing"]
        if not (ROOT / "data" / "safety" / f"{code}.yml").exists():
            print(f"[{code}] data/safety/{code}.yml: missing")
            wrong += 1
        for line in lines:
            print(f"[{code}] {name}: {line}")
        wrong += len(lines)
    print(f"languages: {len(languages())}, faults: {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
