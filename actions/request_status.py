"""A family's own request: what has happened to it, adding to it and withdrawing it, with reference and PIN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services, Turn
from bot.conversation.messages import button
from bot.i18n import _, day, isolated, moment, translations
from bot.requests.canned import OWN_WORKER
from bot.requests.service import Ended, NotFound, Status, TooManyTries

STATUS_TEXTS: Mapping[str, str] = {
    "new": _("Your request has arrived. Nobody has opened it yet."),
    "claimed": _("A worker has your request."),
    "contacted": _("A worker has contacted you or tried to."),
    "closed": _("Your request is closed. You can send a new one at any time."),
    "withdrawn": _("Your request is withdrawn."),
}
EVENT_TEXTS: Mapping[str, str] = {
    "new": _("You sent the request."),
    "claimed": _("A worker took the request."),
    "tried": _("A worker tried to reach you."),
    "contacted": _("A worker contacted you."),
    "added": _("You added something."),
    "transferred": _("The request went to another family centre. You need not tell your story again."),
    "merged": _("This request was joined with your other request."),
    "closed": _("The request was closed."),
    "reopened": _("The request was opened again."),
    "withdrawn": _("You withdrew the request."),
}
"""Kinds of events a family is told; what is not here is the workers' own."""
OPEN = ("new", "claimed", "contacted")
EXAMPLE = "PA-XXXX-XXXX 000000"


class ActionCheckStatus(Action):
    """Asks for reference and PIN, or for the words to add once they have opened a request."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_check_status"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Reference and PIN come in one message (they never reach the engine)."""
        turn = Turn(dispatcher, tracker)
        if turn.heard().first("choice") == "add" and await _opened(self._services, turn):
            await self._services.vault.put(turn.conversation, adding={"on": True})
            turn.tell(
                turn.say(_("Write what you want to add. The workers see it with your request.")),
                [button(turn.say(_("Add nothing")), '/deny{"choice": "no"}')],
            )
            return [SlotSet("pending", None)]
        choice = turn.heard().first("choice")
        if choice in ("share", "unshare") and await _share(self._services, turn, allow=choice == "share"):
            return [SlotSet("pending", None)]
        turn.tell(
            turn.say(
                _("Write the reference and the PIN of your request, like this: %(example)s"), example=isolated(EXAMPLE)
            )
        )
        return [SlotSet("pending", "status")]


class ActionWithdrawRequest(Action):
    """Asks for reference and PIN before it withdraws; the second time with a tap of certainty."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_withdraw_request"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Withdraws when it was asked "are you sure" about a reference that the PIN opened."""
        turn = Turn(dispatcher, tracker)
        choice = turn.heard().first("choice")
        if turn.slots.get("pending") == "withdraw_sure" and choice == "yes":
            lookup = (await self._services.vault.read(turn.conversation)).get("withdraw") or {}
            try:
                await self._services.requests.withdraw(
                    lookup.get("reference", ""), lookup.get("pin", ""), turn.conversation
                )
            except (NotFound, TooManyTries) as error:
                _refuse(turn, error)
                return [SlotSet("pending", None)]
            turn.tell(
                turn.say(_("Your request is withdrawn. Everything you wrote in it is erased."))
                + " "
                + turn.say(_("You can also erase this conversation in the menu."))
            )
            return [SlotSet("pending", None), SlotSet("reference", None)]
        if choice == "ask" and (lookup := await _opened(self._services, turn)):
            return await _ask_if_sure(self._services, turn, lookup)
        turn.tell(
            turn.say(
                _(
                    "To withdraw a request, write its reference and PIN, like this: %(example)s. "
                    "You can erase this conversation in the menu."
                ),
                example=isolated(EXAMPLE),
            )
        )
        return [SlotSet("pending", "withdraw")]


