"""Checks the embedded service catalogue, data/catalogue/*.yml, and says what is wrong, one line a fault.

    python tools/check_catalogue.py [FOLDER]

Lines read `[fi] data/catalogue/x.yml: what is wrong`; `[--]` where the fault belongs to no language. Exit code 1 where
there is any. It reads files only: it opens no address and calls no number, so it cannot tell that a fact is true.

Codes: data/catalogue/codes/ (PTV's lists, verified helplines). Municipalities: data/regions/municipalities.csv. Needs:
data/routing.yml. Addresses that may be used: data/catalogue/sites.yml.
"""

from __future__ import annotations

import csv
import re
import sys
import unicodedata
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.i18n import languages

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = ROOT / "data" / "catalogue"
SITES = "sites.yml"
LANGUAGES = ("fi", "sv", "en")
ID_URL = "https://pyydaapua.example/service/"
SOURCE_PREFIX = "pyydaapua:"
LEAST_PER_NEED = 5

KEYS = [
    "id",
    "sourceId",
    "type",
    "publishingStatus",
    "serviceChargeType",
    "areaType",
    "areas",
    "languages",
    "serviceNames",
    "serviceDescriptions",
    "keywords",
    "serviceClasses",
    "targetGroups",
    "lifeEvents",
    "organizations",
    "serviceChannels",
    "pyydaapua",
]
OWN_KEYS = ["needs", "ageGroups", "audience", "delivery", "source", "review"]
AGE_GROUPS = ("expecting", "under_school", "school_age", "young_16")
AUDIENCES = ("family", "young", "worried")
DELIVERIES = ("on_site", "remote", "at_home")
REVIEWS = ("draft", "reviewed")
CHARGES = ("FreeOfCharge", "Chargeable", None)
LIMITS = {"Summary": 150, "Description": 2500, "UserInstruction": 2500}
"""PTV's own limits of length, characters."""
KEYWORDS_FI = range(4, 11)

NUMBER = re.compile(r"(?<![\d/])\+?\d(?:[ -]?\d){2,}(?!/)")
ADDRESS = re.compile(r"https?:|www\.|\S@\S")
CODE_LISTS = {
    "serviceClasses": ("service class", "ptv_service_classes.csv"),
    "targetGroups": ("target group", "ptv_target_groups.csv"),
    "lifeEvents": ("life event", "ptv_life_events.csv"),
}


class Fault(NamedTuple):
    """What is wrong; `language` is "--" where it belongs to none."""

    language: str
    what: str


@dataclass(frozen=True)
class Reference:
    """All that an entry is held against."""

    codes: dict[str, frozenset[str]]
    municipalities: frozenset[str]
    helplines: dict[str, str]
    needs: frozenset[str]
    sites: frozenset[str]


