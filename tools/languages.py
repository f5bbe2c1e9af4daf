"""`add CODE NAME [rtl]` scaffolds a language; `missing [CODE]` says what it still lacks. docs/add-a-language.md

`add` writes the line in data/languages.yml, the catalogue, and empty training, safety, details and dialogue files with
the shape of the English ones. Nothing else in the project names a language.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml
from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog, Message

from bot.i18n import languages
from tools import i18n
from tools.check_languages import SCRIPTS, STAFF, STAFF_LANGUAGES, filled
from tools.check_nlu import MINIMUM, SHORT, intents, messages

ROOT = Path(__file__).resolve().parent.parent
EVALUATION_MINIMUM = 3
DRAFT = "Draft: to be read by a native speaker."


def add(root: Path, code: str, name: str, direction: str) -> list[Path]:
    """Scaffolds a language under `root`; returns the files made. Raises ValueError for one that is there or unknown."""
    register = root / "data" / "languages.yml"
    if code in yaml.safe_load(register.read_text(encoding="utf-8")):
        raise ValueError(f"[{code}] data/languages.yml: is there already")
    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError) as error:
        raise ValueError(f"[{code}] CLDR does not know it: choose a `locale` and add the line by hand") from error
    line = f'{code}: {{name: {name}, dir: {direction}, day: "EEEE d MMMM", review: draft}}\n'
    register.write_text(register.read_text(encoding="utf-8") + line, encoding="utf-8")
    details = root / "data" / "details.yml"
    block: dict[str, dict[str, list[str]]] = {
        code: {kind: [] for kind in yaml.safe_load(details.read_text(encoding="utf-8"))["en"]}
    }
    details.write_text(
        details.read_text(encoding="utf-8") + yaml.safe_dump(block, sort_keys=False, default_flow_style=None),
        encoding="utf-8",
    )
    lines = yaml.safe_load((root / "tests" / "dialogue" / "lines" / "en.yml").read_text(encoding="utf-8"))
    files = {
        root / "data" / "nlu" / f"{code}.yml": f'# {name}. {DRAFT}\nversion: "3.1"\nnlu: []\n',
        root / "data" / "safety" / f"{code}.yml": f"# {name}. Format: README.md. {DRAFT}\nwords: {{}}\n",
        root / "tests" / "dialogue" / "lines" / f"{code}.yml": f"# {name}. {DRAFT}\n"
        + "".join(f'{key}: ""  # {text}\n' for key, text in lines.items()),
    }
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return [register, details, *files]


def missing(root: Path, code: str) -> Iterator[str]:
    """What a language lacks, `[code] file: what`; nothing where it is complete."""
    if code not in languages():
        yield f"[{code}] data/languages.yml: no line"
        return
    nlu = root / "data" / "nlu" / f"{code}.yml"
    counted = messages(nlu) if nlu.exists() else {}
    for intent in intents():
        wanted = MINIMUM // 2 if intent in SHORT else MINIMUM
        if (count := len(counted.get(intent, []))) < wanted:
            yield f"[{code}] data/nlu/{code}.yml: {intent} has {count} messages, at least {wanted} are needed"
    safety = root / "data" / "safety" / f"{code}.yml"
    lexicon = (yaml.safe_load(safety.read_text(encoding="utf-8")) or {}) if safety.exists() else {}
    english = yaml.safe_load((root / "data" / "safety" / "en.yml").read_text(encoding="utf-8"))
    for category in english:
        if not lexicon.get(category):
            yield f"[{code}] data/safety/{code}.yml: no {category}"
    catalogue = i18n.read(code)
    empty = sum(1 for each in i18n.template() if each.id and not _translated(code, catalogue, each))
    if empty:
        yield f"[{code}] locales/{code}/LC_MESSAGES/bot.po: {empty} messages are not translated (make i18n)"
    details = yaml.safe_load((root / "data" / "details.yml").read_text(encoding="utf-8"))
    for kind in details["en"]:
        if not (details.get(code) or {}).get(kind):
            yield f"[{code}] data/details.yml: no words for {kind}"
    spoken = root / "tests" / "dialogue" / "lines" / f"{code}.yml"
    lines = (yaml.safe_load(spoken.read_text(encoding="utf-8")) or {}) if spoken.exists() else {}
    known = yaml.safe_load((root / "tests" / "dialogue" / "lines" / "en.yml").read_text(encoding="utf-8"))
    for key in known:
        if not lines.get(key):
            yield f"[{code}] tests/dialogue/lines/{code}.yml: no line for {key}"
    evaluation = root / "tests" / "evaluation" / f"{code}.jsonl"
    if not evaluation.exists():
        yield f"[{code}] tests/evaluation/{code}.jsonl: missing ({EVALUATION_MINIMUM} messages an intent)"
    if code not in SCRIPTS and languages()[code].rtl:
        yield f"[{code}] tools/check_languages.py: SCRIPTS does not know its script"


def _translated(code: str, catalogue: Catalog, wanted: Message) -> bool:
    if code not in STAFF_LANGUAGES and all(STAFF.match(name) for name, _line in wanted.locations):
        return True
    found = catalogue.get(wanted.id, wanted.context)
    return found is not None and filled(found)


def main(arguments: list[str]) -> int:
    """`python -m tools.languages add de Deutsch`, `python -m tools.languages missing [de]`."""
    if arguments[:1] == ["add"] and len(arguments) in (3, 4):
        direction = arguments[3] if len(arguments) == 4 else "ltr"
        try:
            made = add(ROOT, arguments[1], arguments[2], direction)
        except ValueError as error:
            print(error, file=sys.stderr)
            return 1
        languages.cache_clear()
        i18n.update()
        for path in [*made, i18n.path_of(arguments[1])]:
            print(path.relative_to(ROOT))
        arguments = ["missing", arguments[1]]
    if arguments[:1] != ["missing"]:
        print(__doc__, file=sys.stderr)
        return 2
    lacks = [line for code in arguments[1:] or list(languages()) for line in missing(ROOT, code)]
    print("\n".join(lacks) if lacks else "nothing is missing")
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
