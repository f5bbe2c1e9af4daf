"""When the meaning of a message is not sure: what the person may have meant, to be offered as buttons."""

from __future__ import annotations

from collections.abc import Sequence

from bot.i18n import _, translate
from bot.routing.needs import need

OFFERED = 3
"""Choices at most: more are hard to read on a phone at night."""

ALWAYS = {"request_contact": _("Ask for contact"), "request_human": _("How to reach a person")}
"""Ways on that stand under every such question."""

# What a question about the service is called on its button. Greetings, answers and the like cannot be offered.
_QUESTIONS = {
    "ask_family_centre": _("Which family centre is mine?"),
    "ask_opening_hours": _("When do I get an answer?"),
    "ask_cost": _("What does it cost?"),
    "ask_privacy": _("Who sees my answers?"),
    "ask_status": _("What has happened to my request?"),
    "withdraw_request": _("Delete my request"),
    "change_language": _("Another language"),
    "ask_capabilities": _("What can you do?"),
}


def choices(ranking: Sequence[str]) -> list[str]:
    """The intents to offer out of a ranking (likeliest first): needs and questions, at most OFFERED."""
    found = [intent for intent in ranking if intent in _QUESTIONS or (intent.startswith("need_") and need(intent))]
    return found[:OFFERED]


def label(intent: str, language: str) -> str:
    """An offered intent on its button, in the person's language."""
    known = need(intent)
    return known.label(language) if known else translate({**_QUESTIONS, **ALWAYS}[intent], language)
