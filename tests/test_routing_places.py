"""From places to family centres: everyone in North Ostrobothnia has exactly one, however they name their home."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.routing.places import Regions, regions
from bot.text.places import REGIONS, place_finder

WELLBEING_CENTRES = {"oulu-haukipudas", "oulu-kaakkuri", "oulu-kiiminki", "oulu-kontinkangas", "oulu-tuira"}


@pytest.fixture(scope="module")
def region() -> Regions:
    return regions()


def _rows(name: str) -> list[dict[str, str]]:
    with (REGIONS / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def editable(tmp_path: Path) -> Path:
    """A copy of data/regions that a test may break."""
    return Path(shutil.copytree(REGIONS, tmp_path / "regions"))


def _edit(directory: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = directory / "family_centres.yml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize("row", _rows("municipalities.csv"), ids=lambda row: row["name_fi"])
def test_every_municipality_leads_to_one_centre_by_code_and_by_any_name(region: Regions, row: dict[str, str]) -> None:
    centre = region.family_centre(row["code"])
    assert centre is not None
    assert row["code"] in centre.municipality_codes
    assert centre.area == row["area"]
    scripts = (
        f"{row['names_cyrillic']}|{row['names_arabic_script'].split('،')[0]}|{row['names_cjk']}|{row['names_greek']}"
    )
    for name in (row["name_fi"], row["name_sv"], row["name_fi"].lower(), *filter(None, scripts.split("|"))):
        assert region.family_centre(name) == centre, name


def test_all_254_postal_codes_lead_to_a_centre_of_their_municipality(region: Regions) -> None:
    rows = _rows("postal_codes.csv")
    assert len(rows) == 254
    for row in rows:
        centre = region.family_centre(row["postal_code"])
        assert centre is not None, row
        assert row["municipality_code"] in centre.municipality_codes, row


def test_every_district_and_former_municipality_leads_to_a_centre_of_its_municipality(region: Regions) -> None:
    named = [place for place in place_finder().places.values() if place.kind in ("district", "former")]
    assert len(named) > 150
    for place in named:
        centre = region.family_centre(place.id)
        assert centre is not None, place
        assert place.municipality_code in centre.municipality_codes, place


def test_every_district_and_postal_code_of_oulu_names_its_centre_outright(region: Regions) -> None:
    """Oulu's default is a guess; no district may fall back on it unnoticed."""
    data = yaml.safe_load((REGIONS / "family_centres.yml").read_text(encoding="utf-8"))
    listed = [
        key for row in data["centres"] for kind in ("places", "postal_codes") for key in row["serves"].get(kind, [])
    ]
    in_oulu = [place.id for place in place_finder().places.values() if place.municipality_code == "564"]
    assert sorted(listed) == sorted(key for key in in_oulu if key != "oulu")


def test_oulus_five_wellbeing_centres_and_one_centre_for_each_other_municipality(region: Regions) -> None:
    assert {centre.code for centre in region.centres() if centre.wellbeing_centre} == WELLBEING_CENTRES
    assert len(region.centres()) == 5 + 29
    assert len({centre.code for centre in region.centres()}) == 34


def test_nothing_unconfirmed_has_an_address_or_a_phone(region: Regions) -> None:
    for centre in region.centres():
        if not centre.confirmed:
            assert (centre.name, centre.address, centre.phone) == (None, None, None), centre.code


@pytest.mark.parametrize(
    ("message", "centre"),
    [
        ("أعيش في كوسامو", "kuusamo"),
        ("asumme Tuirassa", "oulu-tuira"),
        ("90570", "oulu-tuira"),
        ("Linnanmaalla", "oulu-tuira"),
        ("Oulu", "oulu-kontinkangas"),
        ("Vi bor i Uleåborg", "oulu-kontinkangas"),
        ("Oulunsalossa", "oulu-kaakkuri"),
        ("Yli-Iissä", "oulu-haukipudas"),
        ("Ylikiimingissä", "oulu-kiiminki"),
        ("Vihannissa", "raahe"),
        ("Ruukissa", "siikajoki"),
        ("живём в Раахе", "raahe"),
        ("我们住在库萨莫", "kuusamo"),
        ("Kuivaniemellä", "ii"),
        ("Himangalla", "kalajoki"),
        ("Muutimme Oulusta Kuusamoon", "kuusamo"),
        ("we moved from Oulu to Raahe", "raahe"),
        ("переехали из Оулу в Раахе", "raahe"),
        ("انتقلنا من أولو إلى كوسامو", "kuusamo"),
        ("Lapsi on ollut hoidossa Oulussa ja me asumme Limingassa", "liminka"),
        ("Teemme töitä Oulun keskustassa ja asumme Limingassa", "liminka"),
        ("I work in Oulu but we live in Ii", "ii"),
        ("نعمل في أولو ونسكن في كيمبيلي", "kempele"),
        ("Hiukkavaara tai Maikkula, Oulu", "oulu-kontinkangas"),
    ],
)
def test_a_family_reaches_its_centre(region: Regions, message: str, centre: str) -> None:
    found = region.family_centre(message)
    assert found is not None
    assert found.code == centre


