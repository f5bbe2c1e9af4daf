"""Questions about the service itself, answered from facts, never with legal advice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services, Turn
from bot.conversation.messages import button
from bot.i18n import _, translations
from bot.text.details import TOPICS

# Sources: pohde.fi's Pyydä apua (who may write, who answers, three working days, usually by phone, electronically on
# request, anonymous in Oulu's pilot), the family-centre plan (its tasks), and how this service works.
_ANSWERS: Mapping[str, str] = {
    "who": _(
        "Everyone may write: a child, a young person, a parent, a grandparent, or someone who is worried about a "
        "family. You can write in your own language. You need not tell your name."
    ),
    "next": _(
        "Your request goes to the workers of your family centre. One of them answers within three working days, "
        "usually by phone, or in writing if you ask for it. You tell your story only once."
    ),
    "taken": _(
        "Many parents are afraid of this, and you can ask about it. The family centre is there to support parents and "
        "children early. I do not decide anything about your family. A worker can tell you what child welfare "
        "(lastensuojelu) does and what it does not do. You can ask without telling your name."
    ),
    "permit": _(
        "I do not ask about your residence permit. I do not send what you write to the immigration service. Only the "
        "workers of the family centre who handle your request read it. I cannot say what affects a permit, because "
        "that is legal advice. Ask the worker who can advise you, with an interpreter if you want."
    ),
}
_ASKED: Mapping[str, str] = {
    "who": _("Who may write?"),
    "next": _("What happens next?"),
    "kept": _("How long are my words kept?"),
    "taken": _("What does child welfare do?"),
    "permit": _("Does this affect my residence permit?"),
}


def tell_topic(services: Services, turn: Turn, topic: str) -> list[EventType]:
    """Answers one question; the way to a request stays in sight outside the form."""
    text = _kept(services, turn) if topic == "kept" else turn.say(_ANSWERS[topic])
    turn.tell(text, [] if turn.in_form else [button(turn.say(_("Ask for contact")), "/request_contact")])
    return []


def _kept(services: Services, turn: Turn) -> str:
    catalogue = translations(turn.language)
    chat, request = services.chat_days, services.request_days
    return " ".join(
        [
            catalogue.ngettext(
                "This chat is erased by itself when nobody has written for %(count)d day.",
                "This chat is erased by itself when nobody has written for %(count)d days.",
                chat,
            )
            % {"count": chat},
            catalogue.ngettext(
                "A request is erased %(count)d day after it was closed.",
                "A request is erased %(count)d days after it was closed.",
                request,
            )
            % {"count": request},
            turn.say(_("You can erase the chat now in the menu. When you withdraw a request, your words are erased.")),
        ]
    )


class ActionShowCapabilities(Action):
    """What can you do? Also the door to the other common questions."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_show_capabilities"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """One of the common questions where the words ask for it, else what the bot does, with the questions below."""
        turn = Turn(dispatcher, tracker)
        if topic := turn.heard().topic:
            return tell_topic(self._services, turn, topic)
        turn.tell(
            turn.say(
                _(
                    "Write what is going on, in your own language. I show services that can help and tell which "
                    "family centre is yours. I can also send them your contact request. You can write day and night."
                )
            ),
            [
                button(turn.say(_("Ask for contact")), "/request_contact"),
                button(turn.say(_("Which family centre is mine?")), "/ask_family_centre"),
                *(button(turn.say(_ASKED[topic]), f'/inform{{"topic": "{topic}"}}') for topic in TOPICS),
            ],
        )
        return []
