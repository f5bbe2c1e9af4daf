"""All actions, made with the app's services, in rasa_sdk's executor."""

from __future__ import annotations

from rasa_sdk.executor import ActionExecutor

from actions import contact_form, everyday, form_questions, need, questions, request_status, safety
from actions.context import Services


def executor(services: Services) -> ActionExecutor:
    """An executor with every action of domain.yml registered."""
    actions = [
        need.ActionOfferHelp(services),
        need.ActionNoteFacts(services),
        safety.ActionShowSafety(),
        contact_form.ValidateContactForm(services),
        *(question() for question in form_questions.Question.__subclasses__()),
        contact_form.ActionSubmitRequest(services),
        request_status.ActionCheckStatus(services),
        request_status.ActionWithdrawRequest(services),
        everyday.ActionAccept(),
        everyday.ActionDecline(),
        everyday.ActionUnsure(services),
        everyday.ActionChangeLanguage(),
        everyday.ActionOfferHuman(),
        everyday.ActionShowFamilyCentre(),
        everyday.ActionAnswerPrivacy(services),
        questions.ActionShowCapabilities(services),
        everyday.ActionRestart(),
    ]
    made = ActionExecutor()
    for action in actions:
        made.register_action(action)
    return made
