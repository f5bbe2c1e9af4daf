"""Conversations at rest: rows, their order, their seals. No decision is made here.

A turn costs one reading and two writings; statements are written out, not gathered by an object mapper, because
every message of every family passes here.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Table, bindparam, delete, func, insert, select, update

from bot import clock
from bot.conversation.messages import Message
from bot.storage.database import Database
from bot.storage.models import ConversationRow, MessageRow

CONVERSATION: Table = ConversationRow.__table__  # type: ignore[assignment]
MESSAGE: Table = MessageRow.__table__  # type: ignore[assignment]
RECENT = timedelta(minutes=1)
"""What `State.recent` counts over."""


class UnknownConversation(LookupError):
    """No such conversation, or the token is not its own: not told apart."""


@dataclass(frozen=True)
class State:
    """A conversation as a turn finds it. `recent`: the person's messages of the last minute.

    `earlier`: digest of the message that came with the same client id before, or None.
    """

    language: str
    status: str
    vault: dict[str, Any]
    recent: int
    earlier: str | None


_mine = MESSAGE.c.conversation_id == bindparam("conversation")
_NEXT = select(func.coalesce(func.max(MESSAGE.c.number), -1) + 1).where(_mine).scalar_subquery()
_STATE = select(
    CONVERSATION.c.token,
    CONVERSATION.c.language,
    CONVERSATION.c.status,
    CONVERSATION.c.sealed_vault,
    select(func.count())
    .where(_mine, MESSAGE.c.client_id.is_not(None), MESSAGE.c.at > bindparam("since", type_=MESSAGE.c.at.type))
    .scalar_subquery()
    .label("recent"),
    select(MESSAGE.c.digest).where(_mine, MESSAGE.c.client_id == bindparam("client")).scalar_subquery().label("before"),
).where(CONVERSATION.c.id == bindparam("conversation"))
_ANSWERED = (
    select(MESSAGE.c.sealed_body).where(_mine, MESSAGE.c.answers == bindparam("client")).order_by(MESSAGE.c.number)
)
_PUT = insert(MESSAGE).values(
    id=bindparam("id"),
    conversation_id=bindparam("conversation"),
    number=_NEXT,
    at=bindparam("at"),
    sealed_body=bindparam("sealed_body"),
    client_id=bindparam("client"),
    digest=bindparam("digest"),
    answers=bindparam("answers"),
)


class _Rows:
    def __init__(self, database: Database) -> None:
        self._db = database

    async def _sealed(self, id_: str, column: Any) -> bytes | None:
        async with self._db.connect() as connection:
            found: bytes | None = await connection.scalar(select(column).where(CONVERSATION.c.id == id_))
        return found

    async def _put(self, id_: str, rows: list[dict[str, Any]], changed: dict[str, Any]) -> None:
        async with self._db.begin() as connection:
            done = await connection.execute(update(CONVERSATION).where(CONVERSATION.c.id == id_).values(changed))
            if done.rowcount == 0:
                raise UnknownConversation(id_)
            if rows:
                await connection.execute(_PUT, rows)


class ConversationStore(_Rows):
    """The tables `conversation` and `message`."""

    async def add(self, id_: str, token: str, language: str, messages: Sequence[Message]) -> None:
        """A new conversation with its first messages."""
        now = clock.now()
        made = {
            "id": id_,
            "token": self._token(token),
            "language": language,
            "status": "open",
            "created_at": now,
            "last_at": now,
            "sealed_vault": self._db.box.seal({}),
        }
        async with self._db.begin() as connection:
            await connection.execute(insert(CONVERSATION), made)
            await connection.execute(_PUT, self._rows(id_, messages))

    async def state(self, id_: str, token: str, client_id: str) -> State:
        """The conversation before a turn; raises UnknownConversation."""
        values = {"conversation": id_, "client": client_id, "since": clock.now() - RECENT}
        async with self._db.connect() as connection:
            row = (await connection.execute(_STATE, values)).one_or_none()
        if row is None or not hmac.compare_digest(row.token, self._token(token)):
            raise UnknownConversation(id_)
        return State(row.language, row.status, self._db.box.open(row.sealed_vault), row.recent, row.before)

    async def authorised(self, id_: str, token: str) -> Any:
        """`language` and `status` of the conversation; raises UnknownConversation."""
        query = select(CONVERSATION.c.token, CONVERSATION.c.language, CONVERSATION.c.status)
        async with self._db.connect() as connection:
            row = (await connection.execute(query.where(CONVERSATION.c.id == id_))).one_or_none()
        if row is None or not hmac.compare_digest(row.token, self._token(token)):
            raise UnknownConversation(id_)
        return row

    async def put_message(
        self, id_: str, client_id: str, digest: str, message: Message, vault: dict[str, Any], language: str
    ) -> None:
        """Stores a person's message with what it changed; raises UnknownConversation for an erased one."""
        changed = {"sealed_vault": self._db.box.seal(vault), "language": language, "last_at": clock.now()}
        rows = [{**row, "client": client_id, "digest": digest} for row in self._rows(id_, [message])]
        await self._put(id_, rows, changed)

    async def put_answer(self, id_: str, client_id: str, messages: Sequence[Message], language: str) -> None:
        """Stores the answer to a message; raises UnknownConversation where the conversation was erased meanwhile."""
        rows = [{**row, "answers": client_id} for row in self._rows(id_, messages)]
        await self._put(id_, rows, {"language": language})

    async def set_language(self, id_: str, language: str) -> None:
        """Keeps another language; raises UnknownConversation for an erased one."""
        await self._put(id_, [], {"language": language})

    async def answers(self, id_: str, client_id: str) -> list[Message]:
        """What was answered to a message."""
        async with self._db.connect() as connection:
            found = await connection.execute(_ANSWERED, {"conversation": id_, "client": client_id})
            return [self._db.box.open(sealed) for sealed in found.scalars()]

    async def messages(self, id_: str) -> list[Message]:
        """All messages, oldest first."""
        return [message for _number, message in await self.after(id_, -1) or []]

    async def after(self, id_: str, number: int) -> list[tuple[int, Message]] | None:
        """Messages after a number, each with its own; None where the conversation is gone."""
        query = select(MESSAGE.c.number, MESSAGE.c.sealed_body).order_by(MESSAGE.c.number)
        async with self._db.connect() as connection:
            if await connection.scalar(select(CONVERSATION.c.id).where(CONVERSATION.c.id == id_)) is None:
                return None
            rows = await connection.execute(query.where(MESSAGE.c.conversation_id == id_, MESSAGE.c.number > number))
            return [(n, self._db.box.open(sealed)) for n, sealed in rows]

    async def position(self, id_: str, message_id: str | None) -> int:
        """The number of a message, of the last one for None; -1 where there is none."""
        mine = MESSAGE.c.conversation_id == id_
        last = select(func.max(MESSAGE.c.number)).where(mine)
        named = select(MESSAGE.c.number).where(mine, MESSAGE.c.id == message_id)
        async with self._db.connect() as connection:
            found = await connection.scalar(last if message_id is None else named)
        return -1 if found is None else int(found)

    async def erase(self, *ids: str) -> None:
        """Erases conversations with everything in them."""
        async with self._db.begin() as connection:
            for id_ in ids:
                await connection.execute(delete(MESSAGE).where(MESSAGE.c.conversation_id == id_))
                await connection.execute(delete(CONVERSATION).where(CONVERSATION.c.id == id_))

    async def silent_for(self, days: int) -> list[str]:
        """Ids of conversations without a message of their person for `days` days."""
        limit = clock.now() - timedelta(days=days)
        async with self._db.connect() as connection:
            return list(await connection.scalars(select(CONVERSATION.c.id).where(CONVERSATION.c.last_at < limit)))

    def _token(self, token: str) -> str:
        return self._db.box.digest("conversation", token)

    def _rows(self, id_: str, messages: Sequence[Message]) -> list[dict[str, Any]]:
        return [
            {
                "id": message["id"],
                "conversation": id_,
                "at": clock.now(),
                "sealed_body": self._db.box.seal(message),
                "client": None,
                "digest": None,
                "answers": None,
            }
            for message in messages
        ]


