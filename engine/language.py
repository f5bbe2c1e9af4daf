"""Learns to tell the supported languages apart from the training messages: `python -m engine.language OUT.npz`.

The bot reads what is written here (bot/text/language_id.py); Rasa has no part in it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import yaml
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bot.text.language_id import Learnt, grams

NLU = Path(__file__).resolve().parent.parent / "data" / "nlu"
TERMS = 50_000


def examples(folder: Path) -> tuple[list[str], list[str]]:
    """Training messages and the language of each (its file's name)."""
    texts: list[str] = []
    labels: list[str] = []
    for path in sorted(folder.glob("*.yml")):
        for block in yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["nlu"]:
            lines = [line[2:].strip() for line in block.get("examples", "").splitlines() if line.startswith("- ")]
            texts += lines
            labels += [path.stem] * len(lines)
    return texts, labels


def learn(texts: list[str], labels: list[str]) -> Learnt:
    """A linear model on words and character n-grams."""
    vectorizer = TfidfVectorizer(analyzer=grams, min_df=2, max_features=TERMS, sublinear_tf=True, dtype=np.float32)
    counted = vectorizer.fit_transform(texts)
    fitted = LinearSVC(C=0.5, random_state=0).fit(counted, labels)
    return Learnt(
        [str(label) for label in fitted.classes_],
        vectorizer.vocabulary_,
        vectorizer.idf_,
        fitted.coef_.T,
        fitted.intercept_,
    )


if __name__ == "__main__":
    learn(*examples(NLU)).save(Path(sys.argv[1]))
