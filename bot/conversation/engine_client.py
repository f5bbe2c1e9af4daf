"""The one place that speaks to the engine (Rasa's REST channel, loopback).

An engine that is down, slow or confused is an ordinary event here: `EngineUnavailable`, and the caller tells the
family what still works.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp

log = logging.getLogger(__name__)


class EngineUnavailable(RuntimeError):
    """No usable answer within the deadline."""


class EngineClient:
    """Sends messages to Rasa at `url`, each within `deadline` seconds."""

    def __init__(self, url: str, deadline: float) -> None:
        self._url = url
        self._deadline = deadline
        self._session: aiohttp.ClientSession | None = None

    async def send(self, sender: str, text: str, metadata: dict[str, Any]) -> list[dict[str, Any]]:
        """Rasa's answers `[{text?, buttons?, custom?}]` to one message; raises EngineUnavailable."""
        body = {"sender": sender, "message": text, "metadata": metadata}
        try:
            async with (
                asyncio.timeout(self._deadline),
                self._client().post(f"{self._url}/webhooks/rest/webhook", json=body) as response,
            ):
                if response.status != 200:
                    raise EngineUnavailable(f"status {response.status}")
                answers = await response.json()
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            raise EngineUnavailable(type(error).__name__) from error
        if not isinstance(answers, list):
            raise EngineUnavailable("unexpected answer")
        return answers

    async def parse(self, text: str) -> tuple[str, float]:
        """The intent of a text and its share, outside any conversation; ("", 0.0) where none comes in time."""
        try:
            async with (
                asyncio.timeout(self._deadline / 3),
                self._client().post(f"{self._url}/webhooks/parse/", json={"text": text}) as response,
            ):
                if response.status != 200:
                    return "", 0.0
                parsed = await response.json()
        except (TimeoutError, aiohttp.ClientError, ValueError) as error:
            log.warning("a clause was not read: %s", type(error).__name__)
            return "", 0.0
        return str(parsed.get("intent") or ""), float(parsed.get("confidence") or 0.0)

    async def ready(self) -> bool:
        """True when the engine takes messages (Rasa listens only after its model is loaded)."""
        try:
            async with asyncio.timeout(2), self._client().get(f"{self._url}/webhooks/rest/") as response:
                return response.status == 200
        except (TimeoutError, aiohttp.ClientError, ValueError):
            return False

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            # The deadline above counts; a connection the engine dropped is replaced, not waited for.
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        return self._session
