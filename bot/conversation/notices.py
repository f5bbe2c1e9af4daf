"""What the conversation notices by itself around a turn: a return after hours, a tapped language, its repetition."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any

from bot import clock
from bot.conversation import phrases
from bot.conversation.messages import Message
from bot.i18n import supported
from bot.text.details import read_details

AWAY = timedelta(hours=2)
"""After a silence this long the form says that the answers are still there."""
QUESTION_MAX = 100
"""Characters; in a longer message the question is one thing among others."""
_SWITCH = "/change_language{"
_REMEMBERED = 10_000


def notice(vault: dict[str, Any], words: str, payload: str | None) -> dict[str, bool]:
    """What the actions should know of this message: `back` after a silence, `adding` words to a sent request.

    Keeps moment and words in the vault; the words go to a request by reference and PIN, never through the engine.
    """
    before = vault.get("at")
    vault["at"] = clock.now().isoformat()
    back = before is not None and clock.now() - datetime.fromisoformat(before) >= AWAY
    adding = bool((vault.pop("adding", None) or {}).get("on")) and not payload
    vault["words"] = words if adding else None
    return {"back": back, "adding": adding}


def language_of_tap(payload: str) -> str | None:
    """The language of a tapped language button, where it is one of ours."""
    if not payload.startswith(_SWITCH):
        return None
    try:
        wanted = json.loads(payload.removeprefix(_SWITCH[:-1])).get("language")
    except (ValueError, AttributeError):
        return None
    return wanted if isinstance(wanted, str) and supported(wanted) else None


def as_question(text: str, language: str) -> str | None:
    """A short message that is one of the common questions, as the button for it says it; None for everything else.

    The classifier has no intent for these, and would answer "will this harm my permit?" with whatever is nearest.
    """
    if len(text) > QUESTION_MAX:
        return None
    topic = read_details(text, language).topic
    return f'/inform{{"topic": "{topic}"}}' if topic and topic != "taken" else None


class Variety:
    """Keeps the bot from saying the same thing three times running: the third time it offers another way.

    Held in memory and bounded: what is lost with it is a nicety. Safety cards, services, summaries and requests are
    not touched.
    """

    def __init__(self) -> None:
        self._said: OrderedDict[str, list[set[str]]] = OrderedDict()

    def vary(self, conversation: str, answer: list[Message]) -> list[Message]:
        """The answer, without sentences that both earlier answers had; never empty where it was not."""
        earlier = self._said.get(conversation, [])
        stale = earlier[0] & earlier[1] if len(earlier) == 2 else set()
        fresh = [message for message in answer if not _plain(message) or message["text"] not in stale]
        if answer and not fresh:
            last = answer[-1]
            known = {button["payload"] for button in last["buttons"]}
            ways = [way for way in phrases.ways_to_people(last["language"]) if way["payload"] not in known]
            fresh = [
                {**last, "text": phrases.once_more(last["language"]), "buttons": [*last["buttons"], *ways]},
            ]
        elif fresh and len(fresh) < len(answer):
            # The buttons of what was left out stay in reach.
            known = {button["payload"] for button in fresh[-1]["buttons"]}
            left = [b for message in answer if message not in fresh for b in message["buttons"]]
            more = [b for b in left if b["payload"] not in known]
            fresh[-1] = {**fresh[-1], "buttons": [*fresh[-1]["buttons"], *more]}
        self._said[conversation] = [*earlier, {message["text"] for message in fresh if _plain(message)}][-2:]
        self._said.move_to_end(conversation)
        while len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        return fresh


def _plain(message: Message) -> bool:
    return message["kind"] in ("text", "notice") and "rows" not in message
