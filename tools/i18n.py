"""Catalogues: `update` (extract and merge), `compile`, `set FILE`. Catalogues are locales/<lang>/LC_MESSAGES/bot.po.

`set` takes translations from a JSON file, `{"message": {"fi": "…", "sv": "…"}}` (a list of forms for a plural
message; a message with a context is written `context|message`), and updates first.

English is the language of the msgids: its catalogue repeats them, so that it is edited and reviewed like the others.
"""

from __future__ import annotations

import fcntl
import io
import json
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bot.i18n import languages
from tools import extract_domain

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locales"
METHODS = [
    ("bot/**.py", "python"),
    ("actions/**.py", "python"),
    ("bot/web/templates/**.html", "jinja2"),
    ("bot/web/static/**.js", "javascript"),
    ("domain.yml", extract_domain.extract),
    ("data/routing.yml", extract_domain.extract_routing),
]


def template() -> Catalog:
    """All messages of the project."""
    catalogue = Catalog(project="pyyda-apua", charset="utf-8")
    found = extract_from_dir(ROOT, METHODS, comment_tags=("i18n:",), directory_filter=_wanted)  # type: ignore[arg-type]
    for name, line, message, comments, context in sorted(found, key=lambda row: (row[0], row[1])):
        catalogue.add(message, None, [(name, line)], auto_comments=comments, context=context)
    return catalogue


def _wanted(folder: str | Path) -> bool:
    name = Path(folder).name
    return not name.startswith(".") and name not in {"tests", "locales", "models", "var", "node_modules", "results"}


def path_of(language: str) -> Path:
    """Where a language's catalogue lies."""
    return LOCALES / language / "LC_MESSAGES" / "bot.po"


def read(language: str) -> Catalog:
    """A language's catalogue; an empty one where there is none."""
    path = path_of(language)
    locale = languages()[language].locale
    if not path.exists():
        return Catalog(locale=locale, charset="utf-8", project="pyyda-apua")
    with path.open("rb") as stream:
        return read_po(stream, locale=locale)


def write(language: str, catalogue: Catalog) -> None:
    """Writes a language's catalogue without dates, so that it changes only when its sentences do."""
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(
        buffer, catalogue, width=110, omit_header=False, sort_by_file=True, ignore_obsolete=True, include_lineno=False
    )
    lines = [
        line
        for line in buffer.getvalue().decode("utf-8").splitlines()
        if not line.startswith(('"POT-Creation-Date', '"PO-Revision-Date', '"Generated-By', '"Last-Translator'))
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def update() -> None:
    """Merges the template into every language; fuzzy guesses are not made: a guess may be harm."""
    for code in languages():
        catalogue = read(code)
        catalogue.update(template(), no_fuzzy_matching=True)
        if code == "en":
            for message in catalogue:
                if message.id:
                    message.string = message.id
        write(code, catalogue)
        missing = sum(1 for m in catalogue if m.id and not _full(m.string))
        print(f"[{code}] {len(catalogue)} messages, {missing} missing")


def set_from(path: Path) -> int:
    """Puts translations from a file into the catalogues; returns how many of its messages the project does not have."""
    update()
    wanted: dict[str, dict[str, str | list[str]]] = json.loads(path.read_text(encoding="utf-8"))
    unknown = 0
    for code in languages():
        catalogue = read(code)
        for key, texts in wanted.items():
            message = catalogue.get(key) or (catalogue.get(key.partition("|")[2], key.partition("|")[0]))
            if message is None:
                unknown += code == "en"
                print(f"no such message: {key}", file=sys.stderr)
            elif code in texts:
                text = texts[code]
                message.string = tuple(text) if isinstance(text, list) else text
        write(code, catalogue)
    return unknown


def _full(string: object) -> bool:
    return all(string) if isinstance(string, (tuple, list)) else bool(string)


def compile_all() -> None:
    """Writes the .mo of every language whose .po is newer."""
    for code in languages():
        path = path_of(code)
        target = path.with_suffix(".mo")
        if path.exists() and not (target.exists() and target.stat().st_mtime >= path.stat().st_mtime):
            with target.open("wb") as stream:
                write_mo(stream, read(code))


def main(arguments: list[str]) -> int:
    """One command at a time: two at once would lose each other's sentences."""
    with (LOCALES / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if arguments[:1] == ["set"] and len(arguments) == 2:
            return 1 if set_from(Path(arguments[1])) else 0
        if arguments == ["update"]:
            update()
        elif arguments == ["compile"]:
            compile_all()
        else:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
