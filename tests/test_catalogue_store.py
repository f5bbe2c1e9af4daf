"""The embedded catalogue reaches the database whole, once, and follows its files; one bad service stops no other."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from bot.catalogue import embedding, fulltext
from bot.catalogue.analysis import query_terms
from bot.catalogue.model import Service
from bot.catalogue.search import Catalogue
from bot.catalogue.store import load_embedded, put_catalogue
from bot.storage.database import Database
from bot.storage.models import ServiceRow, ServiceTextRow
from tests.staff_support import opened


def service(slug: str, fi: str, en: str, needs: list[str], **more: Any) -> dict[str, Any]:
    """A service of the county as data/catalogue writes it."""
    return {
        "id": f"id-{slug}",
        "sourceId": f"pyydaapua:{slug}",
        "publishingStatus": "Published",
        "areaType": "LimitedType",
        "areas": [{"type": "WellbeingServiceCounties", "code": "19"}],
        "languages": ["fi"],
        "serviceNames": [
            {"language": "fi", "type": "Name", "value": fi},
            {"language": "en", "type": "Name", "value": en},
        ],
        "serviceDescriptions": [{"language": "fi", "type": "Summary", "value": f"{fi} auttaa."}],
        "organizations": [{"roleType": "Responsible", "organization": {"name": "Pohde"}}],
        "serviceChannels": [],
        "pyydaapua": {"needs": needs, "ageGroups": [], "audience": "family", "delivery": ["on_site"]},
        **more,
    }


CLINIC = service("clinic", "Lastenneuvola", "Child health clinic", ["need_child_health"])
SHELTER = service("shelter", "Turvakoti", "Shelter", ["need_violence"])
MEDIATION = service("mediation", "Perheasioiden sovittelu", "Family mediation", ["need_divorce"])


def write(folder: Path, *services: Any, name: str = "services.yml") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(yaml.safe_dump(list(services), allow_unicode=True), encoding="utf-8")


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "catalogue"
    write(made, CLINIC, SHELTER, MEDIATION)
    return made


async def stored(database: Database) -> dict[str, Service]:
    async with database.read() as session:
        rows = await session.execute(select(ServiceRow.id, ServiceRow.data))
        return {id_: Service.from_json(data) for id_, data in rows}


async def embeddings(database: Database) -> dict[tuple[str, str], bytes | None]:
    async with database.read() as session:
        rows = await session.execute(
            select(ServiceTextRow.service_id, ServiceTextRow.language, ServiceTextRow.embedding)
        )
        return {(id_, language): vector for id_, language, vector in rows}


async def found_by_words(session: AsyncSession, words: str, language: str = "fi") -> list[str]:
    rows = await session.scalar(select(func.count()).select_from(ServiceTextRow)) or 0
    numbers = await fulltext.ranked(session, query_terms(words, language), await fulltext.frequencies(session), rows)
    names = await session.execute(select(ServiceTextRow.number, ServiceTextRow.service_id))
    ids = {row.number: row.service_id for row in names}
    return [ids[number] for number in numbers]


async def test_a_first_load_brings_every_service_with_its_words_and_embeddings(
    database: Database, folder: Path
) -> None:
    loaded = await load_embedded(database, folder)
    assert set(loaded.new) == {"id-clinic", "id-shelter", "id-mediation"}
    assert (loaded.changed, loaded.gone, loaded.aside) == ((), (), ())
    assert (await stored(database))["id-shelter"].names == {"fi": "Turvakoti", "en": "Shelter"}
    vectors = await embeddings(database)
    assert set(vectors) == {(id_, language) for id_ in loaded.new for language in ("fi", "en")}
    for vector in vectors.values():
        assert vector is not None
        assert np.linalg.norm(np.frombuffer(vector, dtype="<f4")) == pytest.approx(1, abs=1e-3)


async def test_the_same_files_are_loaded_once(database: Database, folder: Path) -> None:
    await load_embedded(database, folder)
    again = await load_embedded(database, folder)
    assert again.unchanged
    assert str(again) == "unchanged"


async def test_changed_new_and_vanished_services_are_told_apart(database: Database, folder: Path) -> None:
    await load_embedded(database, folder)
    before = await embeddings(database)
    renamed = copy.deepcopy(CLINIC)
    renamed["serviceNames"][0]["value"] = "Neuvola lapsille"
    write(folder, renamed, MEDIATION, service("kerho", "Perhekerho", "Family club", ["need_peer_support"]))
    loaded = await load_embedded(database, folder)
    assert loaded.new == ("id-kerho",)
    assert loaded.changed == ("id-clinic",)
    assert loaded.gone == ("id-shelter",)
    assert set(await stored(database)) == {"id-clinic", "id-mediation", "id-kerho"}
    after = await embeddings(database)
    assert after["id-clinic", "fi"] != before["id-clinic", "fi"]
    assert after["id-clinic", "en"] == before["id-clinic", "en"]
    assert after["id-mediation", "fi"] == before["id-mediation", "fi"]
    async with database.read() as session:
        assert await found_by_words(session, "turvakoti") == []
        assert (await found_by_words(session, "perhekerho"))[0] == "id-kerho"


async def test_only_words_that_changed_are_embedded_again(database: Database, folder: Path) -> None:
    await load_embedded(database, folder)
    mark = np.full(384, 0.5, dtype="<f4").tobytes()
    async with database.write() as session:
        await session.execute(text("UPDATE service_text SET embedding = :mark"), {"mark": mark})
    write(folder, {**CLINIC, "serviceChargeType": "FreeOfCharge"}, SHELTER, MEDIATION)
    loaded = await load_embedded(database, folder)
    assert loaded.changed == ("id-clinic",)
    assert set((await embeddings(database)).values()) == {mark}
    assert (await stored(database))["id-clinic"].charge == "free"


async def test_a_bad_service_is_set_aside_with_the_reason_and_the_rest_is_loaded(
    database: Database, folder: Path
) -> None:
    bad = service("bad", "Huono", "Bad", ["need_moon"])
    twin = service("twin", "Toinen", "Twin", ["need_violence"], id="id-clinic")
    write(folder, CLINIC, bad, twin, "not a service", SHELTER)
    (folder / "sites.yml").write_text("sites: {https://example.org/: Esimerkki}\n", encoding="utf-8")
    loaded = await load_embedded(database, folder)
    assert set(await stored(database)) == {"id-clinic", "id-shelter"}
    assert [label for label, _ in loaded.aside] == ["pyydaapua:bad", "pyydaapua:twin", "services.yml"]
    assert "need_moon" in loaded.aside[0][1]
    assert "taken" in loaded.aside[1][1]
    assert "pyydaapua:bad" in str(loaded)


async def test_a_service_that_went_bad_is_no_longer_shown(database: Database, folder: Path) -> None:
    await load_embedded(database, folder)
    write(folder, CLINIC, SHELTER, {**MEDIATION, "publishingStatus": "Archived"})
    loaded = await load_embedded(database, folder)
    assert loaded.gone == ("id-mediation",)
    assert "id-mediation" not in await stored(database)


async def test_translations_are_laid_over_and_never_replace_the_catalogues_own_words(
    database: Database, folder: Path
) -> None:
    await load_embedded(database, folder)
    overlay = {
        "pyydaapua:shelter": {"name": "دار الإيواء", "summary": "مكان آمن لك ولأطفالك."},
        "pyydaapua:nobody": {"name": "لا أحد"},
    }
    (folder / "translations").mkdir()
    (folder / "translations" / "ar.yml").write_text(yaml.safe_dump(overlay, allow_unicode=True), encoding="utf-8")
    (folder / "translations" / "en.yml").write_text("'pyydaapua:shelter': {name: Refuge}\n", encoding="utf-8")
    loaded = await load_embedded(database, folder)
    assert loaded.changed == ("id-shelter",)
    shelter = (await stored(database))["id-shelter"]
    assert shelter.names == {"fi": "Turvakoti", "en": "Shelter", "ar": "دار الإيواء"}
    assert shelter.summaries["ar"] == "مكان آمن لك ولأطفالك."
    async with database.read() as session:
        assert await found_by_words(session, "الإيواء", "ar") == ["id-shelter"]


async def test_words_are_found_in_any_form(database: Database, folder: Path) -> None:
    await load_embedded(database, folder)
    async with database.read() as session:
        assert await found_by_words(session, "neuvolassa") == ["id-clinic"]  # a part of a compound, inflected
        assert await found_by_words(session, "LASTENNEUVOLAAN") == ["id-clinic"]
        assert await found_by_words(session, "sovittelua") == ["id-mediation"]
        assert await found_by_words(session, "clinics", "en") == ["id-clinic"]
        assert await found_by_words(session, "turvakoti", "ar") == ["id-shelter"]


@pytest.mark.parametrize(
    "words",
    ["", "   ", "'", '"', '" OR "', "a & | ! ( ) : *", "NEAR(a b)", "'; DROP TABLE service; --", "𝕏 ﷽ \0", "ja"],
)
async def test_nothing_that_people_type_breaks_the_full_text(database: Database, folder: Path, words: str) -> None:
    await load_embedded(database, folder)
    async with database.read() as session:
        await found_by_words(session, words)
    assert len(await stored(database)) == 3


async def test_another_catalogue_lives_beside_the_embedded_one(database: Database, folder: Path) -> None:
    await load_embedded(database, folder)
    other = Service(id="ptv-1", source="ptv", source_id="ptv-1", names={"fi": "Perheneuvola"}, county=True)
    loaded = await put_catalogue(database, "ptv", [other], "1")
    assert (loaded.new, loaded.gone) == (("ptv-1",), ())
    assert len(await stored(database)) == 4
    assert (await put_catalogue(database, "ptv", [], "2")).gone == ("ptv-1",)
    assert len(await stored(database)) == 3


async def test_two_bots_that_start_at_once_load_one_catalogue(database: Database, folder: Path) -> None:
    other = Database(database.url, database.box)
    try:
        await asyncio.gather(load_embedded(database, folder), load_embedded(other, folder))
    finally:
        await other.close()
    assert len(await stored(database)) == 3
    assert len(await embeddings(database)) == 6


async def test_without_a_model_words_still_find_and_the_next_load_makes_the_embeddings(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(texts: Any) -> Any:
        raise OSError("model file not found")

    with monkeypatch.context() as patch:
        patch.setattr(embedding, "embed_passages", away)
        await load_embedded(database, folder)
    assert set((await embeddings(database)).values()) == {None}
    catalogue = Catalogue(database)
    found = await catalogue.search("turvakoti", language="fi")
    assert found[0].service.id == "id-shelter"
    again = await load_embedded(database, folder)
    assert not again.unchanged
    assert None not in (await embeddings(database)).values()


async def test_a_running_bot_sees_a_changed_catalogue(database: Database, folder: Path) -> None:
    await load_embedded(database, folder)
    catalogue = Catalogue(database)
    assert await catalogue.get("id-shelter") is not None
    write(folder, CLINIC)
    await load_embedded(database, folder)
    assert await catalogue.get("id-shelter") is None
    assert [found.service.id for found in await catalogue.search("turvakoti", language="fi")] == ["id-clinic"]
