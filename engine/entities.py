"""Rasa entity extractor: places, the child's age, languages named, a wish for an interpreter.

The reading itself is in bot.text (pure, shared with the app); here it is only put into Rasa's terms.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.text.ages import find_ages
from bot.text.places import place_finder
from bot.text.wishes import find_languages, wants_interpreter
from engine.tokenizer import typed


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class FamilyEntityExtractor(EntityExtractorMixin, GraphComponent):
    """Entities: `place` (place id), `child_age` (months), `language` (ISO code), `interpreter` ("yes")."""

    @staticmethod
    def required_packages() -> list[str]:
        """Packages that must be installed."""
        return ["spacy"]

    def __init__(self) -> None:
        self._places = place_finder()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> FamilyEntityExtractor:
        """As Rasa's graph makes it."""
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        """Adds what was found to each message's entities."""
        for message in messages:
            if typed(message):
                text = message.get(TEXT)
                language = (message.get("metadata") or {}).get("language")
                found = self._extract(text, language)
                message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages

    def _extract(self, text: str, language: str | None) -> list[dict[str, Any]]:
        found = [_entity("place", m.place_id, m.start, m.end) for m in self._places.find(text, language)]
        found += [_entity("child_age", m.months, m.start, m.end) for m in find_ages(text, language)]
        found += [_entity("language", code, 0, len(text)) for code in find_languages(text)]
        if wants_interpreter(text):
            found.append(_entity("interpreter", "yes", 0, len(text)))
        return found


def _entity(kind: str, value: Any, start: int, end: int) -> dict[str, Any]:
    return {
        "entity": kind,
        "value": value,
        "start": start,
        "end": end,
        "confidence_entity": 1.0,
        "extractor": "FamilyEntityExtractor",
    }
