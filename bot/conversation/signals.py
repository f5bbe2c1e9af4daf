"""Wakes those who follow a conversation in this process: a message came, or somebody began or stopped to write.

It holds no message. Followers in other processes look into the database now and then (bot/web/events.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Signals:
    """Who follows which conversation, and who is writing in it right now ("bot" or "staff")."""

    def __init__(self) -> None:
        self.closed = False
        self._followers: dict[str, set[asyncio.Event]] = {}
        self._typing: dict[str, str] = {}

    @contextmanager
    def following(self, id_: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something changed; the follower clears it."""
        woken = asyncio.Event()
        self._followers.setdefault(id_, set()).add(woken)
        try:
            yield woken
        finally:
            self._followers[id_].discard(woken)
            if not self._followers[id_]:
                del self._followers[id_]

    @contextmanager
    def typing(self, id_: str, who: str) -> Iterator[None]:
        """Says that `who` is writing, until the block ends."""
        self._typing[id_] = who
        self.wake(id_)
        try:
            yield
        finally:
            self._typing.pop(id_, None)
            self.wake(id_)

    def who_types(self, id_: str) -> str | None:
        """Who is writing now."""
        return self._typing.get(id_)

    def wake(self, id_: str) -> None:
        """Something changed in the conversation."""
        for woken in self._followers.get(id_, ()):
            woken.set()

    def close(self) -> None:
        """The process ends: every follower wakes and sees `closed`."""
        self.closed = True
        for id_ in self._followers:
            self.wake(id_)
