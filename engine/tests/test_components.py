"""The graph components as Rasa uses them."""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import web
from jsonschema import ValidationError
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from engine.classifier import LinearIntentClassifier
from engine.embedding import MAX_CHARACTERS, embed, embed_many
from engine.entities import FamilyEntityExtractor
from engine.featurizer import E5Featurizer
from engine.serve import validate_answer
from engine.tokenizer import MultilingualTokenizer
from engine.tracker_store import EVENTS_KEPT, BotTrackerStore, _tail

SCHOOL = ["my child refuses school", "lapsi ei mene kouluun", "ابني لا يريد المدرسة", "bullied in class every day"]
MONEY = ["we cannot pay the rent", "rahat eivät riitä ruokaan", "ليس عندنا مال للإيجار", "I have debts"]


class Components(unittest.TestCase):
    """Tokens -> vector -> intent -> entities."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.storage = LocalModelStorage.create(Path(folder.name))
        self.context = ExecutionContext(GraphSchema({}), node_name="e5")
        self.featurizer = E5Featurizer(E5Featurizer.get_default_config(), "e5")

    def messages(self, texts: list[str], intent: str | None = None) -> list[Message]:
        data: list[dict[str, Any]] = [{"text": text, **({"intent": intent} if intent else {})} for text in texts]
        return [Message(data=each) for each in data]

    def test_chinese_and_arabic_have_tokens(self) -> None:
        tokenizer = MultilingualTokenizer(MultilingualTokenizer.get_default_config())
        for text in ("我的孩子不想上学", "ابني لا ينام", "e-mail: a@b.fi", "…"):
            self.assertTrue(tokenizer.tokenize(Message(data={"text": text}), "text"))

    def test_embeddings_are_unit_vectors_and_cached_ones_are_the_same(self) -> None:
        text = "lapsi ei mene kouluun"
        one, (two,), (again,) = embed(text), embed_many([text]), embed_many([text])
        self.assertEqual(one.shape, (384,))
        self.assertAlmostEqual(float(np.linalg.norm(one)), 1.0, places=3)
        np.testing.assert_allclose(one, two, atol=1e-3)
        np.testing.assert_array_equal(two, again)

    def test_a_very_long_text_costs_no_more_than_the_limit(self) -> None:
        np.testing.assert_array_equal(embed("a b " * 1000), embed(("a b " * 1000)[:MAX_CHARACTERS]))

    def test_a_language_never_trained_is_understood(self) -> None:
        examples = self.messages(SCHOOL, "need_school") + self.messages(MONEY, "need_financial")
        data = self.featurizer.process_training_data(TrainingData(examples))
        resource = Resource("classifier")
        config = LinearIntentClassifier.get_default_config()
        trained = LinearIntentClassifier.create(config, self.storage, resource, self.context)
        trained.train(data)
        loaded = LinearIntentClassifier.load(config, self.storage, resource, self.context)
        new = self.featurizer.process(
            self.messages(["moje dziecko nie chce chodzić do szkoły", "nie mamy pieniędzy na czynsz"])
        )
        loaded.process(new)
        self.assertEqual([m.get("intent")["name"] for m in new], ["need_school", "need_financial"])
        shares = [each["confidence"] for each in new[0].get("intent_ranking")]
        self.assertAlmostEqual(sum(shares), 1.0, places=4)

    def test_an_untrained_classifier_says_nothing(self) -> None:
        empty = LinearIntentClassifier.load({}, self.storage, Resource("none"), self.context)
        (message,) = empty.process(self.featurizer.process(self.messages(["hei"])))
        self.assertIsNone(message.get("intent")["name"])

    def test_a_tapped_button_is_not_read_for_meaning(self) -> None:
        (message,) = self.featurizer.process(self.messages(['/inform{"place": "kuusamo"}']))
        self.assertEqual(message.features, [])
        FamilyEntityExtractor().process([message])
        self.assertEqual(message.get("entities", []), [])

    def test_places_ages_and_wishes(self) -> None:
        (message,) = FamilyEntityExtractor().process(
            self.messages(["Asumme Iissä, poika on 7-vuotias, tarvitsen arabian tulkin"])
        )
        found = {each["entity"]: each["value"] for each in message.get("entities")}
        self.assertEqual(found, {"place": "ii", "child_age": 84, "language": "ar", "interpreter": "yes"})


class Actions(unittest.TestCase):
    """The check of what an action answers, compiled once."""

    def test_an_answer_in_rasas_shape_passes_and_another_does_not(self) -> None:
        event = {"event": "slot", "name": "need", "value": "need_school", "timestamp": None}
        self.assertTrue(validate_answer(None, {"events": [event], "responses": [{"text": "hei"}]}))
        for wrong in ({"events": {}}, {"responses": ["hei"]}, {"events": [{"event": "slot", "value": 1}]}, []):
            with self.assertRaises(ValidationError):
                validate_answer(None, wrong)


class WarmTrackers(unittest.IsolatedAsyncioTestCase):
    """Trackers between turns, beside a bot played by a real server."""

    async def asyncSetUp(self) -> None:
        self.stored: dict[str, Any] = {}
        self.reads = 0
        self.answer = 204
        app = web.Application()
        app.router.add_get("/engine/trackers/{id}", self._read)
        app.router.add_put("/engine/trackers/{id}", self._write)
        runner = web.AppRunner(app)
        await runner.setup()
        self.addAsyncCleanup(runner.cleanup)
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        os.environ["BOT_INTERNAL_URL"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        self.addCleanup(os.environ.pop, "BOT_INTERNAL_URL")
        self.store = BotTrackerStore(Domain.empty())
        self.addAsyncCleanup(lambda: self.store._client().close())

    async def _read(self, request: web.Request) -> web.Response:
        self.reads += 1
        found = self.stored.get(request.match_info["id"])
        return web.json_response(found, status=200 if found else 404)

    async def _write(self, request: web.Request) -> web.Response:
        self.stored[request.match_info["id"]] = await request.json()
        return web.Response(status=self.answer)

    async def _turn(self, text: str) -> DialogueStateTracker:
        tracker = await self.store.get_or_create_tracker("a", append_action_listen=False)
        tracker.update(UserUttered(text))
        return tracker

    async def test_what_the_bot_has_is_not_asked_again(self) -> None:
        await self.store.save(await self._turn("one"))
        before = self.reads
        tracker = await self._turn("two")
        self.assertEqual(self.reads, before)
        self.assertEqual([event.text for event in tracker.events], ["one", "two"])

    async def test_a_turn_that_failed_half_way_leaves_nothing(self) -> None:
        await self.store.save(await self._turn("one"))
        await self._turn("lost")
        tracker = await self._turn("two")
        self.assertEqual([event.text for event in tracker.events], ["one", "two"])

    async def test_an_erased_conversation_is_not_kept(self) -> None:
        self.answer = 202
        await self.store.save(await self._turn("one"))
        self.stored.clear()
        tracker = await self._turn("two")
        self.assertEqual([event.text for event in tracker.events], ["two"])


class Trackers(unittest.TestCase):
    """What is kept of a very long conversation."""

    def test_slots_and_the_open_form_survive_the_cut(self) -> None:
        early = [
            {"event": "slot", "name": "place", "value": "ii"},
            {"event": "slot", "name": "place", "value": "raahe"},
            {"event": "active_loop", "name": "contact_form"},
        ]
        kept = _tail(early + [{"event": "bot", "text": str(n)} for n in range(EVENTS_KEPT)])
        self.assertEqual(kept[:2], early[1:])
        self.assertEqual(len(kept), EVENTS_KEPT + 2)


if __name__ == "__main__":
    unittest.main()
