"""The shapes of messages (API.md): plain dicts, never HTML. One builder a kind."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from bot import clock

Message = dict[str, Any]


def message(
    sender: str, kind: str, text: str, language: str, *, buttons: Sequence[dict[str, str]] = (), **more: Any
) -> Message:
    """A message `{id, from, kind, text, buttons, services, at, language, …}`."""
    return {
        "id": str(uuid.uuid4()),
        "from": sender,
        "kind": kind,
        "text": text,
        "buttons": [dict(button) for button in buttons],
        "services": [],
        "at": clock.now().isoformat(timespec="milliseconds"),
        "language": language,
        **more,
    }


def bot(text: str, language: str, *, kind: str = "text", **more: Any) -> Message:
    """A message of the bot."""
    return message("bot", kind, text, language, **more)


def person(text: str, language: str, client_id: str) -> Message:
    """A message of the person; by `client_id` the page that sent it knows it again."""
    return message("person", "text", text, language, client_id=client_id)


def button(title: str, payload: str) -> dict[str, str]:
    """A quick reply; `payload` is what the engine gets when it is tapped."""
    return {"title": title, "payload": payload}
