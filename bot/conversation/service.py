"""Conversations: keeps their order, their language and their messages; asks safety first and the engine second.

A person's message is stored before anything is done with it, and an answer belongs to the client's message id: the
same id again gets the same answer and does nothing twice.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from bot.conversation import phrases
from bot.conversation.engine_client import EngineClient, EngineUnavailable
from bot.conversation.messages import Message, bot, person
from bot.conversation.notices import Variety, as_question, language_of_tap, notice
from bot.conversation.privacy import clean
from bot.conversation.signals import Signals
from bot.conversation.store import ConversationStore, State, Vault
from bot.i18n import isolated, supported, translate
from bot.safety import screen
from bot.safety.helplines import as_message, card_text, helplines_for, still_here
from bot.safety.screen import Category
from bot.storage.database import Database
from bot.text.language_id import LanguageIdentifier

TEXT_MAX = 1000
"""Characters of one message; the cost of an embedding is linear in the length."""


class BadMessage(ValueError):
    """A message that cannot be taken; `reason` is empty, too_long or reused."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooFast(RuntimeError):
    """More messages within a minute than a person writes."""


@dataclass
class Conversation:
    """A conversation as its person sees it. `token` is only known at its start."""

    id: str
    language: str
    status: str
    messages: list[Message]
    token: str = ""


@dataclass(frozen=True)
class Answer:
    """The answer to one message, and the language it is in."""

    language: str
    messages: list[Message]


class Conversations:
    """All conversations on one database, answered by one engine."""

    def __init__(
        self, database: Database, engine: EngineClient, identifier: LanguageIdentifier, messages_per_minute: int
    ) -> None:
        self._store = ConversationStore(database)
        self._vault = Vault(database)
        self._box = database.box
        self._engine = engine
        self._identifier = identifier
        self._variety = Variety()
        self._messages_per_minute = messages_per_minute
        self.signals = Signals()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def identify(self, text: str) -> str | None:
        """The language of a text where it is clear (loads the identifier at the first call)."""
        return self._identifier.confident(text, "")

    async def start(self, language: str, place: str | None = None) -> Conversation:
        """A new conversation with its greeting, ; `place` names the municipality of the site it stands on."""
        messages = phrases.greeting(language, place)
        made = Conversation(str(uuid.uuid4()), language, "open", messages, token=secrets.token_urlsafe(32))
        await self._store.add(made.id, made.token, language, made.messages)
        return made

    async def get(self, id_: str, token: str) -> Conversation:
        """The conversation with all its messages; raises UnknownConversation."""
        row = await self._store.authorised(id_, token)
        return Conversation(id_, row.language, row.status, await self._store.messages(id_))

    async def position(self, id_: str, token: str, message_id: str | None) -> int:
        """The number of a message for following with `after`; -1 for an unknown one, the last one for None.

        Raises UnknownConversation.
        """
        await self._store.authorised(id_, token)
        return await self._store.position(id_, message_id)

    async def after(self, id_: str, number: int) -> list[tuple[int, Message]] | None:
        """Messages after a number, each with its own; None where the conversation is gone."""
        return await self._store.after(id_, number)

    async def set_language(self, id_: str, token: str, language: str) -> Conversation:
        """Switches the language and keeps everything else."""
        await self._store.authorised(id_, token)
        await self._store.set_language(id_, language)
        return await self.get(id_, token)

    async def erase(self, id_: str, token: str) -> None:
        """Erases the conversation with everything in it, now. A contact request already sent stays."""
        await self._store.authorised(id_, token)
        await self._store.erase(id_)
        self.signals.wake(id_)

    async def erase_old(self, days: int) -> int:
        """Erases conversations without a message for `days` days; returns how many."""
        old = await self._store.silent_for(days)
        await self._store.erase(*old)
        return len(old)

    async def handle(self, id_: str, token: str, client_id: str, text: str, payload: str | None = None) -> Answer:
        """Answers one message (typed `text`, or a button: its title as `text` and its `payload`).

        Raises UnknownConversation, BadMessage, TooFast. Never raises for the engine: its absence is an answer.
        """
        if not text.strip():
            raise BadMessage("empty")
        if len(text) > TEXT_MAX or len(payload or "") > TEXT_MAX:
            raise BadMessage("too_long")
        async with self._in_order(id_):
            state = await self._store.state(id_, token, client_id)
            with self.signals.typing(id_, "bot"):
                return await self._turn(id_, state, client_id, text.strip(), payload)

    async def _turn(self, id_: str, state: State, client_id: str, text: str, payload: str | None) -> Answer:
        digest = self._box.digest("message", json.dumps([text, payload]))
        if state.earlier is not None:
            if not hmac.compare_digest(state.earlier, digest):
                raise BadMessage("reused")
            if answered := await self._store.answers(id_, client_id):
                return Answer(state.language, answered)
        elif state.recent >= self._messages_per_minute:
            raise TooFast
        vault = state.vault
        cleaned = clean(text, vault)
        vault["lookup"] = cleaned.lookup
        noticed = notice(vault, cleaned.kept, payload)
        language, notices = self._language(state.language, cleaned.kept, payload, vault)
        if state.earlier is None:
            mine = person(cleaned.kept, language, client_id)
            await self._store.put_message(id_, client_id, digest, mine, vault, language)
            self.signals.wake(id_)
        cards = [] if payload else self._safety(cleaned.kept, language)
        metadata = {
            "language": language,
            "contacts": cleaned.contacts,
            "lookup": cleaned.lookup is not None,
            "client_id": client_id,
            "carded": [card["category"] for card in cards],
            "spoken": vault.get("spoken"),
            **noticed,
        }
        secret = cleaned.lookup or noticed["adding"]
        shown = payload or ("/inform" if secret else as_question(cleaned.shown, language)) or cleaned.shown.lstrip("/")
        shown = shown or "…"
        try:
            raw = await self._engine.send(id_, shown, metadata)
            said, language = await self._render(id_, raw, language)
        except EngineUnavailable:
            said = phrases.engine_away(language)
        if not said and not cards:
            said = phrases.not_understood(language)
        answer = [*cards, *notices, *self._variety.vary(id_, said)]
        # Erased while the engine was thinking: UnknownConversation, and nothing comes back.
        await self._store.put_answer(id_, client_id, answer, language)
        return Answer(language, answer)

    def _language(
        self, current: str, text: str, payload: str | None, vault: dict[str, Any]
    ) -> tuple[str, list[Message]]:
        """The language of the answer, and what is to be said about it. A tap on a language holds from then on."""
        if payload:
            tapped = language_of_tap(payload)
            if tapped:
                vault["pinned"] = True
            return tapped or current, []
        if vault["lookup"]:  # a reference and a PIN are in no language
            return current, []
        found = self._identifier.confident(text, current)
        if found is None or found == current:
            return current, []
        if not supported(found):
            if vault.get("spoken") == found:
                return current, []
            vault["spoken"] = found
            return current, phrases.language_not_spoken(current, found)
        if vault.get("pinned"):
            return current, []
        return found, phrases.language_switched(current, found)

    def _safety(self, text: str, language: str) -> list[Message]:
        finding = screen.worst(screen.screen(text))
        return [safety_card(finding.category, language)] if finding else []

    async def _render(self, id_: str, raw: list[dict[str, Any]], language: str) -> tuple[list[Message], str]:
        """Rasa's answers as messages; what only the vault may know is filled in here."""
        vault = await self._vault.read(id_) if any(_has_secret(answer.get("custom") or {}) for answer in raw) else {}
        said: list[Message] = []
        for answer in raw:
            custom = answer.get("custom") or {}
            if switched := custom.get("switch"):
                language = switched
            elif custom.get("kind"):
                said.append(bot(language=language, **_fill(custom, vault)))
            elif answer.get("text"):
                said.append(bot(answer["text"], language, buttons=answer.get("buttons") or []))
        return said, language

    @asynccontextmanager
    async def _in_order(self, id_: str) -> AsyncIterator[None]:
        lock = self._locks.setdefault(id_, asyncio.Lock())
        async with lock:
            yield


