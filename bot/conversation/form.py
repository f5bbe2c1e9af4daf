"""The contact request form: what a message answers, and what is asked next. Pure; actions/ carries it into Rasa.

Slots hold plain values. `contact` is a handle into the conversation's vault ("c1"), never the number itself, or
NO_CONTACT. A question the family left out holds SKIPPED.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SKIPPED = "-"
NO_CONTACT = "none"
EXPECTING = -1
QUESTIONS = ("consent", "story", "place", "child_ages", "contact", "safe", "interpreter", "name", "confirmed")
CHANGEABLE = ("story", "place", "child_ages", "contact", "safe", "interpreter", "name")
NEEDS_SAFE_CONTACT = ("need_violence", "need_exploitation", "crisis_danger")

# Intents that ask for something: inside the form they are answered, and the question is put again.
ASIDE = frozenset(
    {
        "ask_family_centre",
        "ask_opening_hours",
        "ask_cost",
        "ask_privacy",
        "ask_status",
        "ask_bot",
        "ask_capabilities",
        "request_human",
        "change_language",
        "give_feedback",
    }
)
SURE = 0.5
"""Below this share the classifier's word does not override an answer in the family's own words."""
NAME_MAX = 80
NAME_WORDS = 6
"""What is longer is not a name but a story, or an objection."""
_NUMBER = re.compile(r"(?<!\d)(\d{1,2})(?!\d)")


@dataclass(frozen=True)
class Heard:
    """One message as the engine understood it. `contacts`: vault handles found in it; `tapped`: it was a button."""

    text: str
    intent: str
    confidence: float
    entities: Mapping[str, list[Any]] = field(default_factory=dict)
    contacts: tuple[str, ...] = ()
    tapped: bool = False

    def first(self, entity: str) -> Any:
        """The first value of an entity, or None."""
        return (self.entities.get(entity) or [None])[0]

    @property
    def words(self) -> int:
        """Words by white space; a language without it counts two characters a word."""
        return max(len(self.text.split()), len(re.findall(r"[\u4e00-\u9fff]", self.text)) // 2)

    @property
    def aside(self) -> bool:
        """True where the message asks something instead of answering."""
        return self.intent in ASIDE and (self.tapped or self.confidence >= SURE)

    @property
    def crisis(self) -> bool:
        """True where the message tells of danger."""
        return self.intent.startswith("crisis_")

    @property
    def yes(self) -> bool:
        """A yes: tapped, or said in few words."""
        return self.first("choice") == "yes" or (self.intent == "affirm" and (self.tapped or self.words <= 8))

    @property
    def no(self) -> bool:
        """A no: tapped, or said in few words."""
        return self.first("choice") == "no" or (self.intent == "deny" and (self.tapped or self.words <= 8))


def answers(requested: str | None, heard: Heard, slots: Mapping[str, Any]) -> dict[str, Any]:
    """The slots this message fills, given the question that stands; empty where it answers nothing.

    Several answers in one message are all taken; a named place, age or contact is taken at any time.
    """
    if heard.intent == "withdraw_request" and requested and (heard.tapped or heard.confidence >= SURE):
        return {"cancelled": True}
    if heard.first("choice") == "go_on":
        return {"pending": None}
    if changed := heard.first("change"):
        again = {"district_asked": None} if changed == "place" else {}
        return {changed: None, "confirmed": None, "asked": None, **again} if changed in CHANGEABLE else {}
    if skipped := heard.first("skip"):
        return {skipped: NO_CONTACT if skipped == "contact" else SKIPPED} if skipped in CHANGEABLE else {}
    if heard.aside or (heard.crisis and requested != "story"):
        return {}
    found = _facts(requested, heard, slots)
    found.update(_direct(requested, heard, slots, found))
    if requested == "confirmed" and found and "confirmed" not in found:
        found["confirmed"] = None
    if _tells_more(heard) and requested not in (None, "story", "safe") and "story" not in found:
        found.pop("name", None)
        found["story"] = joined(slots.get("story"), heard.text)
    return found


def _tells_more(heard: Heard) -> bool:
    told = heard.intent.startswith("need_") or heard.crisis
    return told and not heard.tapped and heard.confidence >= SURE and heard.words >= 3


def joined(story: Any, text: str) -> str:
    """A story with one more message added, each once."""
    lines = [] if story in (None, SKIPPED) else str(story).split("\n")
    return "\n".join(lines if text in lines else [*lines, text])


def _facts(requested: str | None, heard: Heard, slots: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    place = heard.first("place")
    if place and (requested in ("place", "confirmed") or slots.get("place") is None):
        found["place"] = place
    ages = [int(age) for age in heard.entities.get("child_age", [])]
    if ages and (requested in ("child_ages", "confirmed") or slots.get("child_ages") in (None, SKIPPED)):
        found["child_ages"] = ages
    if heard.contacts:
        found["contact"] = heard.contacts[0]
    if heard.first("interpreter") == "yes":
        found["interpreter"] = True
    language = heard.first("language")
    if language and (requested == "interpreter" or heard.first("interpreter")):
        found["interpreter"], found["contact_language"] = True, language
    return found


def _direct(requested: str | None, heard: Heard, slots: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    if requested == "consent":
        if heard.yes:
            return {"consent": True}
        return {"cancelled": True} if heard.no else {}
    if requested == "confirmed":
        if heard.yes and not found:
            return {"confirmed": True}
        return {"asked": "change"} if heard.no and not found else {}
    if requested == "story":
        told = not heard.tapped and not heard.yes and not heard.no and heard.intent not in ("greet", "thank")
        return {"story": joined(slots.get("story"), heard.text)} if told else {}
    if requested == "place":
        return {} if found.get("place") or heard.tapped else {"misses": int(slots.get("misses") or 0) + 1}
    if requested == "child_ages" and "child_ages" not in found:
        numbers = [int(n) * 12 for n in _NUMBER.findall(heard.text) if int(n) <= 25] if heard.words <= 10 else []
        if numbers:
            return {"child_ages": numbers}
        if heard.no:
            return {"child_ages": SKIPPED}
    if requested == "contact" and "contact" not in found:
        if heard.no:
            return {"contact": NO_CONTACT}
        return {} if heard.tapped else {"misses": int(slots.get("misses") or 0) + 1}
    if requested == "safe":
        if heard.no:
            return {"safe": SKIPPED}
        if not heard.tapped or heard.yes:
            return {"safe": heard.text if not heard.tapped else SKIPPED}
    if requested == "interpreter" and "interpreter" not in found and (heard.yes or heard.no):
        return {"interpreter": heard.yes}
    if requested == "name":
        if heard.no:
            return {"name": SKIPPED}
        if not heard.tapped and not heard.yes and "contact" not in found and heard.words <= NAME_WORDS:
            return {"name": heard.text[:NAME_MAX]}
    return {}


def next_question(slots: Mapping[str, Any], language: str) -> str | None:
    """The question to put next, or None where the form is complete or was stopped. What is known is not asked."""
    if slots.get("cancelled"):
        return None
    return next((q for q in QUESTIONS if slots.get(q) is None and not _needless(q, slots, language)), None)


def _needless(question: str, slots: Mapping[str, Any], language: str) -> bool:
    if question == "story":
        return bool(slots.get("need"))
    if question == "child_ages":
        return slots.get("need") == "need_pregnancy_birth"
    if question == "safe":
        return slots.get("contact") == NO_CONTACT
    if question == "interpreter":
        return language == "fi"
    return False
