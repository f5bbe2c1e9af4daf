"""The contact request form, without Rasa: several answers at once, corrections, refusals, and what is asked next."""

from __future__ import annotations

from typing import Any

import pytest

from bot.conversation.form import NO_CONTACT, SKIPPED, Heard, answers, careful, next_question
from bot.text.details import read_details


def heard(text: str, intent: str = "inform", share: float = 0.9, **found: Any) -> Heard:
    """A message in English as the engine gives it."""
    contacts = tuple(found.pop("contacts", ()))
    entities = {name: value if isinstance(value, list) else [value] for name, value in found.items()}
    details = read_details(text, "en", entities.get("child_age", []))
    return Heard(text, intent, share, entities, contacts, text.startswith("/"), details)


FILLED = {"consent": True, "need": "need_school", "place": "raahe", "child_ages": [96], "contact": "c1"}


def test_several_answers_in_one_message_are_all_taken() -> None:
    found = answers(
        "place",
        heard("call my wife after four, 040…, we live in Raahe, my name is Anna", place="raahe", contacts=["c1"]),
        {"consent": True, "need": "need_school"},
    )
    assert found["place"] == "raahe"
    assert found["contact"] == "c1"
    assert found["safe"] == "call my wife after four"
    assert found["name"] == "Anna"


@pytest.mark.parametrize("requested", ["child_ages", "contact", "safe", "interpreter", "name", "confirmed"])
def test_a_correction_is_taken_at_any_question(requested: str) -> None:
    found = answers(requested, heard("sorry, actually we live in Ii", place="ii"), FILLED)
    assert found["place"] == "ii"


def test_a_place_in_a_long_story_does_not_move_the_family() -> None:
    text = "my mother lives in Oulu and she helps us every week with the children but now she is ill herself"
    assert "place" not in answers("child_ages", heard(text, "need_home_help", place="oulu"), FILLED)


@pytest.mark.parametrize(
    ("requested", "wanted"),
    [("contact", NO_CONTACT), ("child_ages", SKIPPED), ("safe", SKIPPED), ("name", SKIPPED), ("interpreter", False)],
)
def test_not_wanting_to_say_leaves_the_question_out(requested: str, wanted: Any) -> None:
    assert answers(requested, heard("I don't want to say", "deny"), {"consent": True}) == {requested: wanted}


def test_not_wanting_to_say_where_is_explained_and_not_counted_as_a_place() -> None:
    assert answers("place", heard("I'd rather not say", "deny"), {}) == {"misses": 1, "refused": True}


def test_a_question_with_an_answer_in_it_gives_the_answer() -> None:
    found = answers("place", heard("what does it cost? we live in Raahe", "ask_cost", place="raahe"), {})
    assert found["place"] == "raahe"


def test_a_greeting_is_no_failed_answer() -> None:
    assert answers("place", heard("hello", "greet"), {"consent": True}) == {}


def test_words_about_time_in_passing_are_no_promise_of_safety() -> None:
    found = answers("place", heard("call me after four 040…", contacts=["c1"]), {"careful": True, "story": "x"})
    assert "safe" not in found
    assert "call me after four" in found["story"]


def test_the_safe_time_is_asked_where_a_number_is_given() -> None:
    slots = {**FILLED, "careful": True}
    assert careful(slots)
    assert next_question(slots, "en") == "safe"
    assert next_question({**slots, "contact": NO_CONTACT}, "en") == "interpreter"
    assert not careful(FILLED)


def test_the_interpreter_is_offered_to_who_writes_another_language() -> None:
    slots = {**FILLED, "safe": SKIPPED}
    assert next_question(slots, "fi") == "name"
    assert next_question({**slots, "spoken": "de"}, "fi") == "interpreter"
    assert next_question(slots, "so") == "interpreter"


def test_more_time_without_an_interpreter() -> None:
    tapped = Heard('/inform{"choice": "time"}', "inform", 1.0, {"choice": ["time"]}, (), True)
    assert answers("interpreter", tapped, FILLED) == {"interpreter": False, "more_time": True}
