"""Ready answers that a worker sends in the family's language with one choice; each is a msgid in every language.

They promise nothing that a worker has not chosen, and say one thing a sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.i18n import _, translate

CANNED: Mapping[str, str] = {
    "read": _("Hello. I have read what you wrote. I will contact you."),
    "tried": _("Hello. I tried to call you. You did not answer. I will try again."),
    "how": _("Hello. I would like to talk with you. Please write when and how I can contact you safely."),
    "more": _("Hello. Please tell me a little more. Then I can help you better."),
    "welcome": _("You are welcome to the family centre. Please write which day suits you."),
    "interpreter": _("I will book an interpreter for our talk."),
}
IN_FINNISH = _("The worker wrote this in Finnish:")
MACHINE = _("A machine translated this. There may be mistakes. The Finnish original is below.")
OWN_WORKER = _("Your own worker is %(name)s.")


def answer_text(detail: Mapping[str, Any], language: str) -> str:
    """A worker's answer as its family reads it. `detail`: the opened detail of the answer's event (bot.requests.desk).

    The ready answer comes first, in the family's language; the worker's own words follow, with the notice that they
    are in Finnish, or with a machine's translation before them. The worker's own words are always there.
    """
    parts = [str(detail["ready"])] if detail.get("ready") else []
    text = str(detail.get("text") or "")
    if text and detail.get("language", language) != language:
        if translated := detail.get("translated"):
            parts += [translate(MACHINE, language), str(translated)]
        else:
            parts.append(translate(IN_FINNISH, language))
    return "\n\n".join([*parts, text] if text else parts)
