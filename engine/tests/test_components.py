"""The graph components as Rasa uses them."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from engine.classifier import LinearIntentClassifier
from engine.embedding import MAX_CHARACTERS, embed, embed_many
from engine.entities import FamilyEntityExtractor
from engine.featurizer import E5Featurizer
from engine.tokenizer import MultilingualTokenizer
from engine.tracker_store import EVENTS_KEPT, _tail

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

    def test_places_ages_and_wishes(self) -> None:
        (message,) = FamilyEntityExtractor().process(
            self.messages(["Asumme Iissä, poika on 7-vuotias, tarvitsen arabian tulkin"])
        )
        found = {each["entity"]: each["value"] for each in message.get("entities")}
        self.assertEqual(found, {"place": "ii", "child_age": 84, "language": "ar", "interpreter": "yes"})


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
