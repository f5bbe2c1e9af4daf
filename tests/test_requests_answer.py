"""A family that left no contact details still gets its answer: with reference and PIN, and nobody else reads it."""

from __future__ import annotations

from pathlib import Path

import pytest
from staff_support import opened, worker

from bot.requests.desk import BadInput, Desk, WrongTransition
from bot.requests.draft import RequestDraft
from bot.requests.service import ContactRequests, NotFound


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
        await desk.note(maija, receipt.request_id, "vain meille")
        await desk.answer(maija, receipt.request_id, "Tule käymään kohtaamispaikassa.")
        status = await requests.status(receipt.reference, receipt.pin)
        assert status.status == "contacted"
        assert [text for _at, text in status.answers] == ["Tule käymään kohtaamispaikassa."]
        with pytest.raises(NotFound):
            await requests.status(receipt.reference, "no pin")
