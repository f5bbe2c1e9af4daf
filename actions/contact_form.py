"""The contact request form in Rasa's terms: validation, the questions that need data, and sending."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services, Turn
from actions.need import ask_district, offer_contact
from actions.safety import show_card
from bot.conversation import form
from bot.conversation.messages import button
from bot.i18n import _, day, listing, translations
from bot.requests.draft import Invalid, RequestDraft
from bot.requests.service import KeyReused
from bot.routing.needs import need as need_of
from bot.routing.places import regions
from bot.safety import screen

FORM_SLOTS = (
    *form.QUESTIONS,
    "cancelled",
    "asked",
    "district_asked",
    "misses",
    "contact_language",
    "need",
    "pending",
    "writer",
)


class ValidateContactForm(Action):
    """Reads the answers out of each message and chooses the next question (bot.conversation.form)."""

    def name(self) -> str:
        """Rasa calls it by this name around every turn of the form."""
        return "validate_contact_form"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Slots that the message filled, and the question that comes next (None ends the form)."""
        turn = Turn(dispatcher, tracker)
        requested = turn.slots.get("requested_slot")
        heard = turn.heard()
        found = form.answers(requested, heard, turn.slots)
        if heard.crisis and requested == "story":
            need = need_of(heard.intent)
            if need and need.safety:
                show_card(turn, need.safety)
        place = found.get("place", turn.slots.get("place"))
        if place and regions().ask_district(str(place)) and not turn.slots.get("district_asked"):
            found.update(place=None, district_asked=True)
        if found.pop("misses", None):
            self._explain(turn, str(requested))
            found["misses"] = int(turn.slots.get("misses") or 0) + 1
        events: list[EventType] = [SlotSet(name, value) for name, value in found.items()]
        slots = {**turn.slots, **found}
        return [*events, SlotSet("requested_slot", form.next_question(slots, turn.language))]

    def _explain(self, turn: Turn, requested: str) -> None:
        if requested == "place":
            turn.tell(turn.say(_("I did not find this place. Write your municipality or postal code.")))
        else:
            turn.tell(turn.say(_("I did not find a phone number or e-mail address in this.")))


class _Question(Action):
    slot = ""

    def name(self) -> str:
        """Rasa calls it when it asks for the slot."""
        return f"action_ask_contact_form_{self.slot}"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Asks."""
        self.ask(Turn(dispatcher, tracker))
        return []

    def ask(self, turn: Turn) -> None:
        """The question in the person's language."""
        raise NotImplementedError


class AskStory(_Question):
    """What is it about?"""

    slot = "story"

    def ask(self, turn: Turn) -> None:
        """Free words; a wish not to tell is offered as a topic-less request."""
        turn.tell(
            turn.say(_("What would you like to talk about? A few words are enough.")),
            [button(turn.say(_("I tell the worker myself")), '/inform{"skip": "story"}'), _cancel(turn)],
        )


class AskPlace(_Question):
    """Where does the family live?"""

    slot = "place"

    def ask(self, turn: Turn) -> None:
        """Municipality, district or postal code; for Oulu the part of the city, with one tap."""
        if turn.slots.get("district_asked"):
            ask_district(turn)
            return
        turn.tell(
            turn.say(_("In which municipality or part of Oulu do you live? You can also write your postal code.")),
            [_cancel(turn)],
        )


class AskContact(_Question):
    """Phone or e-mail?"""

    slot = "contact"

    def ask(self, turn: Turn) -> None:
        """One contact is enough; none is possible too."""
        turn.tell(
            turn.say(_("How can the worker reach you? Write a phone number or an e-mail address.")),
            [button(turn.say(_("I read the answer here")), '/inform{"skip": "contact"}'), _cancel(turn)],
        )


class AskSafe(_Question):
    """When and how is it safe?"""

    slot = "safe"

    def ask(self, turn: Turn) -> None:
        """Asked with more care where violence or control is in the air."""
        if turn.slots.get("need") in form.NEEDS_SAFE_CONTACT:
            text = turn.say(
                _("When and how is it safe to contact you? For example only by e-mail, or only in the daytime.")
            )
        else:
            text = turn.say(_("When is a good time to contact you? Is there anything the worker should know?"))
        turn.tell(text, [button(turn.say(_("Any time")), '/inform{"skip": "safe"}')])


