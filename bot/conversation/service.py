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
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import delete, func, select

from bot import clock
from bot.conversation import phrases
from bot.conversation.engine_client import EngineClient, EngineUnavailable
from bot.conversation.messages import Message, bot, person
from bot.conversation.privacy import clean
from bot.i18n import supported, translate
from bot.safety import screen
from bot.safety.helplines import as_message, card_text, helplines_for, still_here
from bot.safety.screen import Category
from bot.storage.database import Database
from bot.storage.models import ConversationRow, MessageRow
from bot.text.language_id import LanguageIdentifier

TEXT_MAX = 1000
"""Characters of one message; the cost of an embedding is linear in the length."""


class UnknownConversation(LookupError):
    """No such conversation, or the token is not its own: not told apart."""


class BadMessage(ValueError):
    """A message that cannot be taken; `reason` is empty, too_long or reused."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


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

    def __init__(self, database: Database, engine: EngineClient, identifier: LanguageIdentifier) -> None:
        self._db = database
        self._engine = engine
        self._identifier = identifier
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def identify(self, text: str) -> str | None:
        """The language of a text where it is clear (loads the identifier at the first call)."""
        return self._identifier.confident(text, "")

    async def start(self, language: str) -> Conversation:
        """A new conversation with its greeting."""
        token = secrets.token_urlsafe(32)
        row = ConversationRow(
            id=str(uuid.uuid4()),
            token=self._token(token),
            language=language,
            status="open",
            created_at=clock.now(),
            last_at=clock.now(),
            sealed_vault=self._db.box.seal({}),
            sealed_tracker=None,
        )
        messages = phrases.greeting(language)
        async with self._db.write() as session:
            session.add(row)
            await session.flush()
            session.add_all(self._rows(row.id, 0, messages))
        return Conversation(row.id, language, row.status, messages, token)

    async def get(self, id_: str, token: str) -> Conversation:
        """The conversation with all its messages; raises UnknownConversation."""
        row = await self._authorised(id_, token)
        return Conversation(row.id, row.language, row.status, await self._messages(id_))

    async def authorise(self, id_: str, token: str) -> None:
        """Raises UnknownConversation unless the token is the conversation's own."""
        await self._authorised(id_, token)

    async def position(self, id_: str, token: str, message_id: str | None) -> int:
        """The number of a message, or of the last one; for following with `after`. Raises UnknownConversation."""
        await self._authorised(id_, token)
        mine = MessageRow.conversation_id == id_
        async with self._db.read() as session:
            last = await session.scalar(select(func.max(MessageRow.number)).where(mine))
            named = await session.scalar(select(MessageRow.number).where(mine, MessageRow.id == message_id))
        return int(named if named is not None else last if last is not None else -1)

    async def after(self, id_: str, number: int) -> list[tuple[int, Message]] | None:
        """Messages after a number, each with its own; None where the conversation is gone."""
        query = select(MessageRow.number, MessageRow.sealed_body).order_by(MessageRow.number)
        async with self._db.read() as session:
            if await session.get(ConversationRow, id_) is None:
                return None
            rows = await session.execute(query.where(MessageRow.conversation_id == id_, MessageRow.number > number))
            return [(n, self._db.box.open(sealed)) for n, sealed in rows]

    async def set_language(self, id_: str, token: str, language: str) -> Conversation:
        """Switches the language and keeps everything else."""
        await self._authorised(id_, token)
        async with self._db.write() as session:
            row = await session.get_one(ConversationRow, id_)
            row.language = language
        return await self.get(id_, token)

    async def erase(self, id_: str, token: str) -> None:
        """Erases the conversation with everything in it, now. A contact request already sent stays."""
        await self._authorised(id_, token)
        async with self._db.write() as session:
            await session.execute(delete(MessageRow).where(MessageRow.conversation_id == id_))
            await session.execute(delete(ConversationRow).where(ConversationRow.id == id_))

    async def erase_old(self, days: int) -> int:
        """Erases conversations without a message for `days` days; returns how many."""
        limit = clock.now() - timedelta(days=days)
        async with self._db.write() as session:
            old = (await session.scalars(select(ConversationRow.id).where(ConversationRow.last_at < limit))).all()
            for id_ in old:
                await session.execute(delete(MessageRow).where(MessageRow.conversation_id == id_))
                await session.execute(delete(ConversationRow).where(ConversationRow.id == id_))
        return len(old)

    async def handle(self, id_: str, token: str, client_id: str, text: str, payload: str | None = None) -> Answer:
        """Answers one message (typed `text`, or a button: its title as `text` and its `payload`).

        Raises UnknownConversation, BadMessage. Never raises for the engine: its absence is an answer.
        """
        await self._authorised(id_, token)
        if not text.strip():
            raise BadMessage("empty")
        if len(text) > TEXT_MAX or len(payload or "") > TEXT_MAX:
            raise BadMessage("too_long")
        async with self._in_order(id_):
            return await self._turn(id_, client_id, text.strip(), payload)

    async def _turn(self, id_: str, client_id: str, text: str, payload: str | None) -> Answer:
        digest = self._db.box.digest("message", json.dumps([text, payload]))
        async with self._db.read() as session:
            row = await session.get(ConversationRow, id_)
            if row is None:
                raise UnknownConversation(id_)
            earlier = await session.scalar(
                select(MessageRow).where(MessageRow.conversation_id == id_, MessageRow.client_id == client_id)
            )
        if earlier is not None:
            if not hmac.compare_digest(earlier.digest or "", digest):
                raise BadMessage("reused")
            if answered := await self._messages(id_, client_id):
                return Answer(row.language, answered)
        vault = self._db.box.open(row.sealed_vault)
        cleaned = clean(text, vault)
        vault["lookup"] = cleaned.lookup
        if payload and payload.startswith("/change_language{"):
            vault["pinned"] = True  # chosen by a tap: no message switches it any more
        language, notices = self._language(row.language, cleaned.kept, payload, bool(vault.get("pinned")))
        if earlier is None:
            async with self._db.write() as session:
                stored = await session.get_one(ConversationRow, id_)
                stored.sealed_vault = self._db.box.seal(vault)
                stored.language = language
                stored.last_at = clock.now()
                mine = self._rows(id_, await self._next(session, id_), [person(cleaned.kept, language)])
                mine[0].client_id, mine[0].digest = client_id, digest
                session.add_all(mine)
        cards = [] if payload else self._safety(cleaned.kept, language)
        metadata = {
            "language": language,
            "contacts": cleaned.contacts,
            "lookup": cleaned.lookup is not None,
            "client_id": client_id,
            "carded": [card["category"] for card in cards],
        }
        shown = payload or ("/inform" if cleaned.lookup else cleaned.shown.lstrip("/") or "…")
        try:
            raw = await self._engine.send(id_, shown, metadata)
            said, language = await self._render(id_, raw, language)
        except EngineUnavailable:
            said = phrases.engine_away(language)
        if not said and not cards:
            said = phrases.not_understood(language)
        answer = [*cards, *notices, *said]
        async with self._db.write() as session:
            current = await session.get(ConversationRow, id_)
            if current is None:  # erased while the engine was thinking: nothing may come back
                raise UnknownConversation(id_)
            current.language = language
            rows = self._rows(id_, await self._next(session, id_), answer)
            for stored_row in rows:
                stored_row.answers = client_id
            session.add_all(rows)
        return Answer(language, answer)

    def _language(self, current: str, text: str, payload: str | None, pinned: bool) -> tuple[str, list[Message]]:
        if payload or pinned:
            return current, []
        found = self._identifier.confident(text, current)
        if found is None or found == current or not supported(found):
            return current, []
        return found, phrases.language_switched(current, found)

    def _safety(self, text: str, language: str) -> list[Message]:
        finding = screen.worst(screen.screen(text))
        return [safety_card(finding.category, language)] if finding else []

    async def _render(self, id_: str, raw: list[dict[str, Any]], language: str) -> tuple[list[Message], str]:
        """Rasa's answers as messages; what only the vault may know is filled in here."""
        async with self._db.read() as session:
            row = await session.get_one(ConversationRow, id_)
        vault = self._db.box.open(row.sealed_vault)
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

    async def _authorised(self, id_: str, token: str) -> ConversationRow:
        async with self._db.read() as session:
            row = await session.get(ConversationRow, id_)
        if row is None or not hmac.compare_digest(row.token, self._token(token)):
            raise UnknownConversation(id_)
        return row

    def _token(self, token: str) -> str:
        return self._db.box.digest("conversation", token)

    async def _messages(self, id_: str, answers: str | None = None) -> list[Message]:
        query = select(MessageRow.sealed_body).where(MessageRow.conversation_id == id_).order_by(MessageRow.number)
        if answers is not None:
            query = query.where(MessageRow.answers == answers)
        async with self._db.read() as session:
            return [self._db.box.open(sealed) for sealed in await session.scalars(query)]

    async def _next(self, session: Any, id_: str) -> int:
        last = await session.scalar(select(func.max(MessageRow.number)).where(MessageRow.conversation_id == id_))
        return 0 if last is None else int(last) + 1

    def _rows(self, id_: str, number: int, messages: list[Message]) -> list[MessageRow]:
        return [
            MessageRow(
                id=message["id"],
                conversation_id=id_,
                number=number + offset,
                at=clock.now(),
                sealed_body=self._db.box.seal(message),
            )
            for offset, message in enumerate(messages)
        ]


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


