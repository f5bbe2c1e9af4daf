"""Runs Rasa's command line with logs that never carry a family's words: `python -m engine.serve run …`.

Rasa logs slot values and, in its JSON tracebacks, local variables. Here both are cut before they are written.
"""

from __future__ import annotations

from typing import Any

import rasa.utils.log_utils as log_utils
import structlog
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


if __name__ == "__main__":
    quiet_logs()
    from rasa.__main__ import main

    main()
