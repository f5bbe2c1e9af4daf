"""Learns what the bot's catalogue search knows of questions before it compares them with any service.

From the same messages the classifier learns from (data/nlu) and from data/own_violence.yml: where each language lies
in the embedding space, which needs a question speaks of, and whether the writer fears their own violence. Run by
tools/train.sh; writes the arrays that bot.catalogue.hearing reads. No Rasa model is made or read here.

    python -m engine.hearing OUT.npz
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import yaml
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.loading import load_data
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from bot.text.ngrams import COLUMNS, pieces
from engine.embedding import embed_many

MESSAGES = Path("data/nlu")
OWN_VIOLENCE = Path("data/own_violence.yml")
C = 30.0
"""Inverse regularisation; unit vectors need little (docs/understanding.md)."""
PIECES_C = 0.5
NEEDS = ("need_", "crisis_")
"""Beginnings of the intents that services answer; the others are talk with the bot."""


def learn() -> dict[str, np.ndarray]:
    """Arrays: `languages` (n), `means` (n, 384), `needs` (m), `weights` (m, 385), `pieces` (m, COLUMNS + 1),
    `own_violence` (385)."""
    texts, languages, labels = [], [], []
    for path in sorted(MESSAGES.glob("*.yml")):
        for message in load_data(str(path)).intent_examples:
            texts.append(message.get(TEXT))
            languages.append(path.stem)
            labels.append(message.get("intent"))
    own = yaml.safe_load(OWN_VIOLENCE.read_text(encoding="utf-8"))
    own_rows = [(code, text) for code, rows in own.items() for text in rows]
    vectors = embed_many(texts)
    spoken = np.array(languages)
    known = sorted(set(languages))
    means = np.stack([vectors[spoken == code].mean(axis=0) for code in known])
    place = {code: number for number, code in enumerate(known)}
    centred = _unit(vectors - means[[place[code] for code in languages]])
    needing = np.flatnonzero([label.startswith(NEEDS) for label in labels])
    wanted = [labels[row] for row in needing]
    needs = LogisticRegression(C=C, max_iter=300).fit(centred[needing], wanted)
    words = LinearSVC(C=PIECES_C).fit(_matrix([texts[row] for row in needing]), wanted)
    own_vectors = embed_many([text for _code, text in own_rows])
    own_centred = _unit(own_vectors - means[[place[code] for code, _text in own_rows]])
    told = np.array([1] * len(own_rows) + [0] * len(centred))
    own_violence = LogisticRegression(C=C, max_iter=300, class_weight="balanced").fit(
        np.concatenate([own_centred, centred]), told
    )
    return {
        "languages": np.array(known),
        "means": means.astype(np.float32),
        "needs": np.array(list(needs.classes_)),
        "weights": np.hstack([needs.coef_, needs.intercept_[:, None]]).astype(np.float32),
        "pieces": np.hstack([words.coef_, words.intercept_[:, None]]).astype(np.float16),
        "own_violence": np.append(own_violence.coef_[0], own_violence.intercept_[0]).astype(np.float32),
    }


def _matrix(texts: list[str]) -> csr_matrix:
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        for column, weight in pieces(text).items():
            rows.append(row)
            columns.append(column)
            values.append(weight)
    return csr_matrix((values, (rows, columns)), shape=(len(texts), COLUMNS))


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def main(out: Path) -> None:
    """Writes the file as a whole or not at all."""
    learned = learn()
    with tempfile.NamedTemporaryFile(dir=out.parent, suffix=".npz", delete=False) as file:
        np.savez(file, **learned)
    made = Path(file.name)
    made.chmod(0o644)
    made.replace(out)
    print(json.dumps({"languages": len(learned["languages"]), "needs": len(learned["needs"])}), file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
