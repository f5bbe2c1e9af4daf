"""Everyday turns: yes and no outside the form, not understood, language, a person, the centre, starting over."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, Restarted, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services, Turn
from actions.need import ask_district, centre_line, offer_contact
from actions.questions import tell_topic
from actions.request_status import add_words, answer_lookup
from bot.conversation.choices import ALWAYS, choices, label
from bot.conversation.form import joined
from bot.conversation.messages import button
from bot.i18n import _, languages, supported, translate
from bot.routing.places import regions
from bot.safety.helplines import Helpline, as_message, helplines_for, helplines_for_young

SURE = 0.6


class ActionAccept(Action):
    """A yes outside the form: to what was offered last."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_accept"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Yes to the contact request opens the form."""
        turn = Turn(dispatcher, tracker)
        if turn.slots.get("pending") == "request":
            return [SlotSet("pending", None), FollowupAction("contact_form")]
        if turn.slots.get("pending") == "restart":
            return [SlotSet("pending", None), FollowupAction("action_restart")]
        turn.tell(turn.say(_("Good. What would you like to do?")), _ways_on(turn))
        return []


class ActionDecline(Action):
    """A no outside the form."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_decline"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Nothing is done; the ways on stay in sight."""
        turn = Turn(dispatcher, tracker)
        turn.tell(turn.say(_("All right. You can write to me at any time.")), _ways_on(turn))
        return [SlotSet("pending", None)]


class ActionUnsure(Action):
    """Not understood: what it may have meant as buttons (bot.conversation.choices), then a person."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_unsure"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Inside the form it only says so; the form puts its question again."""
        turn = Turn(dispatcher, tracker)
        if turn.metadata.get("lookup"):
            return await answer_lookup(self._services, turn)
        if turn.metadata.get("adding"):
            return await add_words(self._services, turn)
        heard = turn.heard()
        if turn.in_form:
            if not heard.aside:
                turn.tell(turn.say(_("I did not understand this answer.")))
            return []
        if heard.topic:
            return tell_topic(self._services, turn, heard.topic)
        if turn.only_a_place:
            return [FollowupAction("action_note_facts")]
        offered = [button(label(intent, turn.language), f"/{intent}") for intent in choices(turn.ranking)]
        text = (
            _("I am not sure I understood. Is it about one of these?")
            if offered
            else _("I did not understand. Can you say it in another way?")
        )
        turn.tell(turn.say(text), offered + _ways_on(turn))
        story = turn.slots.get("story") if heard.tapped else joined(turn.slots.get("story"), heard.text)
        return [SlotSet("story", story)]


class ActionChangeLanguage(Action):
    """Switches to the language asked for, or shows all."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_change_language"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """The bot layer does the switch (custom `switch`); an unsupported language is answered with an interpreter."""
        turn = Turn(dispatcher, tracker)
        wanted = [code for code in turn.heard().entities.get("language", []) if code != turn.language]
        known = next((code for code in wanted if supported(code)), None)
        if known:
            dispatcher.utter_message(json_message={"switch": known})
            back = translate(_("Back to %(name)s"), turn.language, name=languages()[turn.language].name)
            turn.tell(
                translate(_("I now answer in this language: %(name)s."), known, name=languages()[known].name),
                [button(back, f'/change_language{{"language": "{turn.language}"}}')],
            )
            return [SlotSet("speaks", {"language": known, "client_id": turn.metadata.get("client_id")})]
        if turn.heard().tapped and turn.language in turn.heard().entities.get("language", []):
            # The button's language holds already: the conversation switches before the engine is asked.
            turn.tell(turn.say(_("I now answer in this language: %(name)s."), name=languages()[turn.language].name))
            return []
        text = turn.say(_("Choose a language:"))
        if wanted:
            text = (
                turn.say(
                    _("I do not speak this language yet. You can write in it, and the worker can have an interpreter.")
                )
                + " "
                + text
            )
        turn.tell(
            text,
            [button(each.name, f'/change_language{{"language": "{code}"}}') for code, each in languages().items()],
        )
        return []