def _fill(custom: dict[str, Any], vault: dict[str, Any]) -> dict[str, Any]:
    """Puts secrets in: `%(contact:c1)s` and `%(pin:PA-…)s` in the text stand for the vault's values."""
    # Numbers keep their order inside right-to-left text: each stands in a left-to-right isolate.
    values = {f"contact:{ref}": f"\u2066{contact['value']}\u2069" for ref, contact in vault.get("contacts", {}).items()}
    values.update({f"pin:{reference}": pin for reference, pin in vault.get("pins", {}).items()})
    values.update({f"answer:{reference}": words for reference, words in vault.get("answers", {}).items()})
    filled = {**custom, "text": custom.get("text", "")}
    for name, value in values.items():
        filled["text"] = filled["text"].replace(f"%({name})s", value)
    if filled.get("reference") in vault.get("pins", {}):
        filled["pin"] = vault["pins"][filled["reference"]]
    return filled


class Vault:
    """The actions' way to what the engine must not hold."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def read(self, conversation_id: str) -> dict[str, Any]:
        """The vault's content; empty for an unknown conversation (rasa shell)."""
        async with self._db.read() as session:
            row = await session.get(ConversationRow, conversation_id)
        return dict(self._db.box.open(row.sealed_vault)) if row else {}

    async def put(self, conversation_id: str, **values: Any) -> None:
        """Merges dicts into the vault (`pins={"PA-…": "123456"}`)."""
        async with self._db.write() as session:
            row = await session.get(ConversationRow, conversation_id)
            if row is None:
                return
            vault = self._db.box.open(row.sealed_vault)
            for name, value in values.items():
                vault[name] = {**(vault.get(name) or {}), **value}
            row.sealed_vault = self._db.box.seal(vault)


class Trackers:
    """The engine's trackers at rest: sealed, beside their conversation, gone with it."""

    def __init__(self, database: Database) -> None:
        self._db = database

    async def load(self, conversation_id: str) -> dict[str, Any] | None:
        """The stored tracker, or None."""
        async with self._db.read() as session:
            row = await session.get(ConversationRow, conversation_id)
        return None if row is None or row.sealed_tracker is None else self._db.box.open(row.sealed_tracker)

    async def save(self, conversation_id: str, tracker: dict[str, Any]) -> bool:
        """Stores a tracker; False where the conversation is gone (erased meanwhile)."""
        async with self._db.write() as session:
            row = await session.get(ConversationRow, conversation_id)
            if row is None:
                return False
            row.sealed_tracker = self._db.box.seal(tracker)
        return True


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
        lines += [f"  {line['name']}: {line['number']}" for line in each.get("helplines", [])]
        lines += [f"  {service['name']} {service.get('url') or ''}".rstrip() for service in each["services"]]
    return "\n\n".join(lines) + "\n"
