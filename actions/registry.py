"""All actions, made with the app's services, in rasa_sdk's executor."""

from __future__ import annotations

from rasa_sdk.executor import ActionExecutor

from actions import contact_form, everyday, need, request_status, safety
from actions.context import Services


def executor(services: Services) -> ActionExecutor:
    """An executor with every action of domain.yml registered."""
    actions = [
        need.ActionOfferHelp(services),
        need.ActionNoteFacts(services),
        safety.ActionShowSafety(),
        contact_form.ValidateContactForm(),
        contact_form.AskStory(),
        contact_form.AskPlace(),
        contact_form.AskContact(),
        contact_form.AskSafe(),
        contact_form.AskConfirmed(),
        contact_form.ActionSubmitRequest(services),
        request_status.ActionCheckStatus(),
        request_status.ActionWithdrawRequest(services),
        everyday.ActionAccept(),
        everyday.ActionDecline(),
        everyday.ActionUnsure(services),
        everyday.ActionChangeLanguage(),
        everyday.ActionOfferHuman(),
        everyday.ActionShowFamilyCentre(),
        everyday.ActionAnswerPrivacy(),
        everyday.ActionRestart(),
    ]
    made = ActionExecutor()
    for action in actions:
        made.register_action(action)
    return made
