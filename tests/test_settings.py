"""Settings: documented, and wrong ones stop the start with a sentence that names them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import SETTINGS, SettingsError, load

ROOT = Path(__file__).resolve().parent.parent


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for setting in SETTINGS:
        default = f"`{setting.default}`" if setting.default else "empty"
        assert f"| `{setting.name}` | {default} | {setting.meaning} |" in page


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BOT_PORT", "eighty", "BOT_PORT must be a whole number"),
        ("BOT_PORT", "99999", "BOT_PORT must be between 1 and 65535"),
        ("BOT_PORT", "8081", "must differ"),
        ("BOT_ENGINE_DEADLINE", "soon", "BOT_ENGINE_DEADLINE must be a number"),
        ("BOT_DATABASE_URL", "mysql://x", "BOT_DATABASE_URL must start with"),
        ("BOT_KEYS", "short", "BOT_KEYS holds something that is not a Fernet key"),
        ("BOT_LANGUAGE", "xx", "BOT_LANGUAGE must be one of"),
        ("BOT_TRUST_PROXY", "maybe", "BOT_TRUST_PROXY must be yes or no"),
        ("BOT_FRAME_ANCESTORS", "example.fi; script-src *", "BOT_FRAME_ANCESTORS"),
        ("BOT_PTV_URL", "palvelutietovaranto.example", "BOT_PTV_URL must start with"),
        ("BOT_PTV_AREA", "Oulu", "BOT_PTV_AREA must be digits"),
        ("BOT_WIDGET_LABEL", "hello", "BOT_WIDGET_LABEL must be help or advice"),
        ("BOT_PROT", "8080", "BOT_PROT is not a setting"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load({name: value})


def test_a_wrong_setting_stops_the_start_without_a_trace() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "BOT_PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "BOT_PORT must be a whole number" in ran.stderr
    assert "Traceback" not in ran.stderr
