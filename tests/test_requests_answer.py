"""A worker's answer reaches its family: with reference and PIN and nobody else, in its own language."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.i18n import translate
from bot.requests.canned import CANNED, IN_FINNISH, MACHINE
from bot.requests.desk import BadInput, Desk, WrongTransition
from bot.requests.draft import RequestDraft
from bot.requests.service import ContactRequests, NotFound
from bot.requests.translation import LibreTranslate
from tests.staff_support import opened, request, worker
from tests.translation_server import KEY, Translator, translator

WORDS = "Tule käymään kohtaamispaikassa."


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_an_anonymous_family_reads_its_answer(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as database:
        requests, desk = ContactRequests(database), Desk(database)
        maija = await worker(database, "maija", "kuusamo")
        draft = RequestDraft(language="fi", story="Vauva ei nuku.", place="Kuusamo", consent=True)
        receipt = await requests.submit(draft, "a-family-without-contact")
        with pytest.raises(WrongTransition):
            await desk.answer(maija, receipt.request_id, "Hei!")
        await desk.claim(maija, receipt.request_id)
        with pytest.raises(BadInput):
            await desk.answer(maija, receipt.request_id, "  ")
        with pytest.raises(BadInput):
            await desk.answer(maija, receipt.request_id, canned="nonsense")
        await desk.note(maija, receipt.request_id, "vain meille")
        await desk.set_own_worker(maija, receipt.request_id, maija.id)
        await desk.answer(maija, receipt.request_id, WORDS)
        status = await requests.status(receipt.reference, receipt.pin)
        assert (status.status, status.own_worker) == ("contacted", "maija")
        assert [text for _at, text in status.answers] == [WORDS]
        assert [kind for _at, kind in status.events] == ["new", "claimed", "contacted"]
        with pytest.raises(NotFound):
            await requests.status(receipt.reference, "no pin")
        # What the family has read stays said, and the worker sees that it arrived.
        await requests.status(receipt.reference, receipt.pin)
        view = await desk.open(maija, receipt.request_id)
        assert [each.kind for each in view.events].count("read") == 1
        assert view.undo is None
        with pytest.raises(WrongTransition):
            await desk.undo(maija, receipt.request_id)


async def answered(tmp_path: Path, service: LibreTranslate | None, **answer: str) -> str:
    """What an Arabic-speaking family reads."""
    async with opened("sqlite", tmp_path) as database:
        desk = Desk(database, service) if service else Desk(database)
        maija = await worker(database, "maija", "kuusamo")
        receipt = await request(database)
        await desk.claim(maija, receipt.request_id)
        await desk.answer(maija, receipt.request_id, **answer)
        ((_at, text),) = (await ContactRequests(database).status(receipt.reference, receipt.pin)).answers
        return text


async def test_without_a_translator_finnish_words_come_with_a_notice_in_the_family_s_language(tmp_path: Path) -> None:
    assert await answered(tmp_path, None, text=WORDS) == f"{translate(IN_FINNISH, 'ar')}\n\n{WORDS}"


async def test_a_ready_answer_is_in_the_family_s_language_and_needs_no_notice(tmp_path: Path) -> None:
    ready = translate(CANNED["tried"], "ar")
    assert ready != CANNED["tried"]
    assert await answered(tmp_path, None, canned="tried") == ready


async def test_words_in_the_family_s_own_language_need_no_notice(tmp_path: Path) -> None:
    assert await answered(tmp_path, None, text="مرحباً", language="ar") == "مرحباً"


async def test_a_translation_stands_beside_the_original(tmp_path: Path) -> None:
    async with translator() as server:
        service = LibreTranslate(server.url, KEY)
        said = await answered(tmp_path, service, text=WORDS, canned="read")
        await service.close()
    assert server.asked == [{"q": WORDS, "source": "fi", "target": "ar", "format": "text", "api_key": KEY}]
    parts = [translate(CANNED["read"], "ar"), translate(MACHINE, "ar"), f"[ar] {WORDS}", WORDS]
    assert said == "\n\n".join(parts)


def away(server: Translator) -> None:
    server.url = "http://127.0.0.1:9"


def slow(server: Translator) -> None:
    server.delay = 2


def busy(server: Translator) -> None:
    server.status = 429


def odd(server: Translator) -> None:
    server.answer = ["?"]


@pytest.mark.parametrize("trouble", [away, slow, busy, odd])
async def test_a_translator_in_trouble_costs_the_family_only_the_translation(tmp_path: Path, trouble: object) -> None:
    async with translator() as server:
        trouble(server)  # type: ignore[operator]
        service = LibreTranslate(server.url, KEY, deadline=0.4)
        said = await answered(tmp_path, service, text=WORDS)
        await service.close()
    assert said == f"{translate(IN_FINNISH, 'ar')}\n\n{WORDS}"


async def test_languages_the_translator_does_not_know_are_not_sent_to_it() -> None:
    async with translator() as server:
        service = LibreTranslate(server.url, KEY)
        assert await service.translate(WORDS, "fi", "ckb") is None
        assert server.asked == []
        assert await service.translate(WORDS, "fi", "zh") == f"[zh-Hans] {WORDS}"
        await service.close()
