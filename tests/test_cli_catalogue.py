"""`python -m bot catalogue import` as an operator runs it: against a server that plays PTV, and from files."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import ptv_server
from tests.ptv_server import Ptv, guid, playing, ptv_channel, ptv_service

ROOT = Path(__file__).resolve().parent.parent


async def bot(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    """(exit code, output, errors) of the command on a database in `folder`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "BOT_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'bot.sqlite3'}",
            "BOT_KEY_FILE": str(folder / "key"),
            **environment,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate()
    return process.returncode or 0, out.decode(), errors.decode()


async def test_an_import_shows_progress_and_tells_what_it_did(tmp_path: Path) -> None:
    ptv = Ptv()
    ptv.put(ptv_channel(1, "401234567"), ptv_service(1, "Perheneuvola", guid(1, 2)), ptv_service(2, "Turvakoti"))
    ptv.put(ptv_service(3, "Nimetön", serviceNames=[]))
    async with playing(ptv):
        command = ("catalogue", "import", "--source", "ptv", "--area", "19", "--url", ptv.url)
        code, out, errors = await bot(tmp_path, *command)
        assert code == 0, errors
        assert [line.split() for line in out.splitlines()[1:5]] == [
            ["new", "2"],
            ["changed", "0"],
            ["gone", "0"],
            ["set", "aside", "1"],
        ]
        assert f"{guid(3)}: no name" in out
        for counted, done in (("service pages", "2/2"), ("channel pages", "1/1"), ("embeddings", "2/2")):
            assert any(counted in line and done in line for line in errors.splitlines()), errors
        del ptv.services[guid(3)]
        ptv.put(ptv_service(2, "Turvakoti perheille", modified="2099-01-01T10:00:00"))
        code, out, _ = await bot(tmp_path, *command, "--changes")
        assert code == 0
        assert ["changed", "1"] in [line.split() for line in out.splitlines()]
        ptv.times(99, ptv_server.says({"errorMessage": "Area with code was not found."}, 404))
        code, out, errors = await bot(tmp_path, *command)
        assert code == 1
        assert "families keep the services there were" in errors
        assert "Area with code was not found." in errors
        assert "Traceback" not in errors
    code, out, _ = await bot(tmp_path, "catalogue", "status")
    assert code == 0
    assert "ptv: 2 services, refreshed 0.0 h ago, last try failed" in out


def activity(**more: Any) -> dict[str, Any]:
    """An activity as Lähellä.fi exports it."""
    return {
        "_key": "a1",
        "status": "published",
        "traits": {
            "type": "support",
            "translations": {"fi": {"name": "Vertaisryhmä", "summary": "<p>Vanhemmille.</p>"}},
            "region": ["city/FI/Kuusamo"],
        },
        "contacts": [{"type": "phone", "value": "040 123 4567"}],
        "channels": [{"type": "place", "map": {"center": [29.18, 65.96]}, "translations": {}}],
        **more,
    }


async def test_files_of_both_kinds_live_beside_each_other(tmp_path: Path) -> None:
    ptv_file, lahella_file = tmp_path / "ptv.json", tmp_path / "lahella.json"
    pages = [{"pageNumber": 1, "itemList": [ptv_service(1, "Perheneuvola", guid(1, 2))]}, {"itemList": None}]
    ptv_file.write_text(json.dumps([*pages, ptv_channel(1, "401234567")]), encoding="utf-8")
    lahella_file.write_text(json.dumps({"data": [activity(), activity(_key="a2", status="draft")]}), encoding="utf-8")
    code, out, errors = await bot(tmp_path, "catalogue", "import", "--source", "ptv-file", "--file", str(ptv_file))
    assert code == 0, errors
    assert ["new", "1"] in [line.split() for line in out.splitlines()]
    code, out, errors = await bot(tmp_path, "catalogue", "import", "--source", "lahella", "--file", str(lahella_file))
    assert code == 0, errors
    assert "a2: status is draft" in out
    _, out, _ = await bot(tmp_path, "catalogue", "status")
    assert "lahella: 1 services" in out
    assert "ptv-file: 1 services" in out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--source", "ptv-file"), 2, "--file is needed"),
        (("--source", "ptv-file", "--file", "nowhere.json"), 1, "nowhere.json"),
        (("--source", "ptv12"), 2, "BOT_PTV12_KEY is needed"),
    ],
)
async def test_what_is_missing_is_said_in_a_sentence(
    tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    got, _, errors = await bot(tmp_path, "catalogue", "import", *arguments)
    assert got == code
    assert says in errors
    assert "Traceback" not in errors
