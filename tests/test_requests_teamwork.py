"""Several workers and one family: giving on, joining doubles, taking back, coming back, and who is reading."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot import clock
from bot.conversation.messages import bot, person
from bot.conversation.store import ConversationStore
from bot.requests import promise
from bot.requests.desk import BadInput, Desk, NotFound, Taken, WrongTransition
from bot.requests.desk_inbox import READING
from bot.requests.desk_teamwork import UNDO_TIME
from bot.requests.draft import RequestDraft
from bot.requests.service import ContactRequests
from bot.requests.workdays import half_time
from bot.staff.rights import Worker
from bot.storage.database import Database
from bot.storage.models import AccessLogRow, OutboxRow
from tests.staff_support import STORY, opened, request, worker


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with opened("sqlite", tmp_path) as made:
        yield made


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
async def maija(database: Database) -> Worker:
    return await worker(database, "maija", "kuusamo", name="Maija Malli")


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)


async def test_a_request_is_given_to_a_colleague_of_its_centre(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    ville = await worker(database, "ville", "kuusamo", name="Ville Malli")
    oulu = await worker(database, "oulu", "oulu-tuira")
    boss = await worker(database, "boss", "kuusamo", role="coordinator")
    auditor = await worker(database, "auditor", role="auditor")
    for stranger in (oulu.id, auditor.id, "nobody"):
        with pytest.raises(BadInput):
            await desk.assign(maija, id, stranger)
    await desk.assign(maija, id, ville.id)
    (row,) = await desk.inbox(maija)
    assert (row.status, row.claimed_by) == ("claimed", "Ville Malli")
    with pytest.raises(Taken):  # what a colleague has, a worker does not give away
        await desk.assign(maija, id, maija.id, "kiire")
    with pytest.raises(BadInput):
        await desk.assign(boss, id, maija.id)
    await desk.assign(boss, id, maija.id, "Ville on lomalla")
    (row,) = await desk.inbox(boss)
    assert row.claimed_by == "Maija Malli"


async def test_what_was_done_is_taken_back_step_by_step(database: Database, desk: Desk, maija: Worker) -> None:
    receipt = await request(database)
    id = receipt.request_id
    await desk.claim(maija, id)
    await desk.label(maija, id, ["waits_for_family"])
    await desk.note(maija, id, "väärä perhe")
    await desk.answer(maija, id, "Väärä vastaus")
    await desk.close(maija, id, "helped")
    undone = [await desk.undo(maija, id) for _turn in range(5)]
    assert undone == ["closed", "contacted", "note", "labelled", "claimed"]
    (row,) = await desk.inbox(maija)
    assert (row.status, row.claimed_by, row.outcome, row.labels) == ("new", None, None, ())
    view = await desk.open(maija, id)
    assert not any("vää" in str(each.detail).casefold() for each in view.events), "its words are gone"
    status = await ContactRequests(database).status(receipt.reference, receipt.pin)
    assert (status.status, status.answers, [kind for _at, kind in status.events]) == ("new", (), ["new"])
    with pytest.raises(WrongTransition):
        await desk.undo(maija, id)


async def test_nobody_takes_back_what_another_did_or_what_is_old(
    database: Database, desk: Desk, maija: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await request(database)).request_id
    ville = await worker(database, "ville", "kuusamo")
    await desk.claim(maija, id)
    with pytest.raises(WrongTransition):
        await desk.undo(ville, id)
    await desk.note(ville, id, "isä soitti")
    with pytest.raises(WrongTransition):  # something has happened since
        await desk.undo(maija, id)
    await desk.undo(ville, id)
    at(monkeypatch, clock.now() + UNDO_TIME)
    with pytest.raises(WrongTransition):
        await desk.undo(maija, id)


async def test_a_transfer_is_taken_back_until_somebody_there_has_it(
    database: Database, desk: Desk, maija: Worker
) -> None:
    id = (await request(database)).request_id
    ii = await worker(database, "ii", "ii")
    await desk.claim(maija, id)
    await desk.transfer(maija, id, "ii", "väärä keskus")
    await desk.undo(maija, id)
    (row,) = await desk.inbox(maija)
    assert (row.centre, row.mine) == ("kuusamo", True)
    await desk.transfer(maija, id, "ii", "perhe muutti", team="clinic")
    (row,) = await desk.inbox(ii)
    assert row.team_label == "Neuvola ja lasten terveys"
    await desk.claim(ii, id)
    with pytest.raises(NotFound):
        await desk.undo(maija, id)


async def test_doubles_of_one_family_are_joined_and_strangers_never(
    database: Database, desk: Desk, maija: Worker
) -> None:
    first = await request(database)
    second = await request(database, story="نفس الأمر مرة أخرى")
    stranger = await request(database, contact="050 765 4321")
    silent = await request(database, contact=None)
    view = await desk.open(maija, second.request_id)
    assert [each.reference for each in view.doubles] == [first.reference]
    for other in (stranger, silent, second):
        with pytest.raises(BadInput):
            await desk.merge(maija, second.request_id, other.request_id)
    await desk.merge(maija, second.request_id, first.request_id)
    view = await desk.open(maija, first.request_id)
    assert [each.text for each in view.words] == [STORY, "نفس الأمر مرة أخرى"]
    assert {row.reference for row in await desk.inbox(maija)} == {
        first.reference,
        stranger.reference,
        silent.reference,
    }
    status = await ContactRequests(database).status(second.reference, second.pin)
    assert (status.status, [kind for _at, kind in status.events]) == ("closed", ["new", "merged"])
    assert await desk.undo(maija, second.request_id) == "merged"
    assert [each.text for each in (await desk.open(maija, first.request_id)).words] == [STORY]


async def test_days_to_come_back_lie_ahead(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    today = clock.now().date()
    for wrong in (date(2020, 1, 1), today + timedelta(days=400)):
        with pytest.raises(BadInput):
            await desk.follow_up(maija, id, wrong)
    await desk.follow_up(maija, id, today + timedelta(days=2))
    (row,) = await desk.inbox(maija)
    assert row.follow_up is not None
    assert not row.follow_up_due
    await desk.follow_up(maija, id, None)
    assert (await desk.inbox(maija))[0].follow_up is None


async def test_colleagues_see_who_is_reading(
    database: Database, desk: Desk, maija: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await request(database)).request_id
    ville = await worker(database, "ville", "kuusamo", name="Ville Malli")
    assert (await desk.read_by(maija, id))[0] == []
    assert (await desk.read_by(ville, id))[0] == ["Maija Malli"]
    assert (await desk.inbox(maija))[0].readers == ("Ville Malli",)
    await desk.leave(ville, id)
    assert (await desk.inbox(maija))[0].readers == ()
    at(monkeypatch, clock.now() + READING * 2)
    assert (await desk.open(ville, id)).row.readers == ()  # a browser that died reads no more


async def test_words_are_found_in_one_s_own_open_requests_and_every_find_is_logged(
    database: Database, desk: Desk, maija: Worker
) -> None:
    found = await request(database, story="Poika pelkää koulun ruokalaa")
    await request(database, story="Vauva ei nuku")
    await request(database, story="Poika pelkää koulun ruokalaa", place="Ii")
    assert [row.reference for row in await desk.inbox(maija, words="RUOKALAA poika")] == [found.reference]
    assert await desk.inbox(maija, words="ruokalaa vauva") == []
    async with database.read() as session:
        log = (await session.scalars(select(AccessLogRow))).all()
    assert [(each.action, each.request_id) for each in log] == [("search", found.request_id)]
    assert "ruokalaa" not in log[0].reason.casefold()


async def test_filters_and_tallies_agree(
    database: Database, desk: Desk, maija: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monday = datetime(2026, 3, 2, 8, tzinfo=UTC)
    at(monkeypatch, monday)
    old = await request(database)
    at(monkeypatch, monday + timedelta(days=2))
    family = await request(database, language="so", need="need_violence", contact="050 765 4321")
    at(monkeypatch, monday + timedelta(days=3, hours=2))
    await ContactRequests(database).add(family.reference, family.pin, "waan sugayaa")
    await desk.label(maija, family.request_id, ["joint_meeting"])
    at(monkeypatch, monday + timedelta(days=3, hours=3))

    async def seen(**narrow: object) -> list[str]:
        return [row.reference for row in await desk.inbox(maija, **narrow)]  # type: ignore[arg-type]

    assert await seen(due="soon") == await seen(due="today") == [old.reference]  # Thursday: the third working day
    assert await seen(due="wrote") == await seen(spoken="so") == await seen(urgency=1) == [family.reference]
    assert await seen(label="joint_meeting") == [family.reference]
    assert await seen(sort="due") == [old.reference, family.reference]
    at(monkeypatch, monday + timedelta(days=4))
    assert await seen(due="late") == [old.reference]
    tallies = await desk.tallies(maija)
    assert tallies == {"late": 1, "soon": 0, "today": 0, "follow_up": 0, "wrote": 1, "mine": 0, "free": 2}


def test_half_of_three_working_days_is_noon_of_the_second() -> None:
    thursday = datetime(2026, 4, 2, 9, tzinfo=UTC)  # Good Friday and Easter Monday follow
    assert half_time(thursday) == datetime(2026, 4, 8, 9, tzinfo=UTC)
    assert half_time(datetime(2026, 6, 17, 9, tzinfo=UTC)) == datetime(2026, 6, 22, 9, tzinfo=UTC)  # midsummer


async def test_the_promise_warns_at_half_time_escalates_when_late_and_reminds(
    database: Database, desk: Desk, maija: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monday = datetime(2026, 3, 2, 8, tzinfo=UTC)
    at(monkeypatch, monday)
    id = (await request(database)).request_id
    answered = await request(database, contact="050 765 4321")
    await desk.claim(maija, answered.request_id)
    await desk.contacted(maija, answered.request_id, "phone", next_try=date(2026, 3, 5))
    nothing = {"warned": 0, "late": 0, "reminded": 0}
    told: list[dict[str, int]] = []
    for moment in (
        "03-04 09:59",
        "03-04 10:00",
        "03-04 12:00",
        "03-05 05:00",
        "03-05 06:00",
        "03-05 21:59",
        "03-05 22:01",
    ):
        at(monkeypatch, datetime.fromisoformat(f"2026-{moment}+00:00"))
        told.append(await promise.keep(database))
    assert told == [
        nothing,
        {**nothing, "warned": 1},
        nothing,
        nothing,
        {**nothing, "reminded": 1},
        nothing,
        {**nothing, "late": 1},
    ]
    assert await promise.keep(database) == nothing
    async with database.read() as session:
        kinds = (await session.scalars(select(OutboxRow.kind).order_by(OutboxRow.created_at))).all()
    assert kinds == ["request.new", "request.new", "request.warned", "request.reminded", "request.late"]
    assert [each.kind for each in (await desk.open(maija, id)).events] == ["new", "warned", "late"]
    # The family writes again, and nobody looks: a working day later somebody is reminded.
    await ContactRequests(database).add(answered.reference, answered.pin, "هل من جديد؟")
    at(monkeypatch, datetime(2026, 3, 8, 7, tzinfo=UTC))
    assert await promise.keep(database) == nothing
    at(monkeypatch, datetime(2026, 3, 9, 7, tzinfo=UTC))
    assert await promise.keep(database) == {**nothing, "reminded": 1}
    await desk.answer(maija, answered.request_id, "Soitan tänään.")
    at(monkeypatch, datetime(2026, 3, 12, 7, tzinfo=UTC))
    assert await promise.keep(database) == nothing


async def test_the_conversation_is_read_as_far_as_the_family_allowed_and_no_longer(
    database: Database, desk: Desk, maija: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation, families = str(uuid.uuid4()), ContactRequests(database)
    store = ConversationStore(database)
    await store.add(
        conversation,
        "token",
        "ar",
        [person("ابني لا ينام", "ar", "m1"), bot("أفهم.", "ar"), bot("PIN: 123456", "ar", kind="request")],
    )
    draft = RequestDraft(language="ar", story="ابني لا ينام", place="Kuusamo", consent=True)
    receipt = await families.submit(draft, "key", conversation)
    assert (await desk.open(maija, receipt.request_id)).conversation is None
    await families.share(receipt.reference, receipt.pin, allow=True)
    at(monkeypatch, clock.now() + timedelta(minutes=1))
    await store.put_message(conversation, "m2", "digest", person("هذا سر", "ar", "m2"), {}, "ar")
    told = (await desk.open(maija, receipt.request_id)).conversation
    assert told is not None
    assert [(each.label, each.text, each.dir) for each in told] == [
        ("The family", "ابني لا ينام", "rtl"),
        ("The bot", "أفهم.", "rtl"),
    ]
    await families.share(receipt.reference, receipt.pin, allow=False)
    assert (await desk.open(maija, receipt.request_id)).conversation is None
