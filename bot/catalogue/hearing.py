"""What a question tells before it is compared with any service: its language's place, its need, who speaks.

The embedding space keeps languages apart: questions lie nearer to each other by language than by meaning. Taking each
language's mean away brings a Somali question to Finnish services (figures: docs/understanding.md). The needs and the
writer's own violence are linear models over the same vectors. All of it is learnt from the training messages by
engine/hearing.py when the model is trained; without that file the search does without. Pure; reads one file.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from bot.catalogue.embedding import Vectors
from bot.text.ngrams import pieces

PATH = Path(__file__).resolve().parents[2] / "models" / "hearing.npz"
_PIECES_GAIN = 3.0
# Services carry needs, not crises: what a crisis is about stands in for it.
_KIN = {
    "crisis_danger": ("need_violence", "need_child_protection"),
    "crisis_self_harm": ("need_child_mental_health", "need_parent_mental_health"),
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heard:
    """A question's vector, freed of its language; `needs`: id to share, 0 to 1; `own_violence`: 0 to 1."""

    vector: Vectors
    needs: Mapping[str, float] = field(default_factory=dict)
    own_violence: float = 0.0


@dataclass(frozen=True)
class Hearing:
    """The learnt arrays. `weights` (needs, 385), `pieces` (needs, COLUMNS + 1) and `own_violence` (385): the last
    column is the intercept."""

    means: Mapping[str, Vectors]
    needs: tuple[str, ...]
    weights: Vectors
    pieces: Vectors
    own_violence: Vectors

    def hear(self, text: str, vector: Vectors, language: str) -> Heard:
        """What a question and its embedding (384,) tell; an unknown language is taken for the middle of all."""
        mean = self.means.get(language)
        if mean is None:
            mean = np.mean(list(self.means.values()), axis=0)
        freed = vector - mean
        freed = np.asarray(freed / max(float(np.linalg.norm(freed)), 1e-6), dtype=np.float32)
        scores = self.weights[:, :-1] @ freed + self.weights[:, -1] + _PIECES_GAIN * self._by_pieces(text)
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        needs: dict[str, float] = {}
        for need, share in zip(self.needs, shares, strict=True):
            for kin in _KIN.get(need, (need,)):
                needs[kin] = needs.get(kin, 0.0) + float(share)
        own = float(self.own_violence[:-1] @ freed + self.own_violence[-1])
        return Heard(
            freed,
            needs,
            1 / (1 + float(np.exp(-np.clip(own, -30, 30)))),
        )

    def _by_pieces(self, text: str) -> Vectors:
        found = pieces(text)
        if not found:
            return np.zeros(len(self.needs), dtype=np.float32)
        columns = np.fromiter(found, dtype=np.intp)
        weights = np.fromiter(found.values(), dtype=np.float32)
        return self.pieces[:, columns] @ weights + self.pieces[:, -1]


@cache
def hearing(path: Path = PATH) -> Hearing | None:
    """What training left, read once; None where there is nothing to read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Hearing(
                dict(zip((str(code) for code in stored["languages"]), stored["means"], strict=True)),
                tuple(str(need) for need in stored["needs"]),
                stored["weights"],
                stored["pieces"].astype(np.float32),
                stored["own_violence"],
            )
    except (OSError, ValueError, KeyError):
        _log.warning("no %s: the search does without what training tells of questions", path.name)
        return None
