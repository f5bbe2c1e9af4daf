"""Rasa intent classifier: multinomial logistic regression on the sentence embedding.

Why not Rasa's own LogisticRegressionClassifier: it fixes C at 1, far too strong on vectors of length 1, and keeps
a pickle; this one keeps two arrays. Probabilities are softmax values of the fitted model.
"""

from __future__ import annotations

import json
import logging
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
from sklearn.linear_model import LogisticRegression

logger = logging.getLogger(__name__)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class LinearIntentClassifier(IntentClassifier, GraphComponent):
    """Options: `C` (inverse regularisation), `max_iter`, `temperature` (divides the scores), `ranking_length`."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Features come first."""
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Values measured in docs/understanding.md."""
        return {"C": 30.0, "max_iter": 1000, "temperature": 1.0, "ranking_length": 10}

    @staticmethod
    def required_packages() -> list[str]:
        """Packages that must be installed."""
        return ["sklearn"]

    def __init__(
        self,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        labels: list[str] | None = None,
        weights: np.ndarray | None = None,
    ) -> None:
        self._config = {**self.get_default_config(), **config}
        self._model_storage = model_storage
        self._resource = resource
        self._labels = labels or []
        self._weights = weights  # (intents, 385): coefficients and, last, the intercept

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
        """Fits on the training messages' sentence vectors and keeps the result."""
        examples = [m for m in training_data.intent_examples if m.get(INTENT) and m.get(TEXT)]
        rows = [_vector(m) for m in examples]
        if len({m.get(INTENT) for m in examples}) < 2 or any(row is None for row in rows):
            logger.warning("Too few intents or no features: the intent classifier was not trained.")
            return self._resource
        fitted = LogisticRegression(C=self._config["C"], max_iter=self._config["max_iter"], tol=1e-3, random_state=0)
        fitted.fit(np.stack(rows), [m.get(INTENT) for m in examples])
        self._labels = [str(label) for label in fitted.classes_]
        self._weights = np.hstack([fitted.coef_, fitted.intercept_[:, None]]).astype(np.float32)
        self._persist()
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Sets intent and ranking; a message without text or an untrained model gets an empty intent."""
        for message in messages:
            vector = _vector(message)
            ranking = [] if vector is None or self._weights is None else self._rank(vector)
            top = ranking[0] if ranking else {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}
            message.set(INTENT, top, add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
        return messages

    def _rank(self, vector: np.ndarray) -> list[dict[str, Any]]:
        weights = self._weights
        assert weights is not None  # noqa: S101 - the caller checked
        scores = (weights[:, :-1] @ vector + weights[:, -1]) / self._config["temperature"]
        odds = np.exp(scores - scores.max())
        shares = odds / odds.sum()
        best = np.argsort(-shares)[: self._config["ranking_length"]]
        return [{INTENT_NAME_KEY: self._labels[i], PREDICTED_CONFIDENCE_KEY: float(shares[i])} for i in best]

    def _persist(self) -> None:
        with self._model_storage.write_to(self._resource) as folder:
            (folder / "labels.json").write_text(json.dumps(self._labels))
            np.save(folder / "weights.npy", self._weights)

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
                labels = json.loads((folder / "labels.json").read_text())
                weights = np.load(folder / "weights.npy", allow_pickle=False)
        except (ValueError, FileNotFoundError):
            logger.warning("No trained intent classifier found.")
            return cls(config, model_storage, resource)
        return cls(config, model_storage, resource, labels, weights)


def _vector(message: Message) -> np.ndarray | None:
    features = message.get_dense_features(attribute=TEXT)[1]
    return None if features is None else np.asarray(features.features[0], dtype=np.float32)
