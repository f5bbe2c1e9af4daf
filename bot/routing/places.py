"""From a place to its family centre.

Which centre serves which municipality, district and postal code is data (`data/regions/family_centres.yml`), most of
it still unconfirmed. This module answers "which centre?" and "how far?"; it speaks no language: labels and sentences
belong to those who talk to people. A centre's name, address and phone are None unless the file gives them, and may be
shown only where `confirmed` is true.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import Any

import yaml

from bot.text.folding import fold
from bot.text.places import REGIONS, Place, PlaceFinder, PlaceMatch, place_finder

_EARTH_KM = 6371.0
# How a place is named that the family comes from, against the one where it is now.
_ORIGIN_ENDINGS = ("sta", "lta", "st", "lt", "dan", "den")
_ORIGIN_WORDS = frozenset(fold(word) for word in ("from", "från", "из", "з", "із", "من", "از", "từ", "从"))


@dataclass(frozen=True)
class Municipality:
    """A municipality of North Ostrobothnia. `code`: three digits; `position`: WGS84 (lat, lon) or None if unknown."""

    code: str
    name: str
    name_sv: str
    area: str
    area_confirmed: bool
    position: tuple[float, float] | None


@dataclass(frozen=True)
class FamilyCentre:
    """A family centre of this deployment. `place_label`: where it is, in Finnish ("Oulu, Tuira").

    `name`, `address` and `phone` are None where no source gives them. `area`: area of the family-centre plan.
    `label_button`: the area's own name of the contact button, or None for the usual one.
    """

    code: str
    place_label: str
    area: str
    municipality_codes: tuple[str, ...]
    wellbeing_centre: bool
    name: str | None
    address: str | None
    phone: str | None
    status: str
    notes: str
    label_button: str | None

    @property
    def confirmed(self) -> bool:
        """True once the wellbeing services county has confirmed the centre; only then may its contacts be shown."""
        return self.status == "confirmed"


class Regions:
    """Municipalities, places and family centres. Build once (`regions()`); nothing in it changes."""

    def __init__(self, directory: Path = REGIONS, finder: PlaceFinder | None = None) -> None:
        """Reads the files of `directory`; ValueError when a place leads to no centre, or to more than one."""
        self._finder = finder or PlaceFinder(directory)
        self._places = self._finder.places
        self._municipalities = {row.code: row for row in _read_municipalities(directory / "municipalities.csv")}
        data: dict[str, Any] = yaml.safe_load((directory / "family_centres.yml").read_text(encoding="utf-8"))
        self._ask_district = frozenset(data["ask_district"])
        self._centres: dict[str, FamilyCentre] = {}
        self._served: dict[str, str] = {}  # municipality code, place id or postal code -> centre code
        for row in data["centres"]:
            self._add(row, data["areas"])
        missing = self._municipalities.keys() - self._served.keys()
        if missing:
            raise ValueError(f"family_centres.yml: no centre serves {', '.join(sorted(missing))}")

    def centres(self) -> list[FamilyCentre]:
        """Every family centre, in the order of the file."""
        return list(self._centres.values())

    def centre(self, code: str) -> FamilyCentre | None:
        """The family centre of that code ("oulu-tuira")."""
        return self._centres.get(code)

    def serving(self, code: str) -> FamilyCentre:
        """The family centre of a code that was stored earlier; KeyError when the deployment no longer has it."""
        return self._centres[code]

    def municipalities(self) -> list[Municipality]:
        """The 30 municipalities, by Finnish name."""
        return sorted(self._municipalities.values(), key=lambda row: row.name)

    def municipality(self, place: str) -> Municipality | None:
        """The municipality of a place given in any form."""
        found = self.resolve(place)
        return self._municipalities[found.municipality_code] if found else None

    def resolve(self, text: str, language: str | None = None, within: str | None = None) -> Place | None:
        """The one place that a text names: a code, a place id, a name in any form or script, or a whole sentence.

        Where several municipalities are named, the one the family comes from ("muutimme Oulusta Kuusamoon") gives
        way, then those less close to a word of living ("töissä Oulussa, asumme Limingassa"). None when there is no
        place or no telling which: then ask, a guess sends the family to the wrong centre.
        `within`: municipality code already known, see `PlaceFinder.find`.
        """
        known = self._by_code(text.strip())
        if known:
            return known
        matches = self._finder.find(text, language, within)
        if len({match.municipality_code for match in matches}) > 1:
            matches = [match for match in matches if not _is_origin(text, match)]
        if len({match.municipality_code for match in matches}) > 1:
            matches = _nearest_home(matches)
        if len({match.municipality_code for match in matches}) != 1:
            return None
        centres = {self._served_by(self._places[match.place_id]) for match in matches}
        if len(centres) > 1:  # two districts of one municipality: sure of the municipality only
            return self._municipality_place(matches[0].municipality_code)
        return self._places[matches[0].place_id]

    def family_centre(self, place: str) -> FamilyCentre | None:
        """The centre of a place in any form: municipality code, place id, postal code, name, or sentence; else None."""
        found = self.resolve(place)
        return self._centres[self._served_by(found)] if found else None

    def ask_district(self, place: str) -> bool:
        """True when only the municipality is known and its districts lead to different centres."""
        found = self.resolve(place)
        return found is not None and found.kind == "municipality" and found.municipality_code in self._ask_district

    def distance_km(self, place_a: str, place_b: str) -> float | None:
        """Kilometres as the crow flies between the municipalities of two places; None where a position is unknown.

        0.0 within one municipality: districts have no positions of their own.
        """
        a, b = self.municipality(place_a), self.municipality(place_b)
        return _distance(a, b) if a and b else None

    def neighbours(self, place: str, within_km: float) -> list[tuple[Municipality, float]]:
        """The other municipalities at most `within_km` kilometres away, nearest first, with their distance."""
        home = self.municipality(place)
        if home is None:
            return []
        around = [(other, _distance(home, other)) for other in self.municipalities() if other.code != home.code]
        near = [(other, far) for other, far in around if far is not None and far <= within_km]
        return sorted(near, key=lambda pair: pair[1])

    def _add(self, row: Mapping[str, Any], areas: Mapping[str, Mapping[str, str]]) -> None:
        serves = row["serves"]
        keys = [*serves.get("municipalities", []), *serves.get("places", []), *serves.get("postal_codes", [])]
        for key in keys:
            if key not in self._municipalities and key not in self._places:
                raise ValueError(f"family_centres.yml: {row['code']} serves {key!r}, which is no place of places.yml")
            if key in self._served:
                raise ValueError(f"family_centres.yml: {key!r} is served by {self._served[key]} and by {row['code']}")
            self._served[key] = row["code"]
        codes = tuple(sorted({self._municipality_code(key) for key in keys}))
        area = self._municipalities[codes[0]].area
        if row["code"] in self._centres or row["status"] not in ("confirmed", "unconfirmed"):
            raise ValueError(f"family_centres.yml: {row['code']} stands twice or has an unknown status")
        self._centres[row["code"]] = FamilyCentre(
            row["code"],
            row["place_label"],
            area,
            codes,
            row.get("wellbeing_centre", False),
            row["name"],
            row["address"],
            row["phone"],
            row["status"],
            row["notes"],
            areas[area].get("label_button"),
        )

    def _municipality_code(self, key: str) -> str:
        return key if key in self._municipalities else self._places[key].municipality_code

    def _served_by(self, place: Place) -> str:
        return self._served.get(place.id) or self._served[place.municipality_code]

    def _by_code(self, text: str) -> Place | None:
        if text in self._municipalities:
            return self._municipality_place(text)
        return self._places.get(text)

    def _municipality_place(self, code: str) -> Place:
        return next(
            place for place in self._places.values() if place.kind == "municipality" and place.municipality_code == code
        )


@cache
def regions() -> Regions:
    """The one Regions of this process, built from data/regions at first use."""
    return Regions(finder=place_finder())


def _read_municipalities(path: Path) -> Iterable[Municipality]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            position = (float(row["lat"]), float(row["lon"])) if row["lat"] else None
            confirmed = row["area_status"] == "confirmed"
            yield Municipality(row["code"], row["name_fi"], row["name_sv"], row["area"], confirmed, position)


def _distance(a: Municipality, b: Municipality) -> float | None:
    if a.code == b.code:
        return 0.0
    if a.position is None or b.position is None:
        return None
    (lat_a, lon_a), (lat_b, lon_b) = (tuple(map(radians, position)) for position in (a.position, b.position))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(half))


def _nearest_home(matches: list[PlaceMatch]) -> list[PlaceMatch]:
    near = [match.from_home for match in matches if match.from_home is not None]
    return [match for match in matches if match.from_home == min(near)] if near else matches


def _is_origin(text: str, match: PlaceMatch) -> bool:
    before = fold(text[: match.start]).split()
    return fold(match.text).endswith(_ORIGIN_ENDINGS) or bool(before and before[-1] in _ORIGIN_WORDS)
