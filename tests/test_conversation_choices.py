"""What is offered when a message was not understood surely."""

from __future__ import annotations

from bot.conversation.choices import ALWAYS, OFFERED, choices, label
from bot.i18n import languages


def test_likeliest_first_and_not_too_many() -> None:
    """Needs and questions of the ranking, in its order."""
    ranking = ["greet", "ask_cost", "need_school", "affirm", "need_youth", "need_parenting"]
    assert choices(ranking) == ["ask_cost", "need_school", "need_youth"]
    assert len(choices(ranking)) == OFFERED


def test_what_cannot_be_offered_is_left_out() -> None:
    """A crisis is answered, never asked about; what stands under every question is not offered twice."""
    assert choices(["crisis_danger", "nlu_fallback", "thank", "need_nothing", *ALWAYS]) == []


def test_every_choice_has_a_name_in_every_language() -> None:
    """And no two have the same one."""
    offered = [*choices(["ask_family_centre"]), *choices(["ask_privacy", "change_language"]), "need_school", *ALWAYS]
    for language in languages():
        named = [label(intent, language) for intent in offered]
        assert all(named)
        assert len(set(named)) == len(named)
        if language != "en":
            assert label("ask_cost", language) != label("ask_cost", "en")
