"""The contact request form in Rasa's terms: validation and sending. Its questions: actions/form_questions.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services, Turn
from actions.everyday import tell_centre, tell_privacy
from actions.need import offer_also, offer_contact
from actions.questions import tell_topic
from actions.safety import show_card
from bot.conversation import form
from bot.conversation.messages import button
from bot.i18n import _, day, isolated
from bot.requests.draft import Invalid, RequestDraft
from bot.requests.service import KeyReused
from bot.routing.needs import need as need_of
from bot.routing.places import regions
from bot.safety import screen

FORM_SLOTS = (
    *form.QUESTIONS,
    "cancelled",
    "asked",
    "again",
    "district_asked",
    "misses",
    "contact_language",
    "more_time",
    "need",
    "also",
    "pending",
    "writer",
    "careful",
)
KEPT_SLOTS = ("need", "story", "place", "also", "writer", "careful")
"""What a stop does not forget."""
CORRECTED: Mapping[str, str] = {
    "place": _("I changed the place."),
    "child_ages": _("I changed the age."),
    "contact": _("I changed the phone number or e-mail address."),
    "name": _("I changed the name."),
    "safe": _("I changed the time and way."),
}
"""Said where an answer took the place of an earlier one before the summary."""
# A question with an answer beside it: the answer is taken, and the question is answered in the same turn.
ASIDE_RESPONSES: Mapping[str, str] = {
    "ask_cost": "utter_cost",
    "ask_opening_hours": "utter_opening_hours",
    "ask_bot": "utter_bot",
    "give_feedback": "utter_feedback",
}
ASIDE_WORDS: Mapping[str, Callable[[Turn], None]] = {"ask_privacy": tell_privacy, "ask_family_centre": tell_centre}


class ValidateContactForm(Action):
    """Reads the answers out of each message and chooses the next question (bot.conversation.form)."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """Rasa calls it by this name around every turn of the form."""
        return "validate_contact_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Slots that the message filled, and the question that comes next (None ends the form)."""
        turn = Turn(dispatcher, tracker)
        requested = turn.slots.get("requested_slot")
        heard = turn.heard()
        noticed = noticed_slots(turn)
        turn.slots.update(noticed)
        found = form.answers(requested, heard, turn.slots)
        turn.writer = found.get("writer", turn.writer)
        if requested and turn.metadata.get("back"):
            turn.tell(turn.say(_("Welcome back. Your answers are still here. We go on where we stopped.")))
        if heard.crisis and found:  # taken as an answer, so no rule shows the card
            need = need_of(heard.intent)
            if need and need.safety:
                show_card(turn, need.safety)
        if heard.topic and requested:
            tell_topic(self._services, turn, heard.topic)
            found.setdefault("pending", None)
        if requested and requested != "confirmed":
            self._confirm_changes(turn, found)
        if requested and heard.aside and found:
            self._answer_aside(turn, heard.intent, found)
        place = found.get("place", turn.slots.get("place"))
        asked = found.get("district_asked", turn.slots.get("district_asked"))
        if place and regions().ask_district(str(place)) and not asked:
            found.update(place=None, district_asked=True)
        if found.pop("misses", None):
            self._explain(turn, str(requested), refused=bool(found.pop("refused", False)))
            found["misses"] = int(turn.slots.get("misses") or 0) + 1
        events: list[EventType] = [SlotSet(name, value) for name, value in found.items()]
        events += [
            SlotSet(name, value) for name, value in noticed.items() if name not in found and (found or not requested)
        ]
        slots = {**turn.slots, **found}
        return [*events, SlotSet("requested_slot", form.next_question(slots, turn.language))]

    def _answer_aside(self, turn: Turn, intent: str, found: dict[str, Any]) -> None:
        if response := ASIDE_RESPONSES.get(intent):
            turn.dispatcher.utter_message(response=response)
        elif words := ASIDE_WORDS.get(intent):
            turn.slots.update({name: found[name] for name in ("place",) if name in found})
            words(turn)

    def _explain(self, turn: Turn, requested: str, refused: bool) -> None:
        if refused:
            turn.tell(
                turn.say(
                    _(
                        "I need a municipality, because it decides which family centre answers. The street is not "
                        "needed. You can also name another municipality of North Ostrobothnia."
                    )
                )
            )
        elif requested == "place":
            turn.tell(turn.say(_("I did not find this place. Write your municipality or postal code.")))
        else:
            turn.tell(turn.say(_("I did not find a phone number or e-mail address in this.")))

    def _confirm_changes(self, turn: Turn, found: Mapping[str, Any]) -> None:
        for slot, words in CORRECTED.items():
            earlier = turn.slots.get(slot)
            replaced = earlier not in (None, form.SKIPPED, form.NO_CONTACT) and found.get(slot) not in (None, earlier)
            if slot in found and replaced:
                turn.tell(turn.say(words))


