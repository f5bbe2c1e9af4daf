"""The summary is Finnish whatever the family wrote in; the family's own words are left as they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.requests.draft import RequestDraft, check
from bot.requests.summary import ages_text, original_words, place_label, summary_fi, waiting_text
from bot.storage.models import ContactRequestRow

ARABIC = "بعد الساعة الرابعة"


def told(**answers: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """The stored body and the summary (label -> value) of a request with these answers."""
    draft = {"language": "ar", "need": "need_school", "place": "Kuusamo", "consent": True, **answers}
    accepted = check(RequestDraft(**draft))
    row = ContactRequestRow(
        need=accepted.draft.need,
        place=accepted.place_id,
        centre=accepted.centre.code,
        language=accepted.draft.language,
        interpreter=accepted.draft.interpreter,
    )
    return accepted.draft.body(), dict(summary_fi(accepted.draft.body(), row))


def test_an_arabic_request_is_summed_up_in_finnish() -> None:
    _body, found = told(
        child_ages=[9 * 12, 5],
        name="Amina",
        contact="040 123 4567",
        safe=ARABIC,
        interpreter=True,
        contact_language="ar",
        writer="parent",
    )
    assert found["Paikka"] == "Kuusamo"
    assert found["Lapsen ikä"] == "5 kuukautta ja 9 vuotta"
    assert found["Kuka kirjoittaa"] == "Vanhempi"
    assert found["Nimi"] == "Amina"
    assert found["Yhteystieto"] == "+358 40 1234567"
    assert found["Tulkki"] == "Kyllä, arabia"
    assert found["Pyynnön kieli"] == "arabia"
    assert ARABIC in found["Milloin ja miten yhteyttä"]
    assert "(arabia)" in found["Milloin ja miten yhteyttä"]
    assert "Ole varovainen" not in found


@pytest.mark.parametrize("language", ["fi", "sv", "en", "ar"])
def test_the_labels_do_not_depend_on_the_family_s_language(language: str) -> None:
    assert list(told(language=language)[1]) == list(told(language="fi")[1])


def test_what_was_left_out_is_said_to_be_left_out() -> None:
    _body, found = told()
    assert found["Nimi"] == "Nimetön"
    assert found["Yhteystieto"].startswith("Ei annettu")
    assert found["Lapsen ikä"] == "Ei kerrottu"
    assert found["Tulkki"] == "Tarvetta ei kerrottu"


@pytest.mark.parametrize("need", ["need_violence", "need_exploitation"])
def test_where_there_is_violence_no_message_is_left(need: str) -> None:
    _body, found = told(need=need, contact="040 123 4567")
    assert found["Ole varovainen"] == "Älä jätä viestiä"


def test_the_family_s_words_keep_their_language_and_direction() -> None:
    body, _found = told(story="ابني لا يريد الذهاب إلى المدرسة", safe=ARABIC)
    assert [(each.text, each.language, each.dir) for each in original_words(body)] == [
        ("ابني لا يريد الذهاب إلى المدرسة", "ar", "rtl"),
        (ARABIC, "ar", "rtl"),
    ]
    assert original_words({**body, "language": "xx"})[0].dir == "auto"


def test_an_erased_request_has_no_summary() -> None:
    assert summary_fi({}, ContactRequestRow()) == []
    assert original_words({}) == []


@pytest.mark.parametrize(
    ("place", "label"), [("Kuusamo", "Kuusamo"), ("Tuira", "Tuira, Oulu"), ("93600", "93600"), ("", "")]
)
def test_places_are_named_with_their_municipality(place: str, label: str) -> None:
    from bot.routing.places import regions

    found = regions().resolve(place)
    assert place_label(found.id if found else "").startswith(label)
    if place == "93600":
        assert "Kuusamo" in place_label("93600").title()


@pytest.mark.parametrize(
    ("months", "said"), [([], ""), ([0], "0 kuukautta"), ([1], "1 kuukausi"), ([23, 24], "23 kuukautta ja 2 vuotta")]
)
def test_ages_are_said_as_people_say_them(months: list[int], said: str) -> None:
    assert ages_text(months, "fi") == said


@pytest.mark.parametrize(
    ("age", "said"),
    [
        (timedelta(minutes=5), "alle tunti"),
        (timedelta(minutes=90), "1 tunti"),
        (timedelta(hours=47, minutes=59), "47 tuntia"),
        (timedelta(hours=48), "2 päivää"),
        (timedelta(days=9), "9 päivää"),
    ],
)
def test_waiting_is_told_in_hours_then_days(age: timedelta, said: str) -> None:
    assert waiting_text(age, "fi") == said
