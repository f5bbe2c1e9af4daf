"""What every action shares: the app's services, and reading a tracker in the domain's terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from bot.catalogue.search import Catalogue
from bot.conversation.engine_client import EngineClient
from bot.conversation.form import Heard
from bot.conversation.privacy import STAND_IN
from bot.conversation.store import Vault
from bot.i18n import supported, translate, translate_young
from bot.requests.service import ContactRequests
from bot.routing.needs import Need, needs
from bot.text.details import Details, read_details


@dataclass(frozen=True)
class Services:
    """The domain rooms that actions call, and how many days a chat without messages and a closed request are kept."""

    catalogue: Catalogue
    requests: ContactRequests
    vault: Vault
    engine: EngineClient
    chat_days: int
    request_days: int


class Turn:
    """One call of an action: who speaks, in which language, and how to answer."""

    def __init__(self, dispatcher: CollectingDispatcher, tracker: Tracker) -> None:
        self.dispatcher = dispatcher
        self.tracker = tracker
        self.message: dict[str, Any] = tracker.latest_message or {}
        self.metadata: dict[str, Any] = self.message.get("metadata") or {}
        self.slots: dict[str, Any] = dict(tracker.slots)
        language = self._switched() or self.metadata.get("language")
        self.language = str(language) if supported(language) else "en"
        self.writer: str | None = self.slots.get("writer")

    @property
    def conversation(self) -> str:
        """The conversation's id."""
        return str(self.tracker.sender_id)

    @property
    def intent(self) -> str:
        """The intent of the last message."""
        return str((self.message.get("intent") or {}).get("name") or "")

    @property
    def in_form(self) -> bool:
        """True while the contact request form is open."""
        return bool((self.tracker.active_loop or {}).get("name"))

    def _switched(self) -> str | None:
        """The language asked for earlier in this same turn: what is said after the switch is said in it."""
        wish = self.slots.get("speaks") or {}
        same = wish.get("client_id") == self.metadata.get("client_id")
        return wish.get("language") if same else None

    def say(self, msgid: str, **values: object) -> str:
        """A sentence in the person's language, in the words for the young where a young person writes."""
        speak = translate_young if self.writer == "young" else translate
        return speak(msgid, self.language, **values)

    def tell(self, text: str, buttons: Sequence[dict[str, str]] = (), kind: str = "text", **more: Any) -> None:
        """Sends a message of this kind (API.md's shapes)."""
        self.dispatcher.utter_message(
            json_message={"kind": kind, "text": text, "buttons": [dict(b) for b in buttons], **more}
        )

    def heard(self) -> Heard:
        """The last message as the form reads it."""
        entities: dict[str, list[Any]] = {}
        for entity in self.message.get("entities") or []:
            entities.setdefault(entity["entity"], []).append(entity["value"])
        intent = self.message.get("intent") or {}
        text = str(self.message.get("text") or "")
        return Heard(
            text=text,
            intent=str(intent.get("name") or ""),
            confidence=float(intent.get("confidence") or 0.0),
            entities=entities,
            contacts=tuple(self.metadata.get("contacts") or ()),
            tapped=text.startswith("/"),
            details=self._details(text, entities.get("child_age", [])),
        )

    def _details(self, text: str, ages: list[Any]) -> Details:
        if text.startswith("/"):
            return Details()
        for stand_in in STAND_IN.values():
            text = text.replace(stand_in, "")
        return read_details(text, self.language, [int(age) for age in ages])

    @property
    def only_a_place(self) -> bool:
        """True where the message is hardly more than a place: an answer, whatever the classifier makes of it."""
        heard = self.heard()
        return bool(heard.first("place")) and not heard.tapped and heard.words <= 3

    @property
    def ranking(self) -> list[str]:
        """The engine's ranking of the last message, likeliest intent first."""
        return [str(row["name"]) for row in self.message.get("intent_ranking") or []]

    def likeliest_needs(self, count: int = 2) -> list[Need]:
        """The needs highest in the engine's ranking of the last message."""
        found = [needs()[name] for name in self.ranking if name in needs()]
        return [need for need in found if need.id.startswith("need_")][:count]
