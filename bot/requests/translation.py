"""Machine translation of what a worker writes to a family: pluggable, none by default.

A translation is a help beside the original, never in its place. Whatever goes wrong here gives None, and the family
reads the original with the notice that it is in Finnish: an answer must not wait for a translator.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

import aiohttp

log = logging.getLogger(__name__)
DEADLINE = 6.0
"""Seconds a worker waits for a translation at most."""
CODES = {"zh": ("zh", "zh-Hans")}
"""Our language codes under which LibreTranslate knows them by another or by several names."""


class Translation(Protocol):
    """Translates short texts."""

    async def translate(self, text: str, source: str, target: str) -> str | None:
        """`text` in the language `target` (our codes), None where that cannot be had now."""

    async def close(self) -> None:
        """Lets go of connections."""


class NoTranslation:
    """No service is configured."""

    async def translate(self, text: str, source: str, target: str) -> str | None:
        """Always None."""
        return None

    async def close(self) -> None:
        """Nothing to let go of."""


NO_TRANSLATION = NoTranslation()


class LibreTranslate:
    """A LibreTranslate server (`GET /languages`, `POST /translate`) at `url`; `key` is its API key, empty for none."""

    def __init__(self, url: str, key: str = "", deadline: float = DEADLINE) -> None:
        self._url = url.rstrip("/")
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=deadline)
        self._session: aiohttp.ClientSession | None = None
        self._pairs: dict[str, frozenset[str]] = {}

    async def translate(self, text: str, source: str, target: str) -> str | None:
        """Raises nothing: a server that is away, slow or knows the languages not gives None."""
        try:
            return await self._translate(text, source, target)
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError) as error:
            # Never the text itself: it is about a family.
            log.warning("translation %s-%s failed: %s", source, target, type(error).__name__)
            return None

    async def _translate(self, text: str, source: str, target: str) -> str | None:
        if not self._pairs:
            self._pairs = await self._languages()
        wanted = next((code for code in CODES.get(target, (target,)) if code in self._pairs.get(source, ())), None)
        if wanted is None:
            return None
        body = {"q": text, "source": source, "target": wanted, "format": "text"}
        if self._key:
            body["api_key"] = self._key
        async with self._client().post(f"{self._url}/translate", json=body) as answer:
            answer.raise_for_status()
            found = await answer.json()
        translated = found.get("translatedText") if isinstance(found, dict) else None
        if not isinstance(translated, str) or not translated.strip():
            raise ValueError("no translatedText")
        return translated.strip()

    async def _languages(self) -> dict[str, frozenset[str]]:
        async with self._client().get(f"{self._url}/languages") as answer:
            answer.raise_for_status()
            rows = await answer.json()
        try:
            return {row["code"]: frozenset(row["targets"]) for row in rows}
        except (KeyError, TypeError):
            raise ValueError("no list of languages") from None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        return self._session

    async def close(self) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()
