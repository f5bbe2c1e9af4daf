"""Rasa tracker store that keeps nothing itself: trackers rest, encrypted, in the bot's database.

The engine asks the bot over loopback (`/engine/trackers/<id>`), so it holds no key, no file and no state that is
lost when it is killed. The trackers of the newest turns are kept in memory too, for as long as they are what the bot
has: taken out while a turn changes them, put back when the bot has stored the result. Without BOT_INTERNAL_URL
(rasa shell, rasa test) trackers live in memory only.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import aiohttp
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import InMemoryTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity
from rasa.utils.endpoints import EndpointConfig

WARM = 500
"""Conversations whose tracker is kept in memory (about 100 kB each)."""
EVENTS_KEPT = 600
"""Newest events of a conversation that are kept; a long evening's talk is about half of it."""


class BotTrackerStore(TrackerStore):
    """Retrieves and saves trackers through the bot."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        host: str | None = None,
        **kwargs: dict[str, Any],
    ) -> None:
        super().__init__(domain, event_broker, **kwargs)
        self._url = os.environ.get("BOT_INTERNAL_URL", "")
        self._headers = {"Authorization": f"Bearer {os.environ.get('BOT_INTERNAL_TOKEN', '')}"}
        self._memory = InMemoryTrackerStore(domain, event_broker)
        self._session: aiohttp.ClientSession | None = None
        self._warm: OrderedDict[str, DialogueStateTracker] = OrderedDict()

    @classmethod
    def create(
        cls,
        obj: TrackerStore | EndpointConfig | None,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
    ) -> TrackerStore:
        """As Rasa makes it."""
        return obj if isinstance(obj, TrackerStore) else cls(domain, event_broker)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The stored tracker, or None. Raises aiohttp.ClientError where the bot does not answer."""
        if not self._url:
            return await self._memory.retrieve(sender_id)
        # A turn that fails half way never comes to `save`: the next one reads what the bot has.
        if warm := self._warm.pop(sender_id, None):
            return warm
        async with self._client().get(self._address(sender_id)) as response:
            if response.status == 404:
                return None
            response.raise_for_status()
            events = (await response.json())["events"]
        if not events:
            return None
        slots = self.domain.slots if self.domain else []
        return DialogueStateTracker.from_dict(sender_id, events, slots)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Stores the tracker's newest events."""
        await self.stream_events(tracker)
        if not self._url:
            await self._memory.save(tracker)
            return
        state = tracker.current_state(EventVerbosity.ALL)
        events = [_lean(event) for event in state["events"] or []]
        async with self._client().put(self._address(tracker.sender_id), json={"events": _tail(events)}) as response:
            response.raise_for_status()
            if response.status == 204:
                self._keep(tracker, len(events))

    async def keys(self) -> Iterable[str]:
        """Ids of trackers held in this process (none where the bot keeps them)."""
        return await self._memory.keys() if not self._url else []

    def _keep(self, tracker: DialogueStateTracker, events: int) -> None:
        if events > EVENTS_KEPT:
            return  # what the bot has was cut: the next turn shall see the same
        self._warm[tracker.sender_id] = tracker
        while len(self._warm) > WARM:
            self._warm.popitem(last=False)

    def _address(self, sender_id: str) -> str:
        return f"{self._url}/engine/trackers/{sender_id}"

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(headers=self._headers, timeout=aiohttp.ClientTimeout(total=4))
        return self._session


def _lean(event: dict[str, Any]) -> dict[str, Any]:
    # What decided a turn is not needed again once it is over, and is most of the bytes.
    if event.get("event") == "user" and event.get("parse_data"):
        parse = event["parse_data"]
        kept = {key: parse[key] for key in ("intent", "entities", "text", "metadata", "message_id") if key in parse}
        return {**event, "parse_data": {**kept, "intent_ranking": parse.get("intent_ranking", [])[:3]}}
    return event


def _tail(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if len(events) <= EVENTS_KEPT:
        return events
    cut = len(events) - EVENTS_KEPT
    # Slots and the open form are told by events; the last value of each must survive the cut.
    last: dict[str, dict[str, Any]] = {}
    for event in events[:cut]:
        if event.get("event") == "slot":
            last[f"slot:{event['name']}"] = event
        elif event.get("event") == "active_loop":
            last["loop"] = event
    return list(last.values()) + events[cut:]
