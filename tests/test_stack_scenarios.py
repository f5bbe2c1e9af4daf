"""Every dialogue scenario in every language, over HTTP with the real engine; and as stories by `rasa test`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_rasa_project import rasa

from bot.i18n import languages
from bot.supervisor import newest_model
from tools import scenarios

ROOT = Path(__file__).resolve().parent.parent
LANGUAGES = list(languages())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", list(scenarios.scenarios()))
async def test_the_scenario_in_the_language(families: Any, name: str, language: str) -> None:
    family = await families(language)
    turns = await scenarios.play(name, language, family)
    faults = [f"{turn.person} -> {fault}" for turn in turns for fault in turn.faults]
    assert not faults, "\n".join(faults)


@pytest.fixture(scope="module")
def failed_stories(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], int]:
    """The stories `rasa test` did not pass, and how many it ran; one run for all languages asked for."""
    folder = tmp_path_factory.mktemp("stories")
    wanted = request.config.getoption("--language")
    for file, text in scenarios.stories([wanted] if wanted else None):
        (folder / file).write_text(text, encoding="utf-8")
    out = folder / "out"
    ran = rasa(
        *("test", "core", "--model", str(newest_model(ROOT / "models")), "--stories", str(folder)),
        *("--out", str(out), "--e2e"),
    )
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
    failed = (out / "failed_test_stories.yml").read_text(encoding="utf-8")
    total = int(json.loads((out / "story_report.json").read_text())["conversation_accuracy"]["total"])
    return {line.split("story:")[1].strip() for line in failed.splitlines() if "story:" in line}, total


@pytest.mark.parametrize("language", LANGUAGES)
def test_rasa_test_passes_the_stories_of_the_language(failed_stories: tuple[set[str], int], language: str) -> None:
    failed, total = failed_stories
    assert total >= 5, "every language tells the same five stories"
    assert not [story for story in failed if f"({language})" in story]


def test_every_language_has_every_line() -> None:
    wanted = set(scenarios.lines("en"))
    for language in LANGUAGES:
        assert set(scenarios.lines(language)) == wanted, language