class Vault(_Rows):
    """What the engine must not hold: contact details, PINs, answers."""

    async def read(self, conversation_id: str) -> dict[str, Any]:
        """The vault's content; empty for an unknown conversation (rasa shell)."""
        sealed = await self._sealed(conversation_id, CONVERSATION.c.sealed_vault)
        return dict(self._db.box.open(sealed)) if sealed else {}

    async def put(self, conversation_id: str, **values: Any) -> None:
        """Merges dicts into the vault (`pins={"PA-…": "123456"}`)."""
        mine = CONVERSATION.c.id == conversation_id
        async with self._db.begin() as connection:
            sealed = await connection.scalar(select(CONVERSATION.c.sealed_vault).where(mine).with_for_update())
            if sealed is None:
                return
            vault = self._db.box.open(sealed)
            for name, value in values.items():
                vault[name] = {**(vault.get(name) or {}), **value}
            await connection.execute(update(CONVERSATION).where(mine).values(sealed_vault=self._db.box.seal(vault)))


class Trackers(_Rows):
    """The engine's trackers at rest: sealed, beside their conversation, gone with it."""

    async def load(self, conversation_id: str) -> dict[str, Any] | None:
        """The stored tracker, or None."""
        sealed = await self._sealed(conversation_id, CONVERSATION.c.sealed_tracker)
        return self._db.box.open(sealed) if sealed else None

    async def save(self, conversation_id: str, tracker: dict[str, Any]) -> bool:
        """Stores a tracker; False where the conversation is gone (erased meanwhile)."""
        try:
            await self._put(conversation_id, [], {"sealed_tracker": self._db.box.seal(tracker)})
        except UnknownConversation:
            return False
        return True