class AskConfirmed(_Question):
    """The summary, and what can be changed."""

    slot = "confirmed"

    def ask(self, turn: Turn) -> None:
        """Everything that will be sent, one tap to change each."""
        names = {
            "story": turn.say(_("What it is about")),
            "place": turn.say(_("Place")),
            "child_ages": turn.say(_("Child's age")),
            "contact": turn.say(_("Contact")),
            "safe": turn.say(_("Time and way")),
            "interpreter": turn.say(_("Interpreter")),
            "name": turn.say(_("Name")),
        }
        if turn.language == "fi" and not turn.slots.get("interpreter"):
            names.pop("interpreter")
        if turn.slots.get("asked") == "change":
            turn.tell(
                turn.say(_("What would you like to change?")),
                [button(title, f'/inform{{"change": "{slot}"}}') for slot, title in names.items()] + [_cancel(turn)],
            )
            return
        rows = [{"label": names[slot], "value": _shown(turn, slot)} for slot in names]
        lines = [f"{row['label']}: {row['value']}" for row in rows]
        turn.tell(
            "\n".join([turn.say(_("This is what I send:")), *lines, turn.say(_("Shall I send it?"))]),
            [
                button(turn.say(_("Yes, send it")), '/affirm{"choice": "yes"}'),
                button(turn.say(_("Change something")), '/deny{"choice": "no"}'),
                _cancel(turn),
            ],
        )


def _cancel(turn: Turn) -> dict[str, str]:
    return button(turn.say(_("Stop, do not send")), "/withdraw_request")


def age_text(months: int, language: str) -> str:
    """An age as people say it: months under two years, years after that."""
    catalogue = translations(language)
    if months == form.EXPECTING:
        return catalogue.gettext("expecting a baby")
    if months < 24:
        return catalogue.ngettext("%(count)d month", "%(count)d months", months) % {"count": months}
    years = months // 12
    return catalogue.ngettext("%(count)d year", "%(count)d years", years) % {"count": years}


def _shown(turn: Turn, slot: str) -> str:
    value = turn.slots.get(slot)
    if slot == "story":
        need = need_of(turn.slots.get("need"))
        told = "" if value in (None, form.SKIPPED) else str(value).replace("\n", " / ")
        title = need.label(turn.language) if need else ""
        return " – ".join(part for part in (title, told) if part) or turn.say(_("You tell the worker yourself"))
    if slot == "place":
        centre = regions().family_centre(str(value)) if value else None
        place = regions().resolve(str(value)) if value else None
        if place is None or centre is None:
            return "–"
        return turn.say(_("%(place)s (family centre: %(centre)s)"), place=place.name, centre=centre.place_label)
    if slot == "child_ages":
        ages = value if isinstance(value, list) else []
        return listing([age_text(int(age), turn.language) for age in ages], turn.language) if ages else "–"
    if slot == "contact":
        return f"%(contact:{value})s" if value not in (None, form.NO_CONTACT) else turn.say(_("I read the answer here"))
    if slot == "safe":
        return turn.say(_("Any time")) if value in (None, form.SKIPPED) else str(value)
    if slot == "interpreter":
        return turn.say(_("Yes")) if value else turn.say(_("No"))
    return turn.say(_("Anonymous")) if value in (None, form.SKIPPED) else str(value)


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
            kept = [SlotSet(name, turn.slots.get(name)) for name in ("need", "story", "place")]
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
        turn.tell(
            "\n".join(
                [
                    turn.say(_("Your request was sent to the family centre: %(place)s."), place=centre.place_label),
                    turn.say(_("Reference: %(reference)s"), reference=receipt.reference),
                    turn.say(_("PIN: %(pin)s"), pin=f"%(pin:{receipt.reference})s"),
                    turn.say(
                        _("You get an answer by %(day)s at the latest. Keep the reference and the PIN."),
                        day=day(receipt.due.date(), turn.language),
                    ),
                    turn.say(_("With them you can ask what has happened, or withdraw your request.")),
                ]
            ),
            kind="request",
            reference=receipt.reference,
            due=receipt.due.isoformat(),
        )
        return [*clear, SlotSet("place", turn.slots.get("place")), SlotSet("reference", receipt.reference)]


def _draft(turn: Turn, vault: dict[str, Any]) -> RequestDraft:
    slots = turn.slots
    contact = (vault.get("contacts") or {}).get(str(slots.get("contact")), {})
    told = slots.get("child_ages")
    ages = told if isinstance(told, list) else []
    language = slots.get("contact_language") or turn.language
    need = need_of(slots.get("need"))
    # A danger told in the form's own words counts, also where the need was another one.
    danger = any(finding.category == "violence" for finding in screen.screen(str(slots.get("story") or "")))
    return RequestDraft(
        language=turn.language,
        story=_said(slots.get("story")),
        need=need.id if need else "open",
        place=str(slots.get("place") or ""),
        child_ages=[int(age) for age in ages if int(age) != form.EXPECTING],
        name=_said(slots.get("name")) or None,
        contact=contact.get("value"),
        safe=_said(slots.get("safe")) or None,
        quiet=danger,
        interpreter=bool(slots.get("interpreter")),
        contact_language=str(language),
        writer=slots.get("writer"),
        consent=bool(slots.get("consent")),
    )


def _said(value: Any) -> str:
    return "" if value in (None, form.SKIPPED) else str(value)
