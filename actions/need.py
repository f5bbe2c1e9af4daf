"""A need was told: services that fit, the family centre, and the offer of a contact request."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services, Turn
from actions.more_services import CHOICE, show_chosen, show_services
from actions.questions import tell_topic
from actions.request_status import add_words, answer_lookup
from actions.safety import show_card
from bot.conversation.form import CAREFUL_CARDS, EXPECTING, NEEDS_SAFE_CONTACT, careful, joined
from bot.conversation.messages import button
from bot.conversation.several import needs_beside
from bot.i18n import _, listing
from bot.routing.needs import Need
from bot.routing.needs import need as need_of
from bot.routing.places import regions
from bot.safety.helplines import as_message, helplines_for_young

ALSO_MAX = 3
"""More needs than this are not read out one by one; the worker reads them all in the family's own words."""

# What the safety screen found decides over a need without helplines: the request is routed and answered by the danger.
SCREENED = {
    "violence": "need_violence",
    "exploitation": "need_exploitation",
    "fgm": "need_exploitation",
    "child_protection": "need_child_protection",
}


class ActionOfferHelp(Action):
    """Answers a need."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_offer_help"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Safety first where the need calls for it, then services, centre and offer."""
        turn = Turn(dispatcher, tracker)
        need = _screened(turn) or need_of(turn.intent) or need_of(turn.slots.get("need"))
        if need is None:
            return []
        heard = turn.heard()
        if turn.only_a_place:
            return [FollowupAction("action_note_facts")]
        learned = _learned(turn)
        turn.writer = learned.get("writer", turn.writer)
        if heard.topic:
            tell_topic(self._services, turn, heard.topic)
        if need.safety:
            show_card(turn, need.safety)
        if not need.safety or turn.writer in ("relative", "worried"):
            turn.tell(_opening(turn))
        facts = {**turn.slots, **learned}
        await show_services(self._services, turn, need.id, heard.text if not heard.tapped else "", facts)
        if turn.writer == "young":
            show_lines_for_the_young(turn)
        also = await self._also(turn, need.id)
        if heard.details.maybe_young and turn.writer is None:
            turn.tell(
                turn.say(_("Do you write for yourself, and are you under 18?")),
                [button(turn.say(_("Yes, I am under 18")), '/inform{"choice": "young"}')],
            )
        offer_also(turn, also)
        offer_contact(turn, facts.get("place"))
        if not heard.tapped:
            learned["story"] = joined(turn.slots.get("story"), heard.text)
        kept = {"need": need.id, "also": also or None, "pending": "request", **learned}
        if need.id in NEEDS_SAFE_CONTACT or set(turn.metadata.get("carded") or []) & CAREFUL_CARDS:
            kept["careful"] = True
        return [SlotSet(name, value) for name, value in kept.items()]

    async def _also(self, turn: Turn, handled: str) -> list[str]:
        """Needs told beside the one that is handled now, in this message or before it; the oldest first."""
        heard = turn.heard()
        known = list(turn.slots.get("also") or [])
        earlier = turn.slots.get("need")
        if earlier and earlier.startswith("need_") and not heard.tapped:
            known.append(earlier)
        if not heard.tapped:
            likeliest = {need.id for need in turn.likeliest_needs(3)}
            known += await needs_beside(heard.text, turn.language, handled, likeliest, self._services.engine.parse)
        named = [turn.intent] if turn.intent.startswith("need_") else []
        return [each for each in dict.fromkeys([*known, *named]) if each != handled][:ALSO_MAX]


def _opening(turn: Turn) -> str:
    if turn.writer == "young":
        return turn.say(_("It was good that you told me. You are not alone with this."))
    if turn.writer in ("relative", "worried"):
        return turn.say(
            _(
                "It is right that you care. You can ask for advice without telling who the family is, and without "
                "your own name. If someone is in danger, call 112."
            )
        )
    return turn.say(_("Thank you for telling me. You do not have to cope alone."))


def show_lines_for_the_young(turn: Turn) -> None:
    """Lines where children and young people can talk about anything."""
    lines = helplines_for_young(turn.language)
    if lines:
        turn.tell(
            turn.say(_("You can also talk with an adult here. You do not have to say your name.")),
            kind="safety",
            category="human",
            helplines=[as_message(line, turn.language) for line in lines],
        )


def offer_also(turn: Turn, also: list[str]) -> None:
    """Another need that was told is not forgotten: it is named, with one tap to it."""
    found = [need for each in also if (need := need_of(each))]
    if found:
        turn.tell(
            turn.say(
                _("You also told about this: %(needs)s. I have not forgotten it. Shall I show help for it too?"),
                needs=listing([need.label(turn.language) for need in found], turn.language),
            ),
            [button(need.label(turn.language), f"/{need.id}") for need in found],
        )


