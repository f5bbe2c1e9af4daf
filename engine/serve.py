"""Runs Rasa's command line with logs that never carry a family's words: `python -m engine.serve run …`.

Rasa logs slot values and, in its JSON tracebacks, local variables. Here both are cut before they are written.
Rasa also checks the schema of an action's answer against the schema of schemas at every call, which costs more than
all else of a tapped answer; here the schema is compiled once, and every answer is still checked against it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import rasa.utils.log_utils as log_utils
import structlog
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from structlog.tracebacks import ExceptionDictTransformer

# What may be written: where and what kind, never what was said.
KEPT = frozenset({"event", "level", "exception", "exc_info", "event_info", "event_key", "placeholder_key", "stack"})


def without_words(_logger: Any, _method: str, event_dict: Any) -> Any:
    """Keeps the keys that tell of the program only."""
    return {key: value for key, value in event_dict.items() if key in KEPT}


def quiet_logs() -> None:
    """Installs the cut; to be called before Rasa configures its logging."""
    log_utils._anonymizer = without_words
    structlog.processors.dict_tracebacks = structlog.processors.ExceptionRenderer(
        ExceptionDictTransformer(show_locals=False)
    )


@lru_cache(maxsize=1)
def _answer_validator() -> Any:
    schema = RemoteAction.action_response_format_spec()
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)


def validate_answer(_action: RemoteAction, answer: dict[str, Any]) -> bool:
    """True for an action's answer in Rasa's own shape; raises jsonschema's ValidationError."""
    _answer_validator().validate(answer)
    return True


def compile_validation() -> None:
    """Puts the compiled check in the place of Rasa's."""
    RemoteAction._validate_action_result = validate_answer


if __name__ == "__main__":
    quiet_logs()
    compile_validation()
    from rasa.__main__ import main

    main()
