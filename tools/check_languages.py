"""`make lint`: what every language needs. Faults read `[ar] locales/ar/LC_MESSAGES/bot.po: what is wrong`.

Checked: every message translated, none fuzzy, the same placeholders, as many plural forms as the language has,
catalogues in step with the sources, text in the language's own script and no word of two scripts, no button payload
inside a text, numbers of several groups isolated, plain language (tools/plain.py), a safety lexicon.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message

from bot.i18n import languages
from tools import i18n, plain

ROOT = Path(__file__).resolve().parent.parent
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[sd]")
PAYLOAD = re.compile(
    r"/(?:request|ask|need|inform|affirm|deny|withdraw|change|crisis)_?\w*\s*\{|/(?:request|ask|need)_\w+"
)
TWO_SCRIPTS = re.compile(r"[A-Za-zÀ-ɏ][\u0400-\u04ff]|[\u0400-\u04ff][A-Za-zÀ-ɏ]")
RIGHT_TO_LEFT = tuple(code for code, each in languages().items() if each.rtl)
GROUPED_NUMBER = re.compile(r"(?<![\u2066\d])\d{2,}[ -]\d{2,}")
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
        if found is None or not filled(found):
            yield f"missing: {name}"
            continue
        if found.fuzzy:
            yield f"fuzzy: {name}"
        if isinstance(found.string, tuple) and len(found.string) != catalogue.num_plurals:
            yield f"{len(found.string)} plural forms, the language has {catalogue.num_plurals}: {name}"
        expected = set(PLACEHOLDER.findall(name))
        for string in found.string if isinstance(found.string, (tuple, list)) else [found.string]:
            text = str(string)
            got = set(PLACEHOLDER.findall(text))
            plural = isinstance(found.string, (tuple, list))
            if got != expected and not (plural and got <= expected):  # "two years" may say the number in words
                yield f"placeholders differ ({sorted(got ^ expected)}): {name}"
            yield from (f"{fault} [{name}]" for fault in _written(code, text))
            if not all(STAFF.match(where) for where, _line in wanted.locations):
                yield from plain.faults(code, name, text)
            script = SCRIPTS.get(code)
            if script and not UNIVERSAL.match(name) and not re.search(script, text):
                yield f"not in the language's script: {name} -> {text}"


def _written(code: str, text: str) -> Iterator[str]:
    """What no sentence may hold, whatever it says."""
    if PAYLOAD.search(text):
        yield f"a button's payload in the text: {text}"
    if mixed := TWO_SCRIPTS.search(text):
        yield f"letters of two scripts in one word: {mixed[0]}"
    if code in RIGHT_TO_LEFT and (number := GROUPED_NUMBER.search(text)):
        yield f"a number of several groups turns round in this script; put it in by a placeholder: {number[0]}"


def filled(message: Message) -> bool:
    """True where every form of a message is translated."""
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
