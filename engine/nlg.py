"""Rasa response generator: the responses of domain.yml in the person's language, in process, by gettext.

The language comes with each message (`metadata.language`). Compiled catalogues: locales/<lang>/LC_MESSAGES/bot.mo.
"""

from __future__ import annotations

import copy
import gettext
from functools import lru_cache
from pathlib import Path
from typing import Any

from rasa.core.nlg.response import TemplatedNaturalLanguageGenerator
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

LOCALES = Path(__file__).resolve().parent.parent / "locales"
DEFAULT = "en"


@lru_cache(maxsize=64)
def catalogue(language: str) -> gettext.NullTranslations:
    """The catalogue of a language; the English msgids where there is none."""
    return gettext.translation("bot", str(LOCALES), [language], fallback=True)


class GettextResponseGenerator(TemplatedNaturalLanguageGenerator):
    """Rasa's templated responses in the person's language."""

    def __init__(self, endpoint_config: EndpointConfig, domain: Domain) -> None:
        super().__init__(domain.responses)

    async def generate(
        self,
        utter_action: str,
        tracker: DialogueStateTracker,
        output_channel: str,
        **kwargs: Any,
    ) -> dict[str, Any] | None:
        """The response for `utter_action` in the tracker's language, or None where there is no such response."""
        slots = tracker.current_slot_values()
        chosen = copy.deepcopy(self._random_response_for(utter_action, output_channel, slots))
        if chosen is None:
            return None
        # Not Rasa's interpolation: no response has slots in it, and the braces of button payloads are no placeholders.
        message: dict[str, Any] = dict(chosen)
        metadata = (tracker.latest_message.metadata if tracker.latest_message else None) or {}
        translate = catalogue(str(metadata.get("language") or DEFAULT)).gettext
        if message.get("text"):
            message["text"] = translate(message["text"])
        for button in message.get("buttons") or []:
            button["title"] = translate(button["title"])
        return message
