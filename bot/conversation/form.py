"""The contact request form: what a message answers, and what is asked next. Pure; actions/ carries it into Rasa.

Slots hold plain values. `contact` is a handle into the conversation's vault ("c1"), never the number itself, or
NO_CONTACT. A question the family left out holds SKIPPED.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.text.details import TOPICS, Details

SKIPPED = "-"
NO_CONTACT = "none"
EXPECTING = -1
QUESTIONS = ("consent", "story", "place", "child_ages", "contact", "safe", "interpreter", "name", "confirmed")
CHANGEABLE = ("story", "place", "child_ages", "contact", "safe", "interpreter", "name")
NEEDS_SAFE_CONTACT = ("need_violence", "need_exploitation", "need_child_protection", "crisis_danger")
CAREFUL_CARDS = frozenset({"danger", "violence", "exploitation", "fgm", "child_protection"})
"""Safety cards after which the family is asked for a safe time and way, and no message is left on a phone."""

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
SOCIAL = frozenset({"greet", "thank", "goodbye", "restart", "out_of_scope"})
"""Said around the answers: no answer, and no failed one."""
SURE = 0.5
"""Below this share the classifier's word does not override an answer in the family's own words."""
NAME_MAX = 80
NAME_WORDS = 6
"""What is longer is not a name but a story, or an objection."""
CORRECTION_WORDS = 8
"""In a message this short a place or age is an answer, also where another one stood."""
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
    details: Details = field(default_factory=Details)

    def first(self, entity: str) -> Any:
        """The first value of an entity, or None."""
        return (self.entities.get(entity) or [None])[0]

    @property
    def topic(self) -> str | None:
        """A question about the service itself, asked in words or by a button."""
        tapped = self.first("topic")
        return tapped if tapped in TOPICS else self.details.topic

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

    @property
    def refuses(self) -> bool:
        """Does not want to tell this: in words of refusing and not many others."""
        brief = self.words <= (7 if self.aside or self.crisis else 14)
        return self.details.refuses and not self.tapped and brief


def answers(requested: str | None, heard: Heard, slots: Mapping[str, Any]) -> dict[str, Any]:
    """The slots this message fills, given the question that stands; empty where it answers nothing.

    Several answers in one message are all taken; a named place, age, name, time or contact is taken at any time, and
    in a correction it takes the place of an earlier one. `misses` counts answers that did not fit the question.
    """
    if heard.intent == "withdraw_request" and requested and (heard.tapped or heard.confidence >= SURE):
        return {"cancelled": True}
    if heard.first("choice") == "go_on":
        return {"pending": None}
    if heard.topic and (heard.tapped or not _tells_more(heard)):
        return {"pending": None}
    if heard.first("choice") == "time":
        return {"interpreter": False, "more_time": True}
    if changed := heard.first("change"):
        again = {"district_asked": None} if changed == "place" else {}
        return {changed: None, "confirmed": None, "asked": None, **again} if changed in CHANGEABLE else {}
    if skipped := heard.first("skip"):
        return {skipped: NO_CONTACT if skipped == "contact" else SKIPPED} if skipped in CHANGEABLE else {}
    found = _facts(requested, heard, slots)
    if heard.refuses and not found:
        return _refused(requested, slots)
    if heard.aside or (heard.crisis and requested != "story"):
        return found
    found.update(_direct(requested, heard, slots, found))
    if requested == "confirmed" and found and "confirmed" not in found:
        found["confirmed"] = None
    if _tells_more(heard) and requested not in (None, "story", "safe") and "story" not in found:
        found.pop("name", None)
        found["story"] = joined(slots.get("story"), heard.text)
    return found


def _refused(requested: str | None, slots: Mapping[str, Any]) -> dict[str, Any]:
    """What "I don't want to say" means: optional stays optional; for the place it is explained why it is needed."""
    if requested == "contact":
        return {"contact": NO_CONTACT}
    if requested == "interpreter":
        return {"interpreter": False}
    if requested in ("child_ages", "safe", "name", "story"):
        return {requested: SKIPPED}
    if requested == "consent":
        return {"cancelled": True}
    return {"misses": int(slots.get("misses") or 0) + 1, "refused": True} if requested == "place" else {}


def _tells_more(heard: Heard) -> bool:
    told = heard.intent.startswith("need_") or heard.crisis
    return told and not heard.tapped and heard.confidence >= SURE and heard.words >= 3


def joined(story: Any, text: str) -> str:
    """A story with one more message added, each once."""
    lines = [] if story in (None, SKIPPED) else str(story).split("\n")
    return "\n".join(lines if text in lines else [*lines, text])


def _facts(requested: str | None, heard: Heard, slots: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if heard.tapped and not (heard.first("place") or heard.first("child_age")):
        return found
    corrects = requested is not None and (heard.details.corrects or (_brief(heard) and not heard.aside))
    place = heard.first("place")
    if place and (requested in ("place", "confirmed") or slots.get("place") is None or corrects):
        found["place"] = place
        if place != slots.get("place"):
            found["district_asked"] = None
    ages = [int(age) for age in heard.entities.get("child_age", [])]
    if ages and (requested in ("child_ages", "confirmed") or slots.get("child_ages") in (None, SKIPPED) or corrects):
        found["child_ages"] = ages
    if heard.contacts:
        found["contact"] = heard.contacts[0]
    if heard.details.name and not _tells_more(heard):
        found["name"] = heard.details.name[:NAME_MAX]
    wish = None if heard.refuses else heard.details.wish
    if wish and requested not in ("safe", "story") and _is_wish(requested, heard):
        if slots.get("careful"):
            # Words heard in passing are no promise that this is safe: the question is asked all the same.
            found["story"] = joined(slots.get("story"), wish)
        else:
            found["safe"] = wish
    if heard.first("interpreter") == "yes":
        found["interpreter"] = True
    language = heard.first("language")
    if language and (requested == "interpreter" or heard.first("interpreter")):
        found["interpreter"], found["contact_language"] = True, language
    if heard.details.writer in ("young", "relative", "worried"):
        found["writer"] = heard.details.writer
    return found


def _brief(heard: Heard) -> bool:
    return heard.words <= CORRECTION_WORDS and not heard.intent.startswith("need_")


def _is_wish(requested: str | None, heard: Heard) -> bool:
    """Words about time and way count beside a contact, and in short answers to the questions around it."""
    if heard.contacts:
        return True
    return requested in ("contact", "confirmed", "name", "interpreter") and (
        heard.details.wish_sure or not _tells_more(heard)
    )


def _direct(requested: str | None, heard: Heard, slots: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    if requested == "consent":
        if heard.yes:
            return {"consent": True}
        return {"cancelled": True} if heard.no and not found else {}
    if requested == "confirmed":
        if heard.yes and not found:
            return {"confirmed": True}
        return {"asked": "change"} if heard.no and not found else {}
    if requested == "story":
        told = not heard.tapped and not heard.yes and not heard.no and heard.intent not in ("greet", "thank")
        return {"story": joined(slots.get("story"), heard.text)} if told else {}
    if requested == "place":
        return {} if found or heard.tapped or heard.intent in SOCIAL else {"misses": int(slots.get("misses") or 0) + 1}
    if requested == "child_ages" and "child_ages" not in found:
        numbers = [int(n) * 12 for n in _NUMBER.findall(heard.text) if int(n) <= 25] if heard.words <= 10 else []
        if numbers and "contact" not in found:
            return {"child_ages": numbers}
        if heard.no and not found:
            return {"child_ages": SKIPPED}
    if requested == "contact" and "contact" not in found:
        if heard.no and not found:
            return {"contact": NO_CONTACT}
        return {} if heard.tapped or found or heard.intent in SOCIAL else {"misses": int(slots.get("misses") or 0) + 1}
    if requested == "safe":
        if heard.no and not heard.details.wish:
            return {"safe": SKIPPED}
        if not heard.tapped or heard.yes:
            return {"safe": heard.text if not heard.tapped else SKIPPED}
    if requested == "interpreter" and "interpreter" not in found and (heard.yes or heard.no):
        return {"interpreter": heard.yes}
    if requested == "name" and "name" not in found:
        if heard.no and not found:
            return {"name": SKIPPED}
        plain = not heard.tapped and not heard.yes and not ({"contact", "place", "safe", "child_ages"} & set(found))
        if plain and heard.words <= NAME_WORDS:
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
        return slots.get("need") == "need_pregnancy_birth" and slots.get("writer") != "young"
    if question == "safe":
        return slots.get("contact") == NO_CONTACT
    if question == "interpreter":
        return language == "fi" and not slots.get("spoken")
    return False


def careful(slots: Mapping[str, Any]) -> bool:
    """True where violence or control is in the air: the safe time and way are asked, and no message is left."""
    return bool(slots.get("careful")) or slots.get("need") in NEEDS_SAFE_CONTACT
