"""Under the cards a family asks for more, nearer, its own language or a baby; where there is nothing, it is told so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Services
from actions.need import ActionNoteFacts
from bot.catalogue.model import Channel, Service
from bot.catalogue.search import Catalogue
from bot.catalogue.store import put_catalogue
from bot.i18n import translate
from tests.staff_support import opened


def made(slug: str, **more: Any) -> Service:
    return Service(slug, "test", slug, {"fi": slug}, needs=("need_peer_support",), county=True, **more)


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    """Five services: one speaks Arabic, two have a place, one is for babies."""
    async with opened("sqlite", tmp_path) as database:
        rows = [
            made("a"),
            made("b", languages=("ar",)),
            made("c-oulu", channels=(Channel("location", lat=65.01, lon=25.47),)),
            made("d-kuusamo", channels=(Channel("location", lat=65.96, lon=29.19),)),
            made("e-baby", age_groups=("under_school",)),
        ]
        await put_catalogue(database, "test", rows, "1")
        # These actions use nothing but the catalogue.
        yield cast(Any, Services)(Catalogue(database), *[None] * 5)


async def ask(services: Services, choice: str, language: str = "ar", **slots: Any) -> tuple[dict[str, Any], Any]:
    """The answer to a tap under the cards, and what is waited for afterwards."""
    entities = [{"entity": "choice", "value": choice}] if choice else []
    entities += [{"entity": "place", "value": slots.pop("named")}] if "named" in slots else []
    message = {
        "text": f'/inform{{"choice": "{choice}"}}' if choice else "Kuusamo",
        "intent": {"name": "inform", "confidence": 1.0},
        "entities": entities,
        "metadata": {"language": language},
    }
    tracker = Tracker("1", {"need": "need_peer_support", **slots}, message, [], False, None, {}, None)
    dispatcher = CollectingDispatcher()
    events = await ActionNoteFacts(services).run(dispatcher, tracker, {})
    waited = [cast(Any, event)["value"] for event in events if cast(Any, event)["name"] == "pending"]
    return dispatcher.messages[0]["custom"], waited[-1]


def ids(message: dict[str, Any]) -> list[str]:
    return [card["id"] for card in message.get("services", [])]


async def test_more_goes_on_and_ends_honestly(services: Services) -> None:
    first, waited = await ask(services, "services:more:0")
    assert len(ids(first)) == 3
    assert waited == "request"
    further = next(each for each in first["buttons"] if "services:more:3" in each["payload"])
    assert further["title"] == translate("More services", "ar")
    second, _ = await ask(services, "services:more:3")
    assert len(ids(second)) == 2
    assert not set(ids(first)) & set(ids(second))
    assert not [each for each in second["buttons"] if "services:" in each["payload"]]
    last, _ = await ask(services, "services:more:5")
    assert not ids(last)
    assert "/request_contact" in [each["payload"] for each in last["buttons"]]


async def test_nearer_asks_for_the_place_and_then_the_nearest_stands_first(services: Services) -> None:
    question, waited = await ask(services, "services:near:3")
    assert (ids(question), waited) == ([], "near")
    answer, waited = await ask(services, "", pending="near", named="kuusamo")
    assert ids(answer)[:2] == ["d-kuusamo", "c-oulu"]
    assert waited == "request"
    known, _ = await ask(services, "services:near:3", place="oulu")
    assert ids(known)[0] == "c-oulu"


async def test_in_my_language_never_pretends(services: Services) -> None:
    arabic, _ = await ask(services, "services:language:3")
    assert ids(arabic) == ["b"]
    somali, _ = await ask(services, "services:language:3", language="so")
    assert not ids(somali)
    assert "turjumaan" in somali["text"]
    assert "/request_contact" in [each["payload"] for each in somali["buttons"]]


async def test_for_a_baby(services: Services) -> None:
    answer, _ = await ask(services, "services:baby:3")
    assert ids(answer)[0] == "e-baby"