def _column(path: Path, name: str) -> frozenset[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return frozenset(row[name] for row in csv.DictReader(file))


def load_reference(root: Path = ROOT) -> Reference:
    """Reads the code lists and registers under `root`. OSError, KeyError or yaml.YAMLError where one is broken."""
    codes = root / "data" / "catalogue" / "codes"
    with (codes / "verified_helplines.csv").open(encoding="utf-8", newline="") as file:
        helplines = {row["id"]: row["number"] for row in csv.DictReader(file) if row["status"].startswith("verified")}
    routing = yaml.safe_load((root / "data" / "routing.yml").read_text(encoding="utf-8"))
    sites = yaml.safe_load((root / "data" / "catalogue" / SITES).read_text(encoding="utf-8"))
    return Reference(
        codes={key: _column(codes / name, "code") for key, (_, name) in CODE_LISTS.items()},
        municipalities=_column(root / "data" / "regions" / "municipalities.csv", "code"),
        helplines=helplines,
        needs=frozenset(id_ for id_ in routing["needs"] if id_.startswith("need_")),
        sites=frozenset(sites["sites"]),
    )


def _rows(value: Any) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _text_faults(rows: list[dict[str, Any]], type_: str) -> Iterator[Fault]:
    """Faults of one kind of text: exactly one in each language, not empty, not too long."""
    for language in LANGUAGES:
        found = [r.get("value") for r in rows if r.get("type") == type_ and r.get("language") == language]
        if len(found) != 1 or not str(found[0] or "").strip():
            yield Fault(language, f"{type_}: missing or given twice")
        elif len(str(found[0])) > LIMITS.get(type_, 100):
            yield Fault(language, f"{type_}: {len(str(found[0]))} characters, at most {LIMITS.get(type_, 100)}")


def _prose_faults(entry: dict[str, Any], reference: Reference) -> Iterator[Fault]:
    """No telephone numbers but the verified ones, no addresses, no look-alike letters in what people read."""
    allowed = {re.sub(r"\D", "", number) for number in reference.helplines.values()}
    for row in (_rows(entry.get(key)) for key in ("serviceNames", "serviceDescriptions", "keywords")):
        for text in row:
            language, value = str(text.get("language")), str(text.get("value") or "")
            if language not in LANGUAGES:
                yield Fault("--", f"unknown language {language!r}")
            for match in NUMBER.finditer(value):
                if re.sub(r"\D", "", match[0]) not in allowed:
                    yield Fault(language, f"number that is no verified helpline: {match[0]}")
            if ADDRESS.search(value):
                yield Fault(language, f"address inside a text: {value[:60]!r}")
            strange = {c for c in value if c.isalpha() and not unicodedata.name(c, "").startswith("LATIN")}
            if strange:
                yield Fault(language, f"letters of another script {sorted(strange)} in {value[:60]!r}")


def _keyword_faults(rows: list[dict[str, Any]]) -> Iterator[Fault]:
    for language in LANGUAGES:
        words = [str(r.get("value") or "").casefold() for r in rows if r.get("language") == language]
        if not words or not all(words):
            yield Fault(language, "keywords: missing")
        for word, times in Counter(words).items():
            if times > 1:
                yield Fault(language, f"keyword {word!r} given {times} times")
    finnish = sum(r.get("language") == "fi" for r in rows)
    if finnish not in KEYWORDS_FI:
        yield Fault("fi", f"{finnish} keywords, from {KEYWORDS_FI.start} to {KEYWORDS_FI.stop - 1} wanted")


def _area_faults(entry: dict[str, Any], reference: Reference) -> Iterator[Fault]:
    areas = _rows(entry.get("areas"))
    if entry.get("areaType") not in ("WholeCountry", "LimitedType"):
        yield Fault("--", f"unknown areaType {entry.get('areaType')!r}")
    elif (entry["areaType"] == "WholeCountry") == bool(areas):
        yield Fault("--", "areas and areaType contradict each other")
    for area in areas:
        if area.get("type") == "WellbeingServiceCounties":
            if area.get("code") != "19":
                yield Fault("--", f"wellbeing services county {area.get('code')!r} is not North Ostrobothnia (19)")
        elif area.get("type") == "Municipality":
            for code in [row.get("code") for row in _rows(area.get("municipalities"))] or [None]:
                if code not in reference.municipalities:
                    yield Fault("--", f"unknown municipality code {code!r}")
        else:
            yield Fault("--", f"unknown area type {area.get('type')!r}")


def _channel_faults(entry: dict[str, Any], reference: Reference) -> Iterator[Fault]:
    for channel in _rows(entry.get("serviceChannels")):
        named = {row.get("language") for row in _rows(channel.get("names")) if row.get("value")}
        for language in LANGUAGES:
            if language not in named:
                yield Fault(language, "channel without a name")
        if channel.get("type") == "WebPage":
            if channel.get("webPage") not in reference.sites:
                yield Fault("--", f"{channel.get('webPage')!r} is not in {SITES}")
        elif channel.get("type") == "Phone":
            number = reference.helplines.get(str(channel.get("helplineId")))
            if number is None:
                yield Fault("--", f"{channel.get('helplineId')!r} is not among the verified helplines")
            elif channel.get("number") != number:
                yield Fault("--", f"number {channel.get('number')!r}, but the helpline's is {number!r}")
            if not channel.get("source"):
                yield Fault("--", "phone number without a source")
        else:
            yield Fault("--", f"unknown channel type {channel.get('type')!r}")


def _own_faults(own: Any, reference: Reference) -> Iterator[Fault]:
    if not isinstance(own, dict) or sorted(own) != sorted(OWN_KEYS):
        yield Fault("--", f"pyydaapua: exactly the keys {', '.join(OWN_KEYS)} are wanted")
        return
    for key, known in (("needs", reference.needs), ("ageGroups", AGE_GROUPS), ("delivery", DELIVERIES)):
        values = own[key] if isinstance(own[key], list) else []
        if not values or len(set(values)) != len(values):
            yield Fault("--", f"{key}: empty, or something is given twice")
        for value in values:
            if value not in known:
                yield Fault("--", f"{key}: unknown {value!r}")
    if own["audience"] not in AUDIENCES:
        yield Fault("--", f"unknown audience {own['audience']!r}")
    if own["review"] not in REVIEWS:
        yield Fault("--", f"unknown review {own['review']!r}")
    if not own["source"]:
        yield Fault("--", "no source: where is it known from that this service exists?")


def entry_faults(entry: dict[str, Any], reference: Reference) -> Iterator[Fault]:
    """All that is wrong with one service, held against nothing but `reference`."""
    if missing := [key for key in KEYS if key not in entry]:
        yield Fault("--", f"missing keys: {', '.join(missing)}")
    if unknown := [str(key) for key in entry if key not in KEYS]:
        yield Fault("--", f"unknown keys: {', '.join(unknown)}")
    slug = str(entry.get("sourceId") or "").removeprefix(SOURCE_PREFIX)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug):
        yield Fault("--", f"sourceId is not {SOURCE_PREFIX}<slug>: {entry.get('sourceId')!r}")
    elif entry.get("id") != (wanted := str(uuid.uuid5(uuid.NAMESPACE_URL, ID_URL + slug))):
        yield Fault("--", f"id is not that of the slug, {wanted}")
    if (entry.get("type"), entry.get("publishingStatus")) != ("Service", "Published"):
        yield Fault("--", "type and publishingStatus are not Service and Published")
    if entry.get("serviceChargeType") not in CHARGES:
        yield Fault("--", f"unknown serviceChargeType {entry.get('serviceChargeType')!r}")
    languages = entry.get("languages")
    if not isinstance(languages, list) or not languages or not set(languages) <= set(LANGUAGES):
        yield Fault("--", f"languages {languages!r}: some of {', '.join(LANGUAGES)} wanted")
    yield from _text_faults(_rows(entry.get("serviceNames")), "Name")
    for type_ in LIMITS:
        yield from _text_faults(_rows(entry.get("serviceDescriptions")), type_)
    yield from _prose_faults(entry, reference)
    yield from _keyword_faults(_rows(entry.get("keywords")))
    yield from _area_faults(entry, reference)
    for key, (name, _) in CODE_LISTS.items():
        codes = [row.get("code") for row in _rows(entry.get(key))]
        if not codes and key != "lifeEvents":
            yield Fault("--", f"no {name}")
        for code in codes:
            if code not in reference.codes[key]:
                yield Fault("--", f"unknown {name} {code!r}")
    responsible = [row for row in _rows(entry.get("organizations")) if row.get("roleType") == "Responsible"]
    if len(responsible) != 1 or not (responsible[0].get("organization") or {}).get("name"):
        yield Fault("--", "one responsible organization with a name is wanted")
    yield from _channel_faults(entry, reference)
    yield from _own_faults(entry.get("pyydaapua"), reference)


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _duplicate_faults(where: dict[str, list[str]], what: str) -> Iterator[str]:
    for value, files in where.items():
        if len(files) > 1:
            yield f"[--] {files[-1]}: {what} {value!r} also in {', '.join(files[:-1])}"