async def answer_lookup(services: Services, turn: Turn) -> list[EventType]:
    """Reference and PIN were written: the status, or the question whether to withdraw."""
    lookup = (await services.vault.read(turn.conversation)).get("lookup") or {}
    try:
        status = await services.requests.status(lookup.get("reference", ""), lookup.get("pin", ""))
    except (NotFound, TooManyTries) as error:
        _refuse(turn, error)
        return []
    await services.vault.put(turn.conversation, opened=lookup)
    if turn.slots.get("pending") == "withdraw" and status.status != "withdrawn":
        return await _ask_if_sure(services, turn, lookup)
    lines = [turn.say(STATUS_TEXTS[status.status])]
    if status.status in ("new", "claimed"):
        lines.append(
            turn.say(_("You get an answer by %(day)s at the latest."), day=day(status.due.date(), turn.language))
        )
    if status.own_worker:
        # A name goes by the vault too.
        await services.vault.put(turn.conversation, own_workers={status.reference: status.own_worker})
        lines.append(turn.say(OWN_WORKER, name=f"%(own_worker:{status.reference})s"))
    lines += ["", turn.say(_("What has happened:")), *_history(turn, status)]
    if status.answers:
        # The worker's words go by the vault: the engine does not hold them.
        told = "\n\n".join(text for _at, text in status.answers)
        await services.vault.put(turn.conversation, answers={status.reference: told})
        lines += ["", turn.say(_("The worker answers:")), f"%(answer:{status.reference})s"]
    buttons = []
    if status.status in OPEN:
        buttons = [
            button(turn.say(_("Add something")), '/ask_status{"choice": "add"}'),
            button(turn.say(_("Withdraw the request")), '/withdraw_request{"choice": "ask"}'),
        ]
    turn.tell("\n".join(lines), buttons, kind="request", reference=status.reference, status=status.status)
    return [SlotSet("pending", None)]


def _history(turn: Turn, status: Status) -> list[str]:
    return [
        f"{isolated(moment(at, turn.language))} {turn.say(EVENT_TEXTS[kind])}"
        for at, kind in status.events
        if kind in EVENT_TEXTS
    ]


async def add_words(services: Services, turn: Turn) -> list[EventType]:
    """The message is added to the request that reference and PIN opened."""
    vault = await services.vault.read(turn.conversation)
    lookup = vault.get("opened") or {}
    try:
        # The words as they were written, contact details too: they go to the workers, not through the engine.
        await services.requests.add(lookup.get("reference", ""), lookup.get("pin", ""), str(vault.get("words") or ""))
    except (NotFound, TooManyTries) as error:
        _refuse(turn, error)
    except Ended:
        turn.tell(turn.say(_("Your request is closed. You can send a new one at any time.")))
    else:
        turn.tell(
            turn.say(_("I added it to your request. The workers see it.")),
            [button(turn.say(_("Add something")), '/ask_status{"choice": "add"}')],
        )
    return [SlotSet("pending", None)]


async def _opened(services: Services, turn: Turn) -> dict[str, str]:
    lookup: dict[str, str] = (await services.vault.read(turn.conversation)).get("opened") or {}
    return lookup


async def _share(services: Services, turn: Turn, *, allow: bool) -> bool:
    """Lets the workers read this conversation, or no longer; False where this conversation has sent no request."""
    reference = str(turn.slots.get("reference") or "")
    pin = ((await services.vault.read(turn.conversation)).get("pins") or {}).get(reference)
    if pin is None:
        return False
    try:
        await services.requests.share(reference, pin, allow=allow)
    except (NotFound, TooManyTries) as error:
        _refuse(turn, error)
        return True
    except Ended:
        turn.tell(turn.say(_("Your request is closed. You can send a new one at any time.")))
        return True
    if allow:
        turn.tell(
            turn.say(_("The workers can now read what we have written here so far. Later messages they do not see.")),
            [button(turn.say(_("Do not let them read it")), '/ask_status{"choice": "unshare"}')],
        )
    else:
        turn.tell(turn.say(_("The workers do not see this conversation.")))
    return True


async def _ask_if_sure(services: Services, turn: Turn, lookup: dict[str, str]) -> list[EventType]:
    await services.vault.put(turn.conversation, withdraw=lookup)
    turn.tell(
        turn.say(_("Do you want to withdraw the request %(reference)s?"), reference=isolated(lookup["reference"])),
        [
            button(turn.say(_("Yes, withdraw it")), '/withdraw_request{"choice": "yes"}'),
            button(turn.say(_("No, keep it")), '/deny{"choice": "no"}'),
        ],
    )
    return [SlotSet("pending", "withdraw_sure")]


def _refuse(turn: Turn, error: NotFound | TooManyTries) -> None:
    if isinstance(error, TooManyTries):
        minutes = -(-error.seconds // 60)
        turn.tell(
            translations(turn.language).ngettext(
                "Too many wrong tries. Please wait %(count)d minute.",
                "Too many wrong tries. Please wait %(count)d minutes.",
                minutes,
            )
            % {"count": minutes}
        )
    else:
        turn.tell(turn.say(_("This reference and PIN do not belong together. Please check them.")))
