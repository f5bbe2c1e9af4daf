"""The safety card when the engine finds danger that the screen before it did not."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Turn
from bot.conversation.form import joined
from bot.conversation.messages import button
from bot.conversation.service import safety_card
from bot.i18n import _
from bot.routing.needs import need as need_of
from bot.safety.screen import Category


def show_card(turn: Turn, category: Category) -> None:
    """Shows the card of a category once a turn; the screen's own card counts."""
    carded = turn.metadata.get("carded") or []
    if category in carded or (category == "violence" and "danger" in carded):
        return
    card = safety_card(category, turn.language)
    kept = ("kind", "text", "category", "helplines", "note")
    turn.dispatcher.utter_message(json_message={key: card[key] for key in kept})


class ActionShowSafety(Action):
    """Answers a crisis intent."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_show_safety"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """The card first; outside the form also the offer, so that help goes on after the call."""
        turn = Turn(dispatcher, tracker)
        need = need_of(turn.intent)
        if need is None or need.safety is None:
            return []
        show_card(turn, need.safety)
        if turn.in_form:
            return []
        turn.tell(
            turn.say(_("I stay here. When you are safe: shall I also ask your family centre to contact you?")),
            [
                button(turn.say(_("Ask for contact")), "/request_contact"),
                button(turn.say(_("How to reach a person")), "/request_human"),
            ],
        )
        heard = turn.heard()
        story = turn.slots.get("story") if heard.tapped else joined(turn.slots.get("story"), heard.text)
        kept = [SlotSet("need", need.id), SlotSet("story", story), SlotSet("pending", "request")]
        return [*kept, SlotSet("careful", True)] if need.safety == "danger" else kept
