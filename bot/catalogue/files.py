"""Reads catalogues from files: PTV-shaped services and channels, and activities of Lähellä.fi.

A file is JSON, JSON lines or YAML; a folder is all such files in it. Lists stand alone or in an object, as the APIs
give them (`itemList`) or as exports name them. One bad record stops no other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from bot.catalogue import lahella
from bot.catalogue.http import SourceError
from bot.catalogue.model import Service
from bot.catalogue.ptv11 import BadRecord
from bot.catalogue.refresh import parsed

PTV_FILE = "ptv-file"
_ENDINGS = {".json", ".jsonl", ".ndjson", ".yml", ".yaml"}
Aside = list[tuple[str, str]]


def read_file(source: str, path: Path) -> tuple[list[Service], Aside]:
    """Services of the file or folder, and what was set aside: (id, reason). Raises SourceError where none is read."""
    rows = list(_rows(path))
    if not rows:
        raise SourceError(f"{path}: no records")
    if source == lahella.SOURCE:
        return _activities(rows)
    channels = {str(row.get("id")): row for row in rows if isinstance(row, Mapping) and row.get("serviceChannelType")}
    return parsed(
        [row for row in rows if not (isinstance(row, Mapping) and row.get("serviceChannelType"))], channels, PTV_FILE
    )


def _activities(rows: list[Any]) -> tuple[list[Service], Aside]:
    services: dict[str, Service] = {}
    aside: Aside = []
    for row in rows:
        label = str(row.get("_key")) if isinstance(row, Mapping) else "?"
        try:
            service = lahella.parse_activity(row)
        except BadRecord as bad:
            aside.append((label, str(bad)))
            continue
        if service.id in services:
            aside.append((label, "the same id twice"))
            continue
        services[service.id] = service
    return list(services.values()), aside


def _rows(path: Path) -> Iterator[Any]:
    if path.is_dir():
        for each in sorted(path.iterdir()):
            if each.suffix in _ENDINGS:
                yield from _rows(each)
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path}: {error}") from None
    try:
        yield from _unwrapped(_parsed(text, path.suffix))
    except (ValueError, yaml.YAMLError) as error:
        raise SourceError(f"{path}: {str(error).splitlines()[0]}") from None


def _parsed(text: str, ending: str) -> Any:
    if ending in {".yml", ".yaml"}:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # both are safe
    if ending in {".jsonl", ".ndjson"}:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    return json.loads(text)


def _unwrapped(data: Any) -> Iterator[Any]:
    """The records of a list, of an object that holds lists of objects (pages, exports), or the one record."""
    if isinstance(data, list):
        for each in data:
            # Pages kept one after the other are lists of pages.
            if isinstance(each, Mapping) and "itemList" in each:
                yield from each["itemList"] or ()
            else:
                yield each
    elif isinstance(data, Mapping):
        if data.get("id") or data.get("_key"):
            yield data
            return
        for value in data.values():
            if isinstance(value, list):
                yield from value
