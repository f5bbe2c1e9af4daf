"""A standard Rasa project: Rasa's own tools work on it. Its stories are in test_stack_scenarios.py."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml

from bot.routing.needs import needs
from bot.supervisor import PYTHON

ROOT = Path(__file__).resolve().parent.parent


def rasa(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs Rasa's command line in the engine's environment."""
    environment = {
        **os.environ,
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }
    return subprocess.run(
        [str(PYTHON), "-m", "rasa", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


def test_rasa_data_validate_finds_nothing_wrong() -> None:
    ran = rasa("data", "validate", "--data", "data/nlu", "data/rules", "data/stories")
    # Rasa cannot know that the form asks with its utter_ask_ responses, so its warnings of unused ones do not count.
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
    assert "multiple different intents" not in ran.stdout + ran.stderr


def test_intents_rules_and_routing_agree() -> None:
    domain = yaml.safe_load((ROOT / "domain.yml").read_text())
    intents = [next(iter(row)) for row in domain["intents"]]
    assert len(intents) == 46
    told = {intent for intent in intents if intent.startswith(("need_", "crisis_"))}
    assert told == set(needs())
    assert domain["session_config"]["carry_over_slots_to_new_session"] is False


@pytest.mark.parametrize("name", ["config.yml", "domain.yml", "endpoints.yml", "credentials.yml"])
def test_nothing_listens_beyond_this_machine(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "0.0.0.0" not in text  # noqa: S104
