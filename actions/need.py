"""A need was told: services that fit, the family centre, and the offer of a contact request."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services, Turn
from actions.request_status import answer_lookup
from actions.safety import show_card
from bot.catalogue.search import AGE_GROUPS, age_group_of
from bot.conversation.form import EXPECTING, joined
from bot.conversation.messages import button
from bot.i18n import _
from bot.routing.needs import Need
from bot.routing.needs import need as need_of
from bot.routing.places import regions

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
        if need.safety:
            show_card(turn, need.safety)
        else:
            turn.tell(turn.say(_("Thank you for telling me. You do not have to cope alone.")))
        facts = {**turn.slots, **learned}
        cards = await _services(self._services, turn, need.id, heard.text if not heard.tapped else "", facts)
        if cards:
            turn.tell(turn.say(_("These can help you:")), kind="services", services=cards, need=need.id)
        else:
            turn.tell(turn.say(_("I found no service for this. The family centre can still help you.")))
        offer_contact(turn, facts.get("place"))
        if not heard.tapped:
            learned["story"] = joined(turn.slots.get("story"), heard.text)
        events = [SlotSet("need", need.id), SlotSet("pending", "request")]
        return [*events, *(SlotSet(name, value) for name, value in learned.items())]


def _screened(turn: Turn) -> Need | None:
    """The need behind explicit words of violence or exploitation, where the engine saw only another need in them."""
    named = need_of(turn.intent)
    if named is None or named.safety:
        return None
    found = [SCREENED[category] for category in turn.metadata.get("carded") or [] if category in SCREENED]
    return need_of(found[0]) if found else None


async def _services(
    services: Services, turn: Turn, need_id: str, text: str, facts: dict[str, Any]
) -> list[dict[str, Any]]:
    need = need_of(need_id)
    query = text or (need.label("en") if need else "")
    place = regions().resolve(facts["place"]) if facts.get("place") else None
    ages = facts.get("child_ages") if isinstance(facts.get("child_ages"), list) else []
    group = age_group_of(ages[0]) if ages else None
    found = await services.catalogue.search(
        query,
        language=turn.language,
        need=need_id,
        municipality=place.municipality_code if place else None,
        age_group=group if group in AGE_GROUPS else None,
        limit=3,
    )
    return [each.card(turn.language) for each in found]


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
    if heard.first("interpreter"):
        learned["interpreter"] = True
        if language := heard.first("language"):
            learned["contact_language"] = language
    return learned


def centre_line(turn: Turn, place: str) -> str:
    """One sentence that names the family centre of a place."""
    centre = regions().family_centre(place)
    return turn.say(_("Your family centre: %(place)s."), place=centre.place_label) if centre else ""


def ask_district(turn: Turn) -> None:
    """Which part of a city with several family centres?"""
    parts = [centre for centre in regions().centres() if centre.wellbeing_centre]
    turn.tell(
        turn.say(_("Oulu has several family centres. Which part of Oulu do you live in?")),
        [
            *(
                button(each.place_label.split(", ")[-1], f'/inform{{"place": "{each.code.split("-", 1)[1]}"}}')
                for each in parts
            ),
            button(turn.say(_("I do not know")), '/inform{"place": "oulu"}'),
        ],
    )


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
        learned = _learned(turn)
        events: list[EventType] = [SlotSet(name, value) for name, value in learned.items()]
        if turn.slots.get("pending") == "place" and "place" not in learned:
            turn.tell(turn.say(_("I did not find this place. Write your municipality or postal code.")))
            return events
        place = learned.get("place")
        if place and regions().ask_district(place) and not turn.slots.get("district_asked"):
            ask_district(turn)
            return [SlotSet("district_asked", True), SlotSet("pending", "place")]
        if turn.slots.get("need") or place:
            offer_contact(turn, place or turn.slots.get("place"))
            return [*events, SlotSet("pending", "request")]
        turn.tell(turn.say(_("Thank you. Now tell me what you need help with.")))
        return events
