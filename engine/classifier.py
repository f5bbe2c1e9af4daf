"""Rasa intent classifier: a kernel machine on the sentence embedding and a linear one on character n-grams.

The embedding carries meaning over languages; n-grams know the words of the trained ones. Both give margins, which are
added (figures: docs/understanding.md). The kernel machine is ridge regression on a Nyström map (Williams and Seeger
2001): the message's likeness to some thousand training messages. Rasa's own LogisticRegressionClassifier fixes C at 1,
far too strong here, and keeps a pickle; this one keeps arrays. Probabilities are a softmax of the sum. A suspected
crisis is put first even where another intent is likelier: a card too many is the smaller harm.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

logger = logging.getLogger(__name__)
NGRAMS = {"analyzer": "char_wb", "ngram_range": (2, 4), "sublinear_tf": True, "lowercase": True}


@dataclass
class Kernel:
    """Likeness of an embedding to landmarks: exp(width · (cosine − 1)) of standardised vectors.

    `mean`, `spread`: (384,); `landmarks`: (n, 384), length 1; `weights`: (n, intents); `intercept`: (intents,).
    """

    width: float
    mean: np.ndarray
    spread: np.ndarray
    landmarks: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray

    def margins(self, vectors: np.ndarray) -> np.ndarray:
        """(m, 384) -> (m, intents); about 1 for the right intent and -1 for the others."""
        return self._likeness(vectors) @ self.weights + self.intercept

    def _likeness(self, vectors: np.ndarray) -> np.ndarray:
        found = (vectors - self.mean) / self.spread
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return np.exp(self.width * (found @ self.landmarks.T - 1))

    @classmethod
    def fit(cls, vectors: np.ndarray, targets: np.ndarray, width: float, ridge: float, landmarks: int) -> Kernel:
        """Least squares with `ridge` on the likeness to that many training messages; `targets`: (m, intents)."""
        mean, spread = vectors.mean(0), vectors.std(0) + 1e-6
        made = cls(width, mean, spread, np.empty(0), np.empty(0), np.empty(0))
        standard = (vectors - mean) / spread
        standard /= np.linalg.norm(standard, axis=1, keepdims=True)
        chosen = np.random.default_rng(0).permutation(len(vectors))[:landmarks]
        made.landmarks = standard[chosen]
        likeness = made._likeness(vectors)
        centre, middle = likeness.mean(0), targets.mean(0)
        likeness -= centre
        squares = likeness.T @ likeness
        squares[np.diag_indices_from(squares)] += ridge
        made.weights = np.linalg.solve(squares, likeness.T @ (targets - middle))
        made.intercept = middle - centre @ made.weights
        return made

    def arrays(self) -> dict[str, np.ndarray]:
        """For np.savez; landmarks in half precision."""
        return {
            "width": np.array(self.width),
            "mean": self.mean,
            "spread": self.spread,
            "landmarks": self.landmarks.astype(np.float16),
            "weights": self.weights.astype(np.float32),
            "intercept": self.intercept.astype(np.float32),
        }


@dataclass
class Model:
    """What is learnt. `ngrams`: (intents, terms + 1), the last column the intercept."""

    labels: list[str]
    dense: Kernel
    ngrams: np.ndarray
    vectorizer: TfidfVectorizer

    def save(self, folder: Path) -> None:
        """Writes arrays and word lists, no pickles."""
        terms = sorted(self.vectorizer.vocabulary_, key=self.vectorizer.vocabulary_.get)
        (folder / "model.json").write_text(json.dumps({"labels": self.labels, "terms": terms}))
        np.savez(
            folder / "weights.npz",
            **self.dense.arrays(),
            ngrams=self.ngrams.astype(np.float16),
            idf=self.vectorizer.idf_.astype(np.float32),
        )

    @classmethod
    def read(cls, folder: Path) -> Model:
        """What `save` wrote."""
        words = json.loads((folder / "model.json").read_text())
        with np.load(folder / "weights.npz", allow_pickle=False) as stored:
            vectorizer = TfidfVectorizer(vocabulary={term: n for n, term in enumerate(words["terms"])}, **NGRAMS)
            vectorizer.idf_ = stored["idf"]
            names = ("mean", "spread", "landmarks", "weights", "intercept")
            dense = Kernel(float(stored["width"]), *(stored[name].astype(np.float32) for name in names))
            return cls(words["labels"], dense, stored["ngrams"].astype(np.float32), vectorizer)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Options: `kernel_width`, `ridge`, `landmarks` (Kernel.fit), `ngram_C` (inverse regularisation), `ngram_gain`
    (weight of the n-gram margins), `sharpness` (of the softmax), `urgent` (intents put first from a common share of
    `urgent_threshold`), `ranking_length`.
    """

    @classmethod
    def required_components(cls) -> list[type]:
        """Features come first."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Chosen by a split of the training messages (docs/understanding.md), never on evaluation messages."""
        return {
            "kernel_width": 2.0,
            "ridge": 0.03,
            "landmarks": 4000,
            "ngram_C": 0.3,
            "ngram_gain": 1.0,
            "min_df": 2,
            "max_terms": 120_000,
            "sharpness": 6.0,
            "urgent": [],
            "urgent_threshold": 0.2,
            "urgent_confidence": 0.5,
            "ranking_length": 10,
        }

    @staticmethod
    def required_packages() -> list[str]:
        """Packages that must be installed."""
        return ["sklearn"]

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        model: Model | None = None,
    ) -> None:
        self._config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> LinearIntentClassifier:
        """An untrained classifier."""
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Fits both models on the training messages and keeps them."""
        examples = [m for m in training_data.intent_examples if m.get(INTENT) and m.get(TEXT)]
        rows = [_vector(m) for m in examples]
        labels = [m.get(INTENT) for m in examples]
        if len(set(labels)) < 2 or any(row is None for row in rows):
            logger.warning("Too few intents or no features: the intent classifier was not trained.")
            return self._resource
        config = self._config
        vectors = np.stack(rows)
        known = sorted(set(labels))
        targets = np.where(np.array(labels)[:, None] == np.array(known), 1.0, -1.0).astype(np.float32)
        dense = Kernel.fit(vectors, targets, config["kernel_width"], config["ridge"], config["landmarks"])
        vectorizer = TfidfVectorizer(min_df=config["min_df"], max_features=config["max_terms"], **NGRAMS)
        counted = vectorizer.fit_transform([m.get(TEXT) for m in examples])
        margins = LinearSVC(C=config["ngram_C"], random_state=0).fit(counted, labels)
        ngrams = _both(margins.coef_, margins.intercept_, len(known))
        self._model = Model([str(label) for label in known], dense, ngrams, vectorizer)
        with self._model_storage.write_to(self._resource) as folder:
            self._model.save(folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent and ranking; a message without text or an untrained model gets an empty intent."""
        for message in messages:
            vector = _vector(message)
            ranking = (
                [] if vector is None or self._model is None else self._rank(self._model, message.get(TEXT), vector)
            )
            top = ranking[0] if ranking else {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}
            message.set(INTENT, top, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _rank(self, model: Model, text: str, vector: np.ndarray) -> list[dict[str, Any]]:
        dense = model.dense.margins(vector.reshape(1, -1))[0]
        counted = model.vectorizer.transform([text])
        margins = model.ngrams[:, counted.indices] @ counted.data + model.ngrams[:, -1]
        shares = _softmax(self._config["sharpness"] * (dense + self._config["ngram_gain"] * margins))
        order = [int(i) for i in np.argsort(-shares)]
        shown = {i: float(shares[i]) for i in order}
        urgent = [i for i in order if model.labels[i] in self._config["urgent"]]
        if urgent and sum(shown[i] for i in urgent) >= self._config["urgent_threshold"]:
            order.remove(urgent[0])
            order.insert(0, urgent[0])
            # Never so unsure that the card would be left out for a question.
            shown[urgent[0]] = max(shown[urgent[0]], shown[order[1]], self._config["urgent_confidence"])
        return [
            {INTENT_NAME_KEY: model.labels[i], PREDICTED_CONFIDENCE_KEY: shown[i]}
            for i in order[: self._config["ranking_length"]]
        ]

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> LinearIntentClassifier:
        """The trained classifier; an untrained one where nothing was kept."""
        try:
            with model_storage.read_from(resource) as folder:
                model = Model.read(folder)
        except (ValueError, FileNotFoundError):
            logger.warning("No trained intent classifier found.")
            return cls(config, model_storage, resource)
        return cls(config, model_storage, resource, model)


def _both(coefficients: np.ndarray, intercept: np.ndarray, classes: int) -> np.ndarray:
    if classes == 2:  # scikit-learn keeps one row for two classes
        coefficients, intercept = np.vstack([-coefficients, coefficients]), np.concatenate([-intercept, intercept])
    return np.hstack([coefficients, intercept[:, None]]).astype(np.float32)


def _softmax(scores: np.ndarray) -> np.ndarray:
    odds = np.exp(scores - scores.max())
    return np.asarray(odds / odds.sum())


def _vector(message: Message) -> np.ndarray | None:
    features = message.get_dense_features(attribute=TEXT)[1]
    return None if features is None else np.asarray(features.features[0], dtype=np.float32)
