"""What the conversation notices by itself: a return after hours, a tapped language, a common question, repetition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import clock
from bot.conversation import phrases
from bot.conversation.messages import bot, button
from bot.conversation.notices import Variety, as_question, language_of_tap, notice
from bot.conversation.several import needs_beside
from bot.i18n import languages
from tools import scenarios


def test_a_return_after_hours_is_noticed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    vault: dict[str, Any] = {}
    begun = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    for minutes, back in ((0, False), (30, False), (5 * 60, True), (5 * 60 + 1, False)):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: begun + timedelta(minutes=minutes))
        assert notice(vault, "hei", None)["back"] is back


def test_words_are_added_to_a_request_by_the_next_message_only() -> None:
    vault: dict[str, Any] = {"adding": {"on": True}}
    assert notice(vault, "call 040 1234567", None)["adding"]
    assert vault["words"] == "call 040 1234567"
    assert not notice(vault, "hello", None)["adding"]
    assert vault["words"] is None


@pytest.mark.parametrize(
    ("payload", "language"),
    [
        ('/change_language{"language": "so"}', "so"),
        ('/change_language{"language": "xx"}', None),
        ("/change_language{", None),
        ("/change_language{[]}", None),
        ("/inform", None),
    ],
)
def test_only_a_tap_on_one_of_our_languages_switches(payload: str, language: str | None) -> None:
    assert language_of_tap(payload) == language


@pytest.mark.parametrize("language", list(languages()))
def test_the_fear_for_the_permit_is_answered_as_the_button_answers_it(language: str) -> None:
    assert as_question(scenarios.lines(language)["permit"], language) == '/inform{"topic": "permit"}'
    assert as_question(scenarios.lines(language)["school"], language) is None


def test_the_third_time_comes_in_other_words_with_a_way_to_a_person() -> None:
    variety = Variety()
    said = [bot("Hello.", "en", buttons=[button("Help", "/help")])]
    texts = [variety.vary("c", said)[0] for _ in range(6)]
    assert [message["text"] for message in texts[:2]] == ["Hello.", "Hello."]
    assert texts[2]["text"] == phrases.once_more("en")
    assert {"/help", "/request_contact", "/request_human"} == {b["payload"] for b in texts[2]["buttons"]}
    assert all(len({m["text"] for m in texts[n : n + 3]}) > 1 for n in range(4))


def test_a_safety_card_is_shown_as_often_as_it_is_needed() -> None:
    variety = Variety()
    card = [bot("Call 112.", "en", kind="safety")]
    assert [variety.vary("c", card) for _ in range(4)] == [card] * 4


async def test_a_second_need_is_read_from_its_clause() -> None:
    async def parse(text: str) -> tuple[str, float]:
        return ("need_divorce", 0.9) if "divorc" in text else ("need_baby_care", 0.4)

    text = "we are divorcing and my son won't sleep"
    assert await needs_beside(text, "en", "need_divorce", {"need_baby_care"}, parse) == ["need_baby_care"]
    assert await needs_beside(text, "en", "need_divorce", set(), parse) == [], "not sure enough by itself"
    assert await needs_beside("my son won't sleep", "en", "need_divorce", {"need_baby_care"}, parse) == []
