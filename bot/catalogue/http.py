"""The one place that speaks to other people's catalogues: patient, polite, and never believing that JSON is JSON.

Every request has a deadline and a size limit; what may pass by itself (cut connections, timeouts, 429, 5xx, a page of
html instead of JSON) is tried again with exponential backoff and full jitter, as `Retry-After` asks where it is given.
What will not pass (400, 404) is told at once. Knows nothing of any catalogue's shapes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import aiohttp

from bot import clock

USER_AGENT = "pyyda-apua (family services chatbot)"
MAX_BYTES = 64 * 1024 * 1024
"""A page of 100 full services is about a megabyte; more than this is no page."""
_log = logging.getLogger(__name__)


class SourceError(Exception):
    """A catalogue cannot be read; the message says why, for whoever runs the bot. Holds no personal data."""


class Unreachable(SourceError):
    """No usable answer came, however often it was tried; `status`: of the last answer, None where there was none."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class Refused(SourceError):
    """The catalogue answered that the question is wrong (400, 401, 403, 404 ...); asking again would not help."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Patience:
    """How a catalogue is asked. Seconds; `tries` counts the first one; `concurrency` requests run at a time."""

    timeout: float = 60.0
    tries: int = 6
    backoff: float = 1.0
    longest: float = 60.0
    concurrency: int = 3


@dataclass(frozen=True)
class Answer:
    """`data` is None where the page has not changed since `etag` (304)."""

    data: Any
    etag: str | None = None

    @property
    def unchanged(self) -> bool:
        """True where the server said: still the same."""
        return self.data is None


@dataclass
class Fetcher:
    """Reads JSON below `base`. Use as `async with`."""

    base: str
    patience: Patience = field(default_factory=Patience)
    headers: Mapping[str, str] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = field(default=None, init=False)

    async def __aenter__(self) -> Self:
        """Opens the connections."""
        self._gate = asyncio.Semaphore(self.patience.concurrency)
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self.patience.timeout, sock_connect=min(15, self.patience.timeout)),
            headers={"User-Agent": USER_AGENT, "Accept": "application/json", **self.headers},
            connector=aiohttp.TCPConnector(limit=self.patience.concurrency),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the connections."""
        if self._session is not None:
            await self._session.close()

    async def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        etag: str | None = None,
        tries: int | None = None,
    ) -> Answer:
        """The JSON at `path`. Raises Refused at once, Unreachable when all `tries` (patience's own) failed."""
        tries = tries or self.patience.tries
        url = f"{self.base.rstrip('/')}/{path.lstrip('/')}"
        reason, status = "", None
        for attempt in range(tries):
            asked_to_wait, status = 0.0, None
            try:
                async with self._gate:
                    return await self._once(url, params or {}, etag)
            except _Passing as passing:
                reason, asked_to_wait, status = str(passing), passing.wait, passing.status
            except TimeoutError:
                reason = f"no answer within {self.patience.timeout:g} s"
            except (aiohttp.ClientError, OSError) as error:
                reason = f"{type(error).__name__}: {error}"
            if attempt + 1 < tries:
                _log.warning("%s: %s; trying again", path, reason)
                await asyncio.sleep(self._pause(attempt, asked_to_wait))
        raise Unreachable(f"{path}: {reason} (tried {tries} times)", status)

    async def _once(self, url: str, params: Mapping[str, str], etag: str | None) -> Answer:
        if self._session is None:
            raise RuntimeError("the fetcher is not open")
        headers = {"If-None-Match": etag} if etag else {}
        async with self._session.get(url, params=dict(params), headers=headers) as response:
            if response.status == 304 and etag:
                return Answer(None, etag)
            body = await _body(response)
            if response.status == 429 or response.status >= 500:
                wait = _retry_after(response.headers.get("Retry-After"))
                raise _Passing(f"status {response.status}", wait, response.status)
            if response.status != 200:
                path = response.url.path
                raise Refused(response.status, f"{path}: status {response.status}, {_said(body)}")
            try:
                data = json.loads(body)
            except ValueError:
                # A login page, a maintenance page or a cut file: the API is not itself just now.
                raise _Passing(f"no JSON but {response.content_type}") from None
            if data is None:
                raise _Passing("null instead of a page")
            return Answer(data, response.headers.get("ETag"))

    def _pause(self, attempt: int, asked_to_wait: float) -> float:
        ceiling = min(self.patience.longest, self.patience.backoff * 2**attempt)
        jittered = random.uniform(0, ceiling)  # spreads load, guards nothing
        return max(jittered, min(asked_to_wait, self.patience.longest))


class _Passing(Exception):
    """Something that may pass by itself; `wait`: seconds the server asks for, `status`: where it said one."""

    def __init__(self, message: str, wait: float = 0.0, status: int | None = None) -> None:
        super().__init__(message)
        self.wait = wait
        self.status = status


async def _body(response: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in response.content.iter_chunked(1 << 16):
        size += len(part)
        if size > MAX_BYTES:
            raise Refused(response.status, f"{response.url.path}: more than {MAX_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


def _retry_after(value: str | None) -> float:
    """Seconds of a Retry-After header, which is a number of seconds or a date."""
    if not value:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - clock.now()).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def _said(body: bytes) -> str:
    """What an error body says: PTV writes {errorMessage} or {field: [messages]}."""
    try:
        data = json.loads(body)
    except ValueError:
        return "without JSON"
    if isinstance(data, Mapping):
        parts = []
        for key, value in data.items():
            words = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
            parts.append(words if key == "errorMessage" else f"{key}: {words}")
        return " / ".join(parts)[:300]
    return str(data)[:300]
