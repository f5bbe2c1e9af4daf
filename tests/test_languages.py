"""Languages hold together: plain words, dates, plurals, the sentences for the young, and scaffolding another one."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from actions.request_status import EVENT_TEXTS, STATUS_TEXTS
from bot.conversation.young import YOUNG
from bot.i18n import day, isolated, languages, listing, translate, translate_young, translations
from bot.safety import screen
from bot.web.chat import SCRIPT_TEXTS
from tools import i18n, plain
from tools import languages as scaffold

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = list(languages())
THURSDAY = date(2026, 11, 26)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_day_is_written_with_its_weekday_in_full(language: str) -> None:
    said = day(THURSDAY, language)
    assert "26" in said
    assert said != day(date(2026, 11, 27), language).replace("27", "26"), "the weekday is in it"
    assert not re.search(r"\b(Thu|чт|tors\b|N)\b[,.]", said)


def test_a_day_and_a_list_as_people_say_them() -> None:
    assert day(THURSDAY, "en") == "Thursday 26 November"
    assert day(THURSDAY, "fi") == "torstai 26. marraskuuta"
    assert listing(["a", "b", "c"], "ckb") == "a، b و c"
    assert isolated("040 123") == "\u2066040 123\u2069"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("count", [1, 2, 3, 5, 11, 21, 100])
def test_minutes_are_counted_in_every_language(language: str, count: int) -> None:
    one, many = (
        "Too many wrong tries. Please wait %(count)d minute.",
        "Too many wrong tries. Please wait %(count)d minutes.",
    )
    said = translations(language).ngettext(one, many, count)
    if language != "en":
        assert said not in (one, many)
    assert str(count) in said % {"count": count} or (language == "ar" and count <= 2)


@pytest.mark.parametrize("language", ["ru", "uk", "tr", "fa", "zh", "vi"])
def test_a_young_person_is_spoken_to_in_the_familiar_form(language: str) -> None:
    question = "How old are you?"
    assert translate_young(question, language) != translate(question, language)
    assert len(YOUNG) == sum(translations(language).pgettext("young", each) != each for each in YOUNG)


def test_the_scripts_words_are_those_the_page_gives_it() -> None:
    used: set[str] = set()
    for path in (ROOT / "bot/web/static").rglob("*.js"):
        used |= set(re.findall(r"\btexts\.(\w+)", path.read_text(encoding="utf-8")))
    assert used
    assert used <= set(SCRIPT_TEXTS), used - set(SCRIPT_TEXTS)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stays_on_a_phone_has_no_words_about_violence(language: str) -> None:
    receipt = (
        "Your request was sent to the family centre: %(place)s.",
        "You get an answer by %(day)s at the latest. Keep the reference and the PIN.",
        "With them you can ask what has happened, or withdraw your request.",
        "Can someone else look at your phone? Then write the reference and the PIN down somewhere "
        "safe, and erase this conversation in the menu.",
    )
    for msgid in (*STATUS_TEXTS.values(), *EVENT_TEXTS.values(), *receipt):
        said = translations(language).gettext(msgid)
        assert not screen.screen(said), said


def test_closed_is_two_words_in_finnish() -> None:
    catalogue = i18n.read("fi")
    hours = catalogue.get("Closed", "opening hours")
    assert hours is not None
    assert hours.string


def test_plain_language_finds_what_is_not_plain() -> None:
    assert list(plain.faults("fi", "x", "Mikäli haluat, soita."))
    assert list(plain.faults("en", "x", " ".join(["word"] * 40) + "."))
    assert list(plain.faults("ru", "x", "Спросите в neuvola."))
    assert not list(plain.faults("ru", "x", "Спросите в консультации (neuvola)."))
    assert list(plain.faults("fi", "Skip", "x" * 80))
    assert "Skip" in plain.button_titles()


def test_a_fourteenth_language_is_scaffolded_and_told_what_it_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data/languages.yml", "data/details.yml", "tests/dialogue/lines/en.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    for folder in ("data/nlu", "data/safety"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(ROOT / "data/safety/en.yml", tmp_path / "data/safety/en.yml")
    made = scaffold.add(tmp_path, "de", "Deutsch", "ltr")
    assert all(path.exists() for path in made)
    register = yaml.safe_load((tmp_path / "data/languages.yml").read_text(encoding="utf-8"))
    assert register["de"]["name"] == "Deutsch"
    assert set(yaml.safe_load((tmp_path / "data/details.yml").read_text(encoding="utf-8"))["de"]) >= {"refuse", "call"}
    with pytest.raises(ValueError, match="is there already"):
        scaffold.add(tmp_path, "de", "Deutsch", "ltr")
    with pytest.raises(ValueError, match="CLDR"):
        scaffold.add(tmp_path, "xqq", "?", "ltr")
    assert list(scaffold.missing(tmp_path, "xqq")) == ["[xqq] data/languages.yml: no line"]
    known = {**languages(), "de": languages()["en"]}
    monkeypatch.setattr(scaffold, "languages", lambda: known)
    monkeypatch.setattr(i18n, "languages", lambda: known)
    lacks = "\n".join(scaffold.missing(tmp_path, "de"))
    for part in (
        "data/nlu/de.yml: need_school",
        "data/safety/de.yml: no danger",
        "bot.po",
        "details.yml: no words for",
    ):
        assert part in lacks


def test_nothing_is_missing_in_the_thirteen() -> None:
    assert [line for code in LANGUAGES for line in scaffold.missing(ROOT, code)] == []
