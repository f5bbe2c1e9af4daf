"""A tokenizer for any script: spaCy's language-neutral one (Rasa's WhitespaceTokenizer refuses zh, ja, th)."""

from __future__ import annotations

from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message


def typed(message: Message) -> bool:
    """True for a message with words. A tapped button ("/intent{…}") has none: Rasa reads its intent at the end of the
    pipeline, so nothing in the pipeline need look at it.
    """
    text = message.get(TEXT)
    return bool(text) and not text.startswith(INTENT_MESSAGE_PREFIX)


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class MultilingualTokenizer(Tokenizer):
    """Splits a message into tokens by spaCy's rules for no particular language."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Rasa's options of a tokenizer; intents are whole labels."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    @staticmethod
    def required_packages() -> list[str]:
        """Packages that must be installed."""
        return ["spacy"]

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._nlp = spacy.blank("xx")

    @classmethod
    def create(cls, config: dict[str, Any], *_args: Any, **_kwargs: Any) -> MultilingualTokenizer:
        """As Rasa's graph makes it."""
        return cls(config)

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Tokens of `message`'s attribute with their start positions."""
        text = message.get(attribute)
        return [Token(word.text, word.idx) for word in self._nlp.make_doc(text) if not word.is_space] or [
            Token(text, 0)
        ]

    @classmethod
    def required_components(cls) -> list[type]:
        """Nothing must come before."""
        return []