class ActionOfferHuman(Action):
    """How to reach a person."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_offer_human"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """The contact request, and numbers that are answered by people now."""
        turn = Turn(dispatcher, tracker)
        turn.tell(
            turn.say(
                _(
                    "A worker of the family centre contacts you when you send a contact request. "
                    "If you need to talk with a person now, call one of these numbers."
                )
            ),
            [] if turn.in_form else [button(turn.say(_("Ask for contact")), "/request_contact")],
            kind="safety",
            category="human",
            helplines=[as_message(line, turn.language) for line in _lines_to_people(turn)],
        )
        return [] if turn.in_form else [SlotSet("pending", "request")]


class ActionShowFamilyCentre(Action):
    """Which family centre is mine?"""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_show_family_centre"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Answers for a place named now or before; asks for one otherwise."""
        turn = Turn(dispatcher, tracker)
        named = turn.heard().first("place")
        place = named or turn.slots.get("place")
        if place is None:
            turn.tell(
                turn.say(_("In which municipality or part of Oulu do you live? You can also write your postal code."))
            )
            return [SlotSet("pending", "place")]
        events: list[EventType] = [SlotSet("place", place)]
        if regions().ask_district(str(place)) and not turn.slots.get("district_asked"):
            turn.tell(*ask_district(turn))
            return [SlotSet("district_asked", True), SlotSet("pending", "place")]
        if turn.in_form:
            tell_centre(turn)
        else:
            offer_contact(turn, str(place))
            events.append(SlotSet("pending", "request"))
        return events


def tell_centre(turn: Turn) -> None:
    """The centre of the place that is known, in one sentence; where none is known, that it is asked later."""
    place = turn.slots.get("place")
    turn.tell(centre_line(turn, str(place)) if place else turn.say(_("I tell it when I know where you live.")))


def tell_privacy(turn: Turn) -> None:
    """Who sees what, from how the app works; the privacy page has the days."""
    turn.tell(
        turn.say(
            _(
                "You need not give your name or personal identity code. Nobody reads this chat unless you send a "
                "contact request. A request is read only by the workers who handle it, and every look is recorded. "
                "You can erase this conversation at any time."
            )
        )
    )


class ActionAnswerPrivacy(Action):
    """Who sees what I write?"""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_answer_privacy"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """One of the common questions where the words ask for it, else who sees what."""
        turn = Turn(dispatcher, tracker)
        if topic := turn.heard().topic:
            return tell_topic(self._services, turn, topic)
        tell_privacy(turn)
        return []


class ActionRestart(Action):
    """Starting over; words that only sound like it are asked back, so that no answer is lost by a guess."""

    def name(self) -> str:
        """Overrides Rasa's own action."""
        return "action_restart"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Forgets everything after a tap, or after clear words while no form is open."""
        turn = Turn(dispatcher, tracker)
        heard = turn.heard()
        sure = heard.tapped or heard.intent == "affirm" or (heard.confidence >= SURE and not turn.in_form)
        if sure:
            turn.tell(turn.say(_("We start again. Tell me what is going on in your family.")))
            return [Restarted()]
        turn.tell(
            turn.say(_("Do you want to start over? I forget your answers then.")),
            [
                button(turn.say(_("Yes, start over")), "/restart"),
                button(turn.say(_("No, go on")), '/inform{"choice": "go_on"}'),
            ],
        )
        return [SlotSet("pending", "restart")]


def _lines_to_people(turn: Turn) -> list[Helpline]:
    young = helplines_for_young(turn.language) if turn.writer == "young" else []
    return [*young, *(line for line in helplines_for("danger", turn.language) if line not in young)]


def _ways_on(turn: Turn) -> list[dict[str, str]]:
    return [button(label(intent, turn.language), f"/{intent}") for intent in ALWAYS]
