"""The questions of the contact request form, one action each. Rasa calls action_ask_contact_form_<slot>."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Turn
from actions.form_summary import LABELS, show_summary
from actions.need import ask_district
from bot.conversation import form
from bot.conversation.messages import button
from bot.i18n import _

SHORT_EVERY = 3
"""Every third time the same question comes again, it comes in other words and with a way to a person."""


def cancel(turn: Turn) -> dict[str, str]:
    """The way out of the form that sends nothing."""
    return button(turn.say(_("Stop, do not send")), "/withdraw_request")


class Question(Action):
    """A question with its quick answers."""

    slot = ""

    def name(self) -> str:
        """Rasa calls it when it asks for the slot."""
        return f"action_ask_contact_form_{self.slot}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Asks; counts how often the same question has come in a row."""
        turn = Turn(dispatcher, tracker)
        last, times = turn.slots.get("again") or [None, 0]
        times = times + 1 if last == self.slot else 1
        text, buttons = self.words(turn)
        if times % SHORT_EVERY == 0 and self.slot in LABELS:
            text = turn.say(
                _("I still need one answer: %(what)s. You can also stop here, or ask for a person."),
                what=turn.say(LABELS[self.slot]),
            )
            buttons = [*buttons, button(turn.say(_("How to reach a person")), "/request_human")]
        turn.tell(text, buttons)
        return [SlotSet("again", [self.slot, times])]

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """The question and its buttons in the person's language."""
        raise NotImplementedError


class AskConsent(Question):
    """May I send it?"""

    slot = "consent"

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """What happens, who reads it, and that the name is not needed."""
        return turn.say(
            _(
                "I can send a request, and the family centre contacts you. Only workers who handle your request read "
                "what you write. You need not give your name. Is it all right that I write down your answers and "
                "send them?"
            )
        ), [
            button(turn.say(_("Yes, that is fine")), '/affirm{"choice": "yes"}'),
            button(turn.say(_("No")), '/deny{"choice": "no"}'),
            button(turn.say(_("Who sees my answers?")), "/ask_privacy"),
        ]


class AskStory(Question):
    """What is it about?"""

    slot = "story"

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """Free words; a wish not to tell is offered as a topic-less request."""
        return turn.say(_("What would you like to talk about? A few words are enough.")), [
            button(turn.say(_("I tell the worker myself")), '/inform{"skip": "story"}'),
            cancel(turn),
        ]


class AskPlace(Question):
    """Where does the family live?"""

    slot = "place"

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """Municipality, district or postal code; for Oulu the part of the city, with one tap."""
        if turn.slots.get("district_asked"):
            return ask_district(turn)
        if turn.writer in ("relative", "worried"):
            text = _("In which municipality or part of Oulu does the family live? A postal code is fine too.")
        else:
            text = _("In which municipality or part of Oulu do you live? You can also write your postal code.")
        return turn.say(text), [cancel(turn)]


class AskChildAges(Question):
    """How old?"""

    slot = "child_ages"

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """A young person is asked for their own age."""
        skip = button(turn.say(_("Skip")), '/inform{"skip": "child_ages"}')
        if turn.writer == "young":
            return turn.say(_("How old are you?")), [skip]
        expecting = button(turn.say(_("I am expecting a baby")), f'/inform{{"child_age": {form.EXPECTING}}}')
        buttons = [skip] if turn.writer in ("relative", "worried") else [skip, expecting]
        return turn.say(_("How old is the child? If there are several, write all their ages.")), buttons


class AskContact(Question):
    """Phone or e-mail?"""

    slot = "contact"

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """One contact is enough; none is possible too."""
        return turn.say(_("How can the worker reach you? Write a phone number or an e-mail address.")), [
            button(turn.say(_("I read the answer here")), '/inform{"skip": "contact"}'),
            cancel(turn),
        ]


class AskSafe(Question):
    """When and how is it safe?"""

    slot = "safe"

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """Asked with more care where violence or control is in the air, and of the young."""
        if form.careful(turn.slots) or turn.writer == "young":
            text = turn.say(
                _("When and how is it safe to contact you? For example only by e-mail, or only in the daytime.")
            )
            if form.careful(turn.slots):
                text += " " + turn.say(_("The worker leaves no message on your phone."))
            return text, [button(turn.say(_("Any time is safe")), '/inform{"skip": "safe"}')]
        text = turn.say(_("When is a good time to contact you? Is there anything the worker should know?"))
        return text, [button(turn.say(_("Any time")), '/inform{"skip": "safe"}')]


class AskInterpreter(Question):
    """An interpreter?"""

    slot = "interpreter"

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """With it comes more time; more time can be had without it."""
        return turn.say(_("Do you want an interpreter when we talk? You also get more time then.")), [
            button(turn.say(_("Yes, an interpreter")), '/affirm{"choice": "yes"}'),
            button(turn.say(_("No interpreter")), '/deny{"choice": "no"}'),
            button(turn.say(_("No interpreter, but more time")), '/inform{"choice": "time"}'),
        ]


class AskName(Question):
    """A name?"""

    slot = "name"

    def words(self, turn: Turn) -> tuple[str, list[dict[str, str]]]:
        """Never needed."""
        return turn.say(_("What is your name? A first name is enough. You can also stay anonymous.")), [
            button(turn.say(_("Stay anonymous")), '/inform{"skip": "name"}')
        ]


class AskConfirmed(Question):
    """The summary, and what can be changed."""

    slot = "confirmed"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Everything that will be sent, one tap to change each."""
        turn = Turn(dispatcher, tracker)
        show_summary(turn, cancel(turn))
        return [SlotSet("again", [self.slot, 1])]
