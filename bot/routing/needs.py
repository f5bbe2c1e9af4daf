"""Needs: what a family asks help for, and where each need leads. Source of the data: data/routing.yml."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from bot.i18n import translate

if TYPE_CHECKING:
    from bot.safety.screen import Category

PATH = Path(__file__).resolve().parents[2] / "data" / "routing.yml"
OPEN = "open"
"""The pseudo-need of a request whose sender named no topic; the family service guidance takes it."""


@dataclass(frozen=True)
class Need:
    """A need: intent id, English title (msgid), team, PTV service classes, urgency 1 (same day) to 3."""

    id: str
    title: str
    team: str
    classes: tuple[str, ...]
    urgency: int
    safety: Category | None

    def label(self, language: str) -> str:
        """The need's name in a language."""
        return translate(self.title, language)


@dataclass(frozen=True)
class Team:
    """A team at the family centre; `fi` is its label for staff."""

    id: str
    fi: str
    status: str


@cache
def _load() -> tuple[dict[str, Need], dict[str, Team]]:
    raw = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    found = {
        id_: Need(id_, row["title"], row["team"], tuple(row["classes"]), row["urgency"], row.get("safety"))
        for id_, row in raw["needs"].items()
    }
    return found, {id_: Team(id_, row["fi"], row["status"]) for id_, row in raw["teams"].items()}


def needs() -> dict[str, Need]:
    """All needs by id."""
    return _load()[0]


def need(id_: str | None) -> Need | None:
    """The need with this id, or None."""
    return needs().get(id_ or "")


def teams() -> dict[str, Team]:
    """All teams by id."""
    return _load()[1]


def team_of(need_id: str | None) -> str:
    """The team that takes a request with this need; family service guidance where no need is named."""
    found = need(need_id)
    return found.team if found else "guidance"


def urgency_of(need_id: str | None) -> int:
    """1 same day, 2 soon, 3 ordinary; a request without a named need may be anything, so it is 2."""
    found = need(need_id)
    return found.urgency if found else 2
