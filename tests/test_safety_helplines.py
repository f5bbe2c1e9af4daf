"""A family sees only numbers somebody has verified, and 112 is never missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import phonenumbers
import pytest
import yaml

from bot.i18n import languages, translate
from bot.safety import helplines as module
from bot.safety.helplines import (
    TRANSLATED_NAMES,
    as_message,
    card_text,
    helplines,
    helplines_for,
    helplines_for_young,
    still_here,
)
from bot.safety.screen import SEVERITY, Category

# The facts as collected (helplines.csv, 2025-11): number, and the status as written there.
FACTS = {
    "emergency": ("112", "verified"),
    "medical_helpline": ("116 117", "verified"),
    "pohde_social_crisis": ("044 703 6235", "verified"),
    "mieli_fi": ("09 2525 0111", "verified number"),
    "mieli_sv": ("09 2525 0112", "number verified; hours stale"),
    "mieli_ar_en": ("09 2525 0113", "number verified; hours stale"),
    "mieli_uk": ("09 2525 0114", "number verified; hours stale"),
    "mieli_ru": ("09 2525 0115", "number verified; hours stale"),
    "nollalinja": ("080 005 005", "verified"),
    "nollalinja_eu": ("116 016", "verified text; address missing"),
    "mll_children": ("116 111", "verified (weekday daytime hours not verified)"),
    "mll_children_sv": ("0800 96 116", "verified"),
    "mll_parents": ("0800 922 77", "NUMBER UNVERIFIED (from memory); hours stale"),
    "riku": ("116 006", "number verified; hours stale"),
    "riku_lawyer": ("0800 161 177", "number verified; hours stale"),
    "poison": ("0800 147 111", "number verified"),
    "trafficking": (
        "+358 2954 63177",
        "verified; 071 876 3170 of the brief NOT found in any stored page (likely old)",
    ),
    "oulu_shelter": ("0400 581 606", "number from an old third-party page; confirm"),
    "oulu_family_counselling": ("040 650 6014", "stale; confirm with Pohde"),
    "oulu_child_protection": ("044 703 6114", "stale; confirm with Pohde"),
    "oulu_neuvola": ("08 558 44356", "stale; confirm with Pohde"),
}
TOPICS = {
    "self_harm", "danger", "violence", "child_protection", "exploitation", "medical", "child_young", "parent",
    "crime_victim", "poison",
}  # fmt: skip
ROWS = yaml.safe_load(module.DATA.read_text(encoding="utf-8"))["helplines"]
EVERY_CARD = [(category, language) for category in SEVERITY for language in languages()]


def test_every_number_and_status_is_the_collected_one() -> None:
    assert {row["id"]: (row["number"], row["status"]) for row in ROWS} == FACTS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_the_number_dialled_is_the_number_shown(row: dict[str, str]) -> None:
    digits = row["number"].replace(" ", "")
    if digits.startswith(("112", "116")):
        assert row["tel"] == digits
    else:
        parsed = phonenumbers.parse(row["number"], "FI")
        assert row["tel"] == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_stale_facts_are_not_given_as_facts(row: dict[str, Any]) -> None:
    status: str = row["status"]
    assert row["show"] == status.startswith("verified")
    if "stale" in status:
        assert row["hours"] is None
    assert row["source"]
    assert row["source_date"]
    assert set(row["topics"]) <= TOPICS


@pytest.mark.parametrize(("category", "language"), EVERY_CARD)
def test_no_unverified_number_is_shown_and_112_is_always_there(category: Category, language: str) -> None:
    for limit in (1, 2, 4, 9):
        lines = helplines_for(category, language, limit=limit)
        assert len(lines) <= limit
        assert "emergency" in [line.id for line in lines]
        assert len({line.id for line in lines}) == len(lines)
        for line in lines:
            assert FACTS[line.id][1].startswith("verified")
            assert line.number == FACTS[line.id][0]
            assert as_message(line, language)["number"] == FACTS[line.id][0]


@pytest.mark.parametrize("language", languages())
def test_the_most_urgent_line_comes_first(language: str) -> None:
    first = {category: helplines_for(category, language)[0].id for category in SEVERITY}
    assert first == {
        "danger": "emergency",
        "self_harm": "emergency",
        "violence": "nollalinja",
        "child_protection": "pohde_social_crisis",
        "exploitation": "trafficking",
        "fgm": "nollalinja",
    }
    assert helplines_for("violence", language)[1].id == "emergency"


def test_somebody_thinking_of_suicide_gets_the_crisis_line_medical_advice_and_the_local_duty_service() -> None:
    ids = [line.id for line in helplines_for("self_harm", "fi")]
    assert ids == ["emergency", "mieli_fi", "medical_helpline", "pohde_social_crisis"]


def test_a_line_in_the_persons_language_comes_before_its_equals() -> None:
    swedish = [line.id for line in helplines_for("child_protection", "sv")]
    assert swedish.index("mll_children_sv") < swedish.index("mll_children")
    assert "mll_children_sv" not in [line.id for line in helplines_for("child_protection", "fi", limit=9)]
    somali = [line.id for line in helplines_for("exploitation", "so")]
    assert somali.index("nollalinja") < somali.index("pohde_social_crisis")


def test_the_message_has_the_fields_of_the_http_contract() -> None:
    nollalinja = next(line for line in helplines() if line.id == "nollalinja")
    message = as_message(nollalinja, "en")
    assert message == {
        "id": "nollalinja",
        "name": "Nollalinja",
        "number": "080 005 005",
        "tel": "+35880005005",
        "hours": "open day and night",
        "languages": ["fi", "sv", "en", "ar", "fa", "so", "ckb", "ru"],
        "note": "The call is free. They speak your language.",
    }


def test_hours_are_said_in_words_or_not_at_all() -> None:
    swedish = next(line for line in helplines() if line.id == "mll_children_sv")
    assert swedish.hours_text("en") == "Mon–Tue 14:00–17:00, Wed–Thu 14:00–20:00"
    unknown = next(line for line in module._book()[0].values() if line.id == "mieli_ru")
    assert as_message(unknown, "ru")["hours"] is None
    for line in helplines():
        for language in languages():
            assert line.hours_text(language)
            assert line.name(language)


def test_names_are_official_where_there_is_one_and_else_reach_the_translators() -> None:
    emergency = helplines_for("danger", "fi")[0]
    assert emergency.name("fi") == "Hätänumero"
    assert emergency.name("sv") == "Nödnumret"
    assert {line.names["en"] for line in helplines() if "en" in line.names} == set(TRANSLATED_NAMES)


@pytest.mark.parametrize(("category", "language"), EVERY_CARD)
def test_each_card_is_short_names_112_and_gives_no_other_number(category: Category, language: str) -> None:
    text = card_text(category, language)
    assert "112" in text
    assert not [word for word in text.split() if sum(map(str.isdigit, word)) > 3]
    assert len(text.splitlines()) <= 4
    assert len(text) < 600


@pytest.mark.parametrize("category", ["danger", "self_harm"])
def test_where_life_is_at_stake_the_first_sentence_is_112(category: Category) -> None:
    assert "112" in card_text(category, "en").splitlines()[0]


def test_the_violence_card_takes_the_blame_away_and_says_how_to_leave() -> None:
    text = card_text("violence", "en")
    assert text.startswith("Nobody deserves violence.")
    assert "leave this page quickly" in text


def test_nobody_is_left_with_a_number_alone() -> None:
    assert still_here("en").startswith("I am still here.")


def test_an_unverified_line_cannot_be_switched_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = module.DATA.read_text(encoding="utf-8")
    stale = "status: number verified; hours stale\n    show: false"
    copy = tmp_path / "helplines.yml"
    copy.write_text(text.replace(stale, stale.replace("false", "true")), encoding="utf-8")
    monkeypatch.setattr(module, "DATA", copy)
    with pytest.raises(ValueError, match="mieli_sv has `show: true`"):
        module._book.__wrapped__()


@pytest.mark.parametrize("language", languages())
def test_the_young_get_lines_of_their_own_and_those_in_their_language_first(language: str) -> None:
    lines = helplines_for_young(language)
    assert [line.id for line in lines][:1] == (["mll_children_sv"] if language == "sv" else ["mll_children"])
    assert all(line.show and "child_young" in line.topics for line in lines)


def test_what_to_expect_on_calling_is_said_only_where_the_source_says_it() -> None:
    notes = {line.id: as_message(line, "ru")["note"] for line in helplines()}
    assert notes["emergency"] == translate("The call is free.", "ru") + " " + translate(
        "Say which language you speak. You get an interpreter on the phone.", "ru"
    )
    assert notes["nollalinja"] == notes["emergency"], "Russian is interpreted there"
    assert notes["pohde_social_crisis"] is None