def _screened(turn: Turn) -> Need | None:
    """The need behind explicit words of violence or exploitation, where the engine saw only another need in them."""
    named = need_of(turn.intent)
    if named is None or named.safety:
        return None
    found = [SCREENED[category] for category in turn.metadata.get("carded") or [] if category in SCREENED]
    return need_of(found[0]) if found else None


def _learned(turn: Turn) -> dict[str, Any]:
    heard = turn.heard()
    learned: dict[str, Any] = {}
    if place := heard.first("place"):
        learned["place"] = place
    ages = [int(age) for age in heard.entities.get("child_age", []) if int(age) != EXPECTING]
    if ages:
        learned["child_ages"] = ages
    if heard.contacts:
        learned["contact"] = heard.contacts[0]
    if heard.contacts and heard.details.wish and not careful(turn.slots):
        learned["safe"] = heard.details.wish
    if heard.details.name and heard.contacts:
        learned["name"] = heard.details.name
    writer = "young" if heard.first("choice") == "young" else heard.details.writer
    if writer and (writer != "parent" or turn.slots.get("writer") is None):
        learned["writer"] = writer
    if spoken := turn.metadata.get("spoken"):
        learned["spoken"] = spoken
    if heard.first("interpreter"):
        learned["interpreter"] = True
        if language := heard.first("language"):
            learned["contact_language"] = language
    return learned


def centre_line(turn: Turn, place: str) -> str:
    """One sentence that names the family centre of a place."""
    centre = regions().family_centre(place)
    return turn.say(_("Your family centre: %(place)s."), place=centre.place_label) if centre else ""


def ask_district(turn: Turn) -> tuple[str, list[dict[str, str]]]:
    """Which part of a city with several family centres? The question and its buttons."""
    parts = [centre for centre in regions().centres() if centre.wellbeing_centre]
    return turn.say(_("Oulu has several family centres. Which part of Oulu do you live in?")), [
        *(
            button(each.place_label.split(", ")[-1], f'/inform{{"place": "{each.code.split("-", 1)[1]}"}}')
            for each in parts
        ),
        button(turn.say(_("I do not know")), '/inform{"place": "oulu"}'),
    ]


def offer_contact(turn: Turn, place: str | None) -> None:
    """Says which family centre is theirs (or asks where they live) and offers the contact request."""
    buttons = [
        button(turn.say(_("Ask for contact")), "/request_contact"),
        button(turn.say(_("How to reach a person")), "/request_human"),
    ]
    sure = place and (turn.slots.get("district_asked") or not regions().ask_district(place))
    if place and sure and (line := centre_line(turn, place)):
        turn.tell(line + " " + turn.say(_("Shall I ask them to contact you? You tell your story only once.")), buttons)
        return
    buttons.insert(1, button(turn.say(_("Which family centre is mine?")), "/ask_family_centre"))
    turn.tell(
        turn.say(
            _(
                "Shall I ask your family centre to contact you? You tell your story only once. "
                "Tell me your municipality, and I say which centre is yours."
            )
        ),
        buttons,
    )


class ActionNoteFacts(Action):
    """A fact outside the form: remembers it and goes on with what it was asked for."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_note_facts"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Reference and PIN lead to the request; a place to its centre; anything else to the offer."""
        turn = Turn(dispatcher, tracker)
        if turn.metadata.get("lookup"):
            return await answer_lookup(self._services, turn)
        if turn.metadata.get("adding"):
            return await add_words(self._services, turn)
        learned = _learned(turn)
        turn.writer = learned.get("writer", turn.writer)
        heard = turn.heard()
        if heard.topic:
            return tell_topic(self._services, turn, heard.topic)
        if heard.first("choice") == "young":
            turn.tell(_opening(turn))
            show_lines_for_the_young(turn)
        events: list[EventType] = [SlotSet(name, value) for name, value in learned.items()]
        asked_near = turn.slots.get("pending") == "near" and "place" in learned
        choice = f"{CHOICE}near" if asked_near else str(heard.first("choice") or "")
        if choice.startswith(CHOICE) and not turn.in_form:
            waited = await show_chosen(self._services, turn, choice, learned.get("place"))
            return [*events, SlotSet("pending", waited)]
        if turn.slots.get("pending") in ("place", "near") and "place" not in learned:
            turn.tell(turn.say(_("I did not find this place. Write your municipality or postal code.")))
            return events
        place = learned.get("place")
        if place and regions().ask_district(place) and not turn.slots.get("district_asked"):
            turn.tell(*ask_district(turn))
            return [*events, SlotSet("district_asked", True), SlotSet("pending", "place")]
        if turn.slots.get("need") or place:
            offer_contact(turn, place or turn.slots.get("place"))
            return [*events, SlotSet("pending", "request")]
        turn.tell(turn.say(_("Thank you. Now tell me what you need help with.")))
        return events
