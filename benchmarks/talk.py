"""The scripted conversations, and how each side is spoken to. An answer without content counts as a failure."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Protocol

import aiohttp

from bot.conversation import phrases

TURN_SECONDS = 60


@dataclass(frozen=True)
class Said:
    """One turn of a family: typed, or (with a payload) tapped."""

    text: str
    payload: str | None = None


def _script(need: str, question: str, place: str, worry: str, crisis: str, *, interpreter: bool) -> list[Said]:
    """Need, request with buttons, a question in its middle, place, another need, danger.

    Answers of the form are taps: the stock bot reads no places out of text, and both sides shall walk the same way.
    """
    return [
        Said(need),
        Said("contact", "/request_contact"),
        Said("yes", '/affirm{"choice": "yes"}'),
        Said(question),
        Said("Kuusamo", '/inform{"place": "kuusamo"}'),
        Said("skip", '/inform{"skip": "child_ages"}'),
        Said("here", '/inform{"skip": "contact"}'),
        *([Said("no", '/deny{"choice": "no"}')] if interpreter else []),
        Said("anonymous", '/inform{"skip": "name"}'),
        Said("send", '/affirm{"choice": "yes"}'),
        Said(place),
        Said(worry),
        Said(crisis),
    ]


SCRIPTS = {
    "fi": _script(
        "lapseni ei suostu menemään kouluun, en jaksa enää",
        "mitä tämä maksaa?",
        "mikä on perhekeskuksemme, asumme Kuusamossa",
        "vauva itkee kaikki yöt ja olemme aivan uupuneita",
        "en halua enää elää",
        interpreter=False,
    ),
    "en": _script(
        "my child refuses to go to school, I can't take it any more",
        "what does this cost?",
        "which family centre is ours, we live in Kuusamo",
        "the baby cries every night and we are completely exhausted",
        "I want to die",
        interpreter=True,
    ),
    "sv": _script(
        "mitt barn vägrar gå till skolan, jag orkar inte mer",
        "vad kostar det här?",
        "vilken är vår familjecentral, vi bor i Kuusamo",
        "babyn gråter varje natt och vi är helt slut",
        "jag vill inte leva längre",
        interpreter=True,
    ),
}


class Failure(RuntimeError):
    """An answer that helps nobody: an error status, nothing said, or "I cannot answer right now"."""


class Side(Protocol):
    """A bot that can be spoken to."""

    name: str

    async def open(self, session: aiohttp.ClientSession, language: str) -> str:
        """Opens a conversation; returns what `say` needs."""

    async def say(self, session: aiohttp.ClientSession, conversation: str, language: str, said: Said) -> list[str]:
        """The answer's texts; raises Failure."""


async def open_conversation(session: aiohttp.ClientSession, url: str, language: str) -> tuple[str, str]:
    """Opens a conversation by the public API; id and token."""
    async with session.post(f"{url}/api/v1/conversations", json={"language": language}) as answer:
        if answer.status != 201:
            raise Failure(f"status {answer.status}")
        made = await answer.json()
    return made["id"], made["token"]


class PublicApi:
    """This project, spoken to as a family's browser does."""

    name = "ours"

    def __init__(self, url: str) -> None:
        self._url = url

    async def open(self, session: aiohttp.ClientSession, language: str) -> str:
        """A new conversation: "id token"."""
        return " ".join(await open_conversation(session, self._url, language))

    async def say(self, session: aiohttp.ClientSession, conversation: str, language: str, said: Said) -> list[str]:
        """One message; the bot's own "engine is away" and "nothing understood" are failures."""
        id_, token = conversation.split(" ")
        body = {"id": str(uuid.uuid4()), "text": said.text, **({"payload": said.payload} if said.payload else {})}
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self._url}/api/v1/conversations/{id_}/messages"
        async with session.post(url, json=body, headers=headers) as answer:
            if answer.status != 200:
                raise Failure(f"status {answer.status}")
            made = await answer.json()
        empty = {each["text"] for each in phrases.not_understood(made["language"])}
        if any(each.get("category") == "away" for each in made["messages"]):
            raise Failure("engine away")
        texts = [each["text"] for each in made["messages"] if each["text"] not in empty]
        if not texts:
            raise Failure("empty answer")
        return texts


class RestChannel:
    """The stock bot, spoken to through Rasa's REST channel.

    Its conversations are opened at its action server, because the actions write requests that belong to one.
    """

    name = "stock"

    def __init__(self, url: str, actions_url: str) -> None:
        self._url = url
        self._actions_url = actions_url

    async def open(self, session: aiohttp.ClientSession, language: str) -> str:
        """A conversation id that the actions know."""
        return (await open_conversation(session, self._actions_url, language))[0]

    async def say(self, session: aiohttp.ClientSession, conversation: str, language: str, said: Said) -> list[str]:
        """One message."""
        body: dict[str, Any] = {
            "sender": conversation,
            "message": said.payload or said.text,
            "metadata": {"language": language, "client_id": str(uuid.uuid4())},
        }
        async with session.post(f"{self._url}/webhooks/rest/webhook", json=body) as answer:
            if answer.status != 200:
                raise Failure(f"status {answer.status}")
            made = await answer.json()
        texts = [each.get("text") or (each.get("custom") or {}).get("text") or "" for each in made]
        if not any(texts):
            raise Failure("empty answer")
        return texts


@dataclass
class Measured:
    """One repetition on one side: times of the answered turns in seconds, and what went wrong."""

    wall: float = 0.0
    typed: list[float] = field(default_factory=list)
    tapped: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    conversations: int = 0
    requests_sent: int = 0

    @property
    def turns(self) -> list[float]:
        """Times of all answered turns."""
        return self.typed + self.tapped

    def figures(self) -> dict[str, float]:
        """Milliseconds and turns a second."""
        if len(self.typed) < 2:
            raise Failure(f"hardly an answer: {dict(self.failures)}")
        return {
            "p50_ms": median(self.turns) * 1000,
            "p95_ms": quantiles(self.turns, n=20, method="inclusive")[-1] * 1000,
            "typed_p50_ms": median(self.typed) * 1000,
            "typed_p95_ms": quantiles(self.typed, n=20, method="inclusive")[-1] * 1000,
            "turns_per_second": len(self.turns) / self.wall,
        }


async def converse(side: Side, count: int, concurrency: int) -> Measured:
    """`count` whole conversations, the languages in turn, `concurrency` of them at a time."""
    measured = Measured(conversations=count)
    waiting = iter(list(itertools.islice(itertools.cycle(SCRIPTS), count)))
    timeout = aiohttp.ClientTimeout(total=TURN_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def family() -> None:
            for language in waiting:
                await _conversation(side, session, language, measured)

        began = time.perf_counter()
        await asyncio.gather(*(family() for _ in range(concurrency)))
        measured.wall = time.perf_counter() - began
    return measured


async def _conversation(side: Side, session: aiohttp.ClientSession, language: str, measured: Measured) -> None:
    try:
        conversation = await side.open(session, language)
    except (Failure, TimeoutError, aiohttp.ClientError) as error:
        measured.failures[f"open: {error or type(error).__name__}"] += 1
        return
    for said in SCRIPTS[language]:
        began = time.perf_counter()
        try:
            texts = await side.say(session, conversation, language, said)
        except (Failure, TimeoutError, aiohttp.ClientError) as error:
            measured.failures[str(error) or type(error).__name__] += 1
            continue
        (measured.tapped if said.payload else measured.typed).append(time.perf_counter() - began)
        measured.requests_sent += any("PA-" in text for text in texts)