def _translation_faults(folder: Path, slugs: set[str]) -> Iterator[str]:
    """Every service has a name and a summary in every other language of the register, and no other service has."""
    for code in languages():
        path = folder / "translations" / f"{code}.yml"
        if code in LANGUAGES:
            continue
        rows = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
        rows = rows if isinstance(rows, dict) else {}
        for slug in sorted(slugs):
            row = rows.get(f"{SOURCE_PREFIX}{slug}")
            row = row if isinstance(row, dict) else {}
            for key in ("name", "summary"):
                if not str(row.get(key) or "").strip():
                    yield f"[{code}] {_shown(path)}: {slug}: {key} missing"
            if len(str(row.get("summary") or "")) > LIMITS["Summary"]:
                yield f"[{code}] {_shown(path)}: {slug}: summary longer than {LIMITS['Summary']} characters"
        for name in sorted(set(rows) - {f"{SOURCE_PREFIX}{slug}" for slug in slugs}):
            yield f"[{code}] {_shown(path)}: {name} is no service"


def check(folder: Path, reference: Reference) -> tuple[int, list[str]]:
    """How many services `folder` holds, and the faults as lines; an empty list where all is well."""
    lines: list[str] = []
    ids: dict[str, list[str]] = {}
    names: dict[str, list[str]] = {}
    needs: Counter[str] = Counter()
    ages: Counter[str] = Counter()
    count = 0
    slugs: set[str] = set()
    for path in sorted(path for path in folder.glob("*.yml") if path.name != SITES):
        try:
            entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            lines.append(f"[--] {_shown(path)}: cannot be read: {' '.join(str(error).split())}")
            continue
        if not isinstance(entries, list) or len(_rows(entries)) != len(entries):
            lines.append(f"[--] {_shown(path)}: not a list of services")
            continue
        for entry in entries:
            count += 1
            slug = str(entry.get("sourceId")).removeprefix(SOURCE_PREFIX)
            slugs.add(slug)
            lines += [f"[{f.language}] {_shown(path)}: {slug}: {f.what}" for f in entry_faults(entry, reference)]
            ids.setdefault(str(entry.get("id")), []).append(_shown(path))
            for row in _rows(entry.get("serviceNames")):
                if (row.get("type"), row.get("language")) == ("Name", "fi"):
                    names.setdefault(str(row.get("value")).casefold(), []).append(_shown(path))
            own = entry.get("pyydaapua")
            if isinstance(own, dict):
                needs.update(set(own.get("needs") or ()))
                ages.update(set(own.get("ageGroups") or ()))
    lines += _translation_faults(folder, slugs)
    lines += _duplicate_faults(ids, "id")
    lines += _duplicate_faults(names, "name")
    for need in sorted(reference.needs):
        if needs[need] < LEAST_PER_NEED:
            lines.append(f"[--] {_shown(folder)}: {need} has {needs[need]} services, {LEAST_PER_NEED} wanted")
    lines += [f"[--] {_shown(folder)}: nothing for the age group {age}" for age in AGE_GROUPS if not ages[age]]
    return count, lines


def main(arguments: list[str]) -> int:
    """Checks the folder named first in `arguments`, or data/catalogue; 0 where nothing is wrong."""
    count, lines = check(Path(arguments[0]).resolve() if arguments else CATALOGUE, load_reference())
    for line in lines:
        print(line)
    print(f"{count} services, {len(lines)} faults")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
