"""A family's own request: what has happened to it, and withdrawing it, with reference and PIN."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services, Turn
from bot.conversation.messages import button
from bot.i18n import _, day
from bot.requests.service import NotFound, TooManyTries

STATUS_TEXTS = {
    "new": _("Your request has arrived. Nobody has opened it yet."),
    "claimed": _("A worker has your request."),
    "contacted": _("A worker has contacted you or tried to."),
    "closed": _("Your request is closed. You can send a new one at any time."),
    "withdrawn": _("Your request is withdrawn."),
}


class ActionCheckStatus(Action):
    """Asks for reference and PIN."""

    def name(self) -> str:
        """The action's name in domain.yml."""
        return "action_check_status"

    async def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Reference and PIN come in one message (they never reach the engine)."""
        turn = Turn(dispatcher, tracker)
        turn.tell(turn.say(_("Write the reference and the PIN of your request, like this: PA-XXXX-XXXX 000000")))
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
        if turn.slots.get("pending") == "withdraw_sure" and turn.heard().first("choice") == "yes":
            lookup = (await self._services.vault.read(turn.conversation)).get("withdraw") or {}
            try:
                await self._services.requests.withdraw(lookup.get("reference", ""), lookup.get("pin", ""))
            except (NotFound, TooManyTries) as error:
                _refuse(turn, error)
                return [SlotSet("pending", None)]
            turn.tell(turn.say(_("Your request is withdrawn. Everything you wrote in it is erased.")))
            return [SlotSet("pending", None)]
        turn.tell(
            turn.say(
                _(
                    "To withdraw a request, write its reference and PIN, like this: PA-XXXX-XXXX 000000. "
                    "You can erase this conversation in the menu."
                )
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
    if turn.slots.get("pending") == "withdraw" and status.status != "withdrawn":
        await services.vault.put(turn.conversation, withdraw=lookup)
        turn.tell(
            turn.say(_("Do you want to withdraw the request %(reference)s?"), reference=status.reference),
            [
                button(turn.say(_("Yes, withdraw it")), '/withdraw_request{"choice": "yes"}'),
                button(turn.say(_("No, keep it")), '/deny{"choice": "no"}'),
            ],
        )
        return [SlotSet("pending", "withdraw_sure")]
    lines = [turn.say(STATUS_TEXTS[status.status])]
    if status.status in ("new", "claimed"):
        lines.append(
            turn.say(_("You get an answer by %(day)s at the latest."), day=day(status.due.date(), turn.language))
        )
    if status.answers:
        # The worker's words go by the vault: the engine does not hold them.
        told = "\n\n".join(text for _at, text in status.answers)
        await services.vault.put(turn.conversation, answers={status.reference: told})
        lines += ["", turn.say(_("The worker answers:")), f"%(answer:{status.reference})s"]
    turn.tell("\n".join(lines), kind="request", reference=status.reference, status=status.status)
    return [SlotSet("pending", None)]


def _refuse(turn: Turn, error: NotFound | TooManyTries) -> None:
    if isinstance(error, TooManyTries):
        turn.tell(
            turn.say(_("Too many wrong tries. Please wait %(minutes)d minutes."), minutes=-(-error.seconds // 60))
        )
    else:
        turn.tell(turn.say(_("This reference and PIN do not belong together. Please check them.")))