def safety_card(category: Category, language: str) -> Message:
    """The card for a danger: what to do now, the helplines, and that the bot stays."""
    return bot(
        card_text(category, language),
        language,
        kind="safety",
        category=category,
        helplines=[as_message(line, language) for line in helplines_for(category, language)],
        note=still_here(language),
    )


def _has_secret(custom: dict[str, Any]) -> bool:
    return "%(" in str(custom.get("text")) or bool(custom.get("reference"))


def _fill(custom: dict[str, Any], vault: dict[str, Any]) -> dict[str, Any]:
    """Puts secrets in: `%(contact:c1)s` and `%(pin:PA-…)s` in the text stand for the vault's values."""
    # Numbers keep their order inside right-to-left text: each stands in a left-to-right isolate.
    values = {f"contact:{ref}": isolated(contact["value"]) for ref, contact in vault.get("contacts", {}).items()}
    values.update({f"pin:{reference}": pin for reference, pin in vault.get("pins", {}).items()})
    values.update({f"answer:{reference}": words for reference, words in vault.get("answers", {}).items()})
    values.update({f"own_worker:{reference}": name for reference, name in vault.get("own_workers", {}).items()})
    filled = {**custom, "text": custom.get("text", "")}
    for name, value in values.items():
        filled["text"] = filled["text"].replace(f"%({name})s", value)
    if filled.get("reference") in vault.get("pins", {}):
        filled["pin"] = vault["pins"][filled["reference"]]
    return filled


def text_of_transcript(messages: list[Message], language: str) -> str:
    """The conversation as plain text the person can keep."""
    who = {
        "bot": translate("Bot", language),
        "person": translate("You", language),
        "staff": translate("Worker", language),
    }
    lines = []
    for each in messages:
        lines.append(f"{who[each['from']]} ({each['at'][:16].replace('T', ' ')} UTC)\n{each['text']}")
        lines += [f"  {line['name']}: {isolated(line['number'])}" for line in each.get("helplines", [])]
        lines += [f"  {service['name']} {service.get('url') or ''}".rstrip() for service in each["services"]]
    return "\n\n".join(lines) + "\n"
