"""Labels that workers put on requests. Source: data/staff_labels.yml."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

PATH = Path(__file__).resolve().parents[2] / "data" / "staff_labels.yml"


@cache
def labels(language: str = "fi") -> Mapping[str, str]:
    """Ids and names of the labels, in the file's order; Finnish where there is no name in the language."""
    raw = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return {id: row.get(language, row["fi"]) for id, row in raw.items()}