def noticed_slots(turn: Turn) -> dict[str, Any]:
    """What a message shows beside its answers: danger in the air, and a language we do not speak."""
    noticed: dict[str, Any] = {}
    carded = set(turn.metadata.get("carded") or [])
    if (carded & form.CAREFUL_CARDS or form.careful(turn.slots)) and not turn.slots.get("careful"):
        noticed["careful"] = True
    if (spoken := turn.metadata.get("spoken")) and not turn.slots.get("spoken"):
        noticed["spoken"] = spoken
    return noticed


class ActionSubmitRequest(Action):
    """The form has ended: sends the request, or says that nothing was sent."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_submit_request"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Reference and PIN after a yes; the answers are forgotten then. A stop keeps only need and place."""
        turn = Turn(dispatcher, tracker)
        clear = [SlotSet(name, None) for name in FORM_SLOTS]
        if not turn.slots.get("confirmed") or turn.slots.get("cancelled"):
            turn.tell(turn.say(_("Nothing was sent. You can ask for contact later at any time.")))
            kept = [
                SlotSet(name, turn.slots.get(name)) for name in ("need", "story", "place", "also", "writer", "careful")
            ]
            return [*clear, *kept]
        vault = await self._services.vault.read(turn.conversation)
        draft = _draft(turn, vault)
        key = f"chat:{turn.conversation}:{turn.metadata.get('client_id', '')}"
        try:
            receipt = await self._services.requests.submit(draft, key, turn.conversation)
        except Invalid as error:
            for problem in error.problems:
                turn.tell(turn.say(problem.message))
            offer_contact(turn, turn.slots.get("place"))
            return [SlotSet("confirmed", None)]
        except KeyReused:
            turn.tell(turn.say(_("This request was sent already.")))
            return clear
        await self._services.vault.put(turn.conversation, pins={receipt.reference: receipt.pin})
        centre = regions().serving(receipt.centre)
        reference = isolated(receipt.reference)
        turn.tell(
            "\n".join(
                [
                    turn.say(_("Your request was sent to the family centre: %(place)s."), place=centre.place_label),
                    turn.say(_("Reference: %(reference)s"), reference=reference),
                    turn.say(_("PIN: %(pin)s"), pin=f"%(pin:{receipt.reference})s"),
                    turn.say(
                        _("You get an answer by %(day)s at the latest. Keep the reference and the PIN."),
                        day=day(receipt.due.date(), turn.language),
                    ),
                    turn.say(_("With them you can ask what has happened, or withdraw your request.")),
                ]
            ),
            [button(turn.say(_("Let the workers read this conversation")), '/ask_status{"choice": "share"}')],
            kind="request",
            reference=receipt.reference,
            due=receipt.due.isoformat(),
        )
        if draft.quiet:
            turn.tell(
                turn.say(
                    _(
                        "Can someone else look at your phone? Then write the reference and the PIN down somewhere "
                        "safe, and erase this conversation in the menu."
                    )
                )
            )
        remembered = [each for each in turn.slots.get("also") or [] if each != draft.need]
        offer_also(turn, remembered)
        kept = [SlotSet("place", turn.slots.get("place")), SlotSet("reference", receipt.reference)]
        kept += [SlotSet("writer", turn.slots.get("writer")), SlotSet("also", remembered or None)]
        return [*clear, *kept]


def _draft(turn: Turn, vault: dict[str, Any]) -> RequestDraft:
    slots = turn.slots
    contact = (vault.get("contacts") or {}).get(str(slots.get("contact")), {})
    told = slots.get("child_ages")
    ages = told if isinstance(told, list) else []
    language = slots.get("contact_language") or slots.get("spoken") or turn.language
    need = need_of(slots.get("need"))
    # A danger told in the form's own words counts, also where the need was another one.
    danger = any(finding.category == "violence" for finding in screen.screen(str(slots.get("story") or "")))
    return RequestDraft(
        language=turn.language,
        story=_said(slots.get("story")),
        also=[each for each in slots.get("also") or [] if need_of(each) and each != slots.get("need")],
        need=need.id if need else "open",
        place=str(slots.get("place") or ""),
        child_ages=[int(age) for age in ages if int(age) != form.EXPECTING],
        name=_said(slots.get("name")) or None,
        contact=contact.get("value"),
        safe=_said(slots.get("safe")) or None,
        quiet=danger or form.careful(slots),
        interpreter=bool(slots.get("interpreter")),
        more_time=bool(slots.get("more_time") or slots.get("interpreter")),
        contact_language=str(language),
        writer=slots.get("writer"),
        consent=bool(slots.get("consent")),
    )


def _said(value: Any) -> str:
    return "" if value in (None, form.SKIPPED) else str(value)