@pytest.mark.parametrize(
    "message", ["", "Helsinki", "00100", "kello on 8", "Kuusamo vai Raahe?", "999", "lapsi ei nuku"]
)
def test_no_centre_is_guessed(region: Regions, message: str) -> None:
    assert region.family_centre(message) is None
    assert region.resolve(message) is None
    assert region.municipality(message) is None
    assert not region.ask_district(message)


def test_the_district_is_asked_where_only_oulu_is_known(region: Regions) -> None:
    assert region.ask_district("Oulussa")
    assert region.ask_district("564")
    assert region.ask_district("Tuira tai Kiiminki")  # two centres: only Oulu is sure
    assert not region.ask_district("Oulun Tuirassa")
    assert not region.ask_district("90820")
    assert not region.ask_district("Kuusamo")


def test_a_short_answer_after_the_question_for_the_district(region: Regions) -> None:
    assert region.resolve("keskustassa") is None
    answer = region.resolve("keskustassa", within="564")
    assert answer is not None
    assert answer.id == "keskusta"


def test_distances_between_municipalities(region: Regions) -> None:
    assert region.distance_km("Oulu", "Kempele") == pytest.approx(11.2, abs=0.5)
    assert region.distance_km("Oulussa", "Kuusamoon") == pytest.approx(206, abs=5)
    assert region.distance_km("Tuira", "Kiiminki") == 0.0
    assert region.distance_km("Oulu", "Siikalatva") is None  # no position in the register
    assert region.distance_km("Oulu", "Helsinki") is None


def test_neighbours_come_nearest_first(region: Regions) -> None:
    around = [municipality.name for municipality, _ in region.neighbours("Oulu", within_km=30)]
    assert around == ["Kempele", "Liminka", "Lumijoki", "Tyrnävä"]
    assert region.neighbours("Helsinki", within_km=30) == []
    assert "Siikalatva" not in [municipality.name for municipality, _ in region.neighbours("Oulu", within_km=500)]


def test_lakeus_calls_its_button_by_its_own_name(region: Regions) -> None:
    for municipality in region.municipalities():
        centre = region.family_centre(municipality.code)
        assert centre is not None
        assert centre.label_button == ("Pyydä neuvoa" if municipality.area == "Lakeus" else None)


def test_centres_by_code(region: Regions) -> None:
    centre = region.centre("oulu-tuira")
    assert centre is not None
    assert centre.place_label == "Oulu, Tuira"
    assert region.centre("helsinki") is None


def test_a_municipality_without_a_centre_is_an_error(editable: Path) -> None:
    _edit(editable, lambda data: data["centres"].remove(data["centres"][-1]))
    with pytest.raises(ValueError, match="no centre serves 977"):
        Regions(editable)


def test_a_place_with_two_centres_is_an_error(editable: Path) -> None:
    _edit(editable, lambda data: data["centres"][1]["serves"]["places"].append("tuira"))
    with pytest.raises(ValueError, match=r"'tuira' is served by oulu-kaakkuri and by oulu-tuira"):
        Regions(editable)


def test_a_centre_for_an_unknown_place_is_an_error(editable: Path) -> None:
    _edit(editable, lambda data: data["centres"][0]["serves"]["places"].append("rovaniemi"))
    with pytest.raises(ValueError, match="rovaniemi"):
        Regions(editable)


def test_a_shared_centre_is_a_matter_of_the_file_only(editable: Path) -> None:
    def share(data: dict[str, Any]) -> None:
        data["centres"] = [row for row in data["centres"] if row["code"] != "taivalkoski"]
        next(row for row in data["centres"] if row["code"] == "kuusamo")["serves"]["municipalities"].append("832")

    _edit(editable, share)
    shared = Regions(editable)
    centre = shared.family_centre("Taivalkoskella")
    assert centre is not None
    assert centre.code == "kuusamo"
    assert centre.municipality_codes == ("305", "832")
