"""Small words around an answer, in every language: refusing, correcting, when to call, who writes, what is feared."""

from __future__ import annotations

import pytest

from bot.i18n import languages
from bot.text.details import read_details, split_joined
from tools import scenarios

LANGUAGES = list(languages())


@pytest.mark.parametrize("language", LANGUAGES)
def test_refusing_is_heard_and_is_no_wish(language: str) -> None:
    found = read_details(scenarios.lines(language)["refuse"], language)
    assert found.refuses
    assert found.wish is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_when_and_how_to_call_is_one_clause_without_the_number(language: str) -> None:
    found = read_details(scenarios.lines(language)["several"], language)
    assert found.wish_sure
    assert found.wish
    assert "1234567" not in found.wish
    assert "Raahe" not in found.wish
    assert not found.refuses


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_writes(language: str) -> None:
    assert read_details(scenarios.lines(language)["young"], language, [14 * 12]).writer == "young"
    assert read_details(scenarios.lines(language)["relative"], language).writer == "relative"
    assert read_details(scenarios.lines(language)["neighbour"], language).writer == "worried"
    assert read_details(scenarios.lines(language)["school"], language).writer != "young"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_fear_for_the_permit_is_heard_and_other_questions_are_not(language: str) -> None:
    assert read_details(scenarios.lines(language)["permit"], language).topic == "permit"
    for line in ("school", "cost", "privacy", "centre", "violence", "several", "young"):
        assert read_details(scenarios.lines(language)[line], language).topic is None, line


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_things_in_one_message_are_two_parts(language: str) -> None:
    assert len(split_joined(scenarios.lines(language)["two"], language)) >= 2


@pytest.mark.parametrize(
    ("text", "language", "ages", "writer"),
    [
        ("my son is 15 and I am tired", "en", [180], "parent"),
        ("I am 34 and my dad drinks", "en", [], None),
        ("olen 15-vuotias ja äiti juo", "fi", [180], "young"),
        ("Мне 15 лет, родители ругаются", "ru", [180], "young"),
        ("我今年15岁", "zh", [180], "young"),
    ],
)
def test_the_writers_own_age_decides(text: str, language: str, ages: list[int], writer: str | None) -> None:
    assert read_details(text, language, ages).writer == writer


def test_a_parent_is_spoken_of_without_an_age() -> None:
    assert read_details("mun äiti juo ja pelkään olla kotona", "fi").maybe_young
    assert not read_details("äitini auttaa minua lapseni kanssa", "fi").maybe_young


@pytest.mark.parametrize(
    ("text", "language", "name"),
    [
        ("my name is Anna Maria, I live in Oulu", "en", "Anna Maria"),
        ("nimeni on Maija", "fi", "Maija"),
        ("меня зовут Ольга", "ru", "Ольга"),
        ("我叫李明", "zh", "李明"),
        ("I have no name for this", "en", None),
    ],
)
def test_a_name_is_heard_where_it_is_said_to_be_one(text: str, language: str, name: str | None) -> None:
    assert read_details(text, language).name == name
