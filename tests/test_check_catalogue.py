"""The embedded catalogue is clean, and its checker would notice if it were not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.check_catalogue import CATALOGUE, check, entry_faults, load_reference, main

REFERENCE = load_reference()
Entry = dict[str, Any]


def _load(name: str) -> list[Entry]:
    entries: list[Entry] = yaml.safe_load((CATALOGUE / name).read_text(encoding="utf-8"))
    return entries


SHELTER = next(e for e in _load("violence_and_safety.yml") if e["sourceId"] == "pyydaapua:shelter")


def _faults(change: Callable[[Entry], object]) -> list[str]:
    entry = copy.deepcopy(SHELTER)
    change(entry)
    return [f"[{fault.language}] {fault.what}" for fault in entry_faults(entry, REFERENCE)]


def _text(entry: Entry, type_: str, language: str) -> Entry:
    return next(r for r in entry["serviceDescriptions"] if (r["type"], r["language"]) == (type_, language))


def test_the_catalogue_of_the_repository_is_clean() -> None:
    count, lines = check(CATALOGUE, REFERENCE)
    assert lines == []
    assert count >= 150


def _drop_swedish_description(entry: Entry) -> None:
    entry["serviceDescriptions"].remove(_text(entry, "Description", "sv"))


def _long_summary(entry: Entry) -> None:
    _text(entry, "Summary", "en")["value"] = "x" * 151


def _invented_number_in_text(entry: Entry) -> None:
    _text(entry, "UserInstruction", "fi")["value"] = "Soita 044 123 4567."


def _wrong_helpline_number(entry: Entry) -> None:
    entry["serviceChannels"][0]["number"] = "080 005 006"


def _unverified_helpline(entry: Entry) -> None:
    entry["serviceChannels"][0]["helplineId"] = "oulu_shelter"


def _unlisted_site(entry: Entry) -> None:
    entry["serviceChannels"][1]["webPage"] = "https://turvakoti.example/"


def _unknown_need(entry: Entry) -> None:
    entry["pyydaapua"]["needs"] = ["need_money"]


def _foreign_municipality(entry: Entry) -> None:
    entry["areaType"] = "LimitedType"
    entry["areas"] = [{"type": "Municipality", "municipalities": [{"code": "091"}]}]


def _unknown_class(entry: Entry) -> None:
    entry["serviceClasses"] = [{"code": "P99"}]


def _cyrillic_look_alike(entry: Entry) -> None:
    _text(entry, "Summary", "fi")["value"] = "Turvаllinen paikka"  # the third vowel is Cyrillic


def _renamed_slug(entry: Entry) -> None:
    entry["sourceId"] = "pyydaapua:safe-house"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_drop_swedish_description, "[sv] Description: missing"),
        (_long_summary, "[en] Summary: 151 characters"),
        (_invented_number_in_text, "[fi] number that is no verified helpline: 044 123 4567"),
        (_wrong_helpline_number, "[--] number '080 005 006'"),
        (_unverified_helpline, "[--] 'oulu_shelter' is not among the verified helplines"),
        (_unlisted_site, "[--] 'https://turvakoti.example/' is not in sites.yml"),
        (_unknown_need, "[--] needs: unknown 'need_money'"),
        (_foreign_municipality, "[--] unknown municipality code '091'"),
        (_unknown_class, "[--] unknown service class 'P99'"),
        (_cyrillic_look_alike, "[fi] letters of another script"),
        (_renamed_slug, "[--] id is not that of the slug"),
    ],
)
def test_a_fault_is_named_in_its_language(change: Callable[[Entry], object], expected: str) -> None:
    faults = _faults(change)
    assert len(faults) == 1
    assert faults[0].startswith(expected)


def test_a_catalogue_with_gaps_duplicates_and_broken_files_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.yml").write_text(yaml.safe_dump([SHELTER, SHELTER], allow_unicode=True), encoding="utf-8")
    (tmp_path / "two.yml").write_text("- {id: [\n", encoding="utf-8")
    (tmp_path / "three.yml").write_text("not: services\n", encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    output = capsys.readouterr().out
    assert f"[--] {tmp_path}/one.yml: id {SHELTER['id']!r} also in" in output
    assert f"[--] {tmp_path}/two.yml: cannot be read" in output
    assert f"[--] {tmp_path}/three.yml: not a list of services" in output
    assert "need_daycare has 0 services, 5 wanted" in output
    assert f"[ckb] {tmp_path}/translations/ckb.yml: shelter: name missing" in output
    assert output.endswith("faults\n")
