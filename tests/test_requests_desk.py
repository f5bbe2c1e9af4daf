"""The workers' side of requests: each in the right hands, in the right order, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from bot import clock
from bot.requests.desk import BadInput, Desk, NotFound, Taken, WrongTransition
from bot.requests.service import ContactRequests
from bot.requests.workdays import next_morning
from bot.staff.accounts import Accounts
from bot.staff.rights import Forbidden, Worker
from bot.storage.database import Database
from bot.storage.models import AccessLogRow, ContactRequestRow, OutboxRow, RequestEventRow
from tests.staff_support import STORY, opened, request, worker

Act = Callable[[Desk, Worker, str], Awaitable[object]]
ACTS: dict[str, Act] = {
    "open": lambda desk, who, id: desk.open(who, id, "käsittely"),
    "claim": lambda desk, who, id: desk.claim(who, id),
    "release": lambda desk, who, id: desk.release(who, id),
    "note": lambda desk, who, id: desk.note(who, id, "muistiinpano"),
    "contacted": lambda desk, who, id: desk.contacted(who, id, "phone", "sovittiin tapaaminen"),
    "close": lambda desk, who, id: desk.close(who, id, "helped"),
    "reopen": lambda desk, who, id: desk.reopen(who, id),
    "transfer": lambda desk, who, id: desk.transfer(who, id, "ii", "perhe muutti"),
}


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    async with opened(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
async def maija(database: Database) -> Worker:
    return await worker(database, "maija", "kuusamo", name="Maija Malli")


async def status(database: Database, id: str) -> tuple[str, str | None]:
    async with database.read() as session:
        row = await session.get_one(ContactRequestRow, id)
        return row.status, row.claimed_by


async def logged(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(AccessLogRow.action).order_by(AccessLogRow.number)))


async def kinds(database: Database, id: str) -> list[str]:
    query = select(RequestEventRow.kind).where(RequestEventRow.request_id == id).order_by(RequestEventRow.id)
    async with database.read() as session:
        return list(await session.scalars(query))


# --- rights ----------------------------------------------------------------------------------------------------------


async def test_a_request_from_kuusamo_stands_in_kuusamo_s_inbox_and_nowhere_else(
    database: Database, desk: Desk, maija: Worker
) -> None:
    receipt = await request(database)
    assert [row.reference for row in await desk.inbox(maija)] == [receipt.reference]
    for login, centres in (("oulu", ["oulu-tuira", "oulu-kaakkuri"]), ("ii", ["ii"])):
        other = await worker(database, login, *centres)
        assert await desk.inbox(other) == []
        assert set((await desk.counts(other)).values()) == {0}


@pytest.mark.parametrize("act", ACTS)
async def test_another_centre_s_request_is_as_if_it_did_not_exist(
    database: Database, desk: Desk, maija: Worker, act: str
) -> None:
    receipt = await request(database)
    await desk.claim(maija, receipt.request_id)
    before, log = await status(database, receipt.request_id), await logged(database)
    stranger = await worker(database, "oulu", "oulu-tuira", role="coordinator")
    said = []
    for id in (receipt.request_id, "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(NotFound) as caught:
            await ACTS[act](desk, stranger, id)
        said.append(str(caught.value).replace(id, ""))
    assert said[0] == said[1]
    assert await status(database, receipt.request_id) == before
    assert await logged(database) == log


@pytest.mark.parametrize("role", ["admin", "auditor", "someone"])
async def test_other_roles_read_no_requests_whatever_their_centres(database: Database, desk: Desk, role: str) -> None:
    receipt = await request(database)
    other = Worker("x", "x", "X", role, frozenset({"kuusamo"}))
    for act in ACTS.values():
        with pytest.raises(Forbidden):
            await act(desk, other, receipt.request_id)
    with pytest.raises(Forbidden):
        await desk.inbox(other)
    with pytest.raises(Forbidden):
        await desk.counts(other)
    assert await logged(database) == []


async def test_a_worker_without_centres_sees_nothing(database: Database, desk: Desk) -> None:
    receipt = await request(database)
    nobody = Worker("x", "x", "X", "worker", frozenset())
    assert await desk.inbox(nobody) == []
    with pytest.raises(NotFound):
        await desk.open(nobody, receipt.request_id)


# --- the list --------------------------------------------------------------------------------------------------------


async def test_the_list_shows_codes_and_labels_and_no_words(database: Database, desk: Desk, maija: Worker) -> None:
    await request(database)
    (row,) = await desk.inbox(maija)
    assert (row.status, row.need, row.place_label, row.language_name) == ("new", "need_school", "Kuusamo", "arabia")
    assert (row.interpreter, row.claimed_by, row.mine, row.late) == (True, None, False, False)
    assert row.due > clock.now() + timedelta(days=2)
    shown = " ".join(map(str, astuple(row)))
    assert not any(secret in shown for secret in (STORY, "Amina", "1234567"))


async def test_urgent_ones_first_then_what_is_due_then_the_newest(
    database: Database, desk: Desk, maija: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: dict[str, str] = {}

    async def at(day: int, hour: int, name: str, need: str) -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, day, hour, tzinfo=UTC))
        sent[(await request(database, need=need)).reference] = name

    await at(2, 8, "ordinary, early", "need_leisure")
    await at(2, 9, "soon, morning", "need_school")
    await at(2, 12, "soon, noon", "need_school")
    await at(3, 8, "soon, next day", "need_school")
    await at(3, 9, "violence", "need_violence")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 3, 6, 8, tzinfo=UTC))
    rows = await desk.inbox(maija)
    assert [sent[row.reference] for row in rows] == [
        "violence",
        "soon, noon",
        "soon, morning",
        "soon, next day",
        "ordinary, early",
    ]
    late = {sent[row.reference] for row in rows if row.late}
    assert late == {"soon, noon", "soon, morning", "ordinary, early"}  # Monday's were due on Thursday
    # Who has been answered waits behind those who have not, however urgent; the promise to them was kept.
    await desk.claim(maija, rows[0].id)
    await desk.contacted(maija, rows[0].id, "phone")
    rows = await desk.inbox(maija)
    assert sent[rows[-1].reference] == "violence"
    assert [sent[row.reference] for row in await desk.inbox(maija, limit=2, offset=1)] == [
        sent[row.reference] for row in rows[1:3]
    ]


async def test_the_list_can_be_narrowed(database: Database, desk: Desk) -> None:
    both = await worker(database, "both", "kuusamo", "ii")
    school = await request(database)
    money = await request(database, need="need_financial", place="Ii")
    await desk.claim(both, money.request_id)

    async def found(**filters: object) -> set[str]:
        return {row.reference for row in await desk.inbox(both, **filters)}  # type: ignore[arg-type]

    assert await found() == {school.reference, money.reference}
    assert await found(status="claimed") == {money.reference}
    assert await found(need="need_school") == {school.reference}
    assert await found(centre="ii") == {money.reference}
    assert await found(mine=True) == {money.reference}
    assert await found(status="closed") == set()
    assert await found(centre="oulu-tuira") == set()
    assert await desk.counts(both) == {"new": 1, "claimed": 1, "contacted": 0, "closed": 0, "withdrawn": 0}


# --- opening ---------------------------------------------------------------------------------------------------------


async def test_opening_shows_the_story_and_writes_the_log(database: Database, desk: Desk, maija: Worker) -> None:
    receipt = await request(database)
    view = await desk.open(maija, receipt.request_id, "perhe soitti")
    assert [(each.text, each.language, each.dir) for each in view.words] == [(STORY, "ar", "rtl")]
    assert view.contact == "+358401234567"
    assert view.actions == {"claim", "note", "transfer", "label", "assign", "own_worker", "follow_up", "merge"}
    async with database.read() as session:
        (row,) = (await session.scalars(select(AccessLogRow))).all()
    assert (row.staff_id, row.request_id, row.action, row.reason) == (
        maija.id,
        receipt.request_id,
        "open",
        "perhe soitti",
    )


async def test_what_cannot_be_logged_is_not_shown(database: Database, desk: Desk, maija: Worker) -> None:
    receipt = await request(database)
    for reason in ("", " ", "x" * 201):
        with pytest.raises(BadInput):
            await desk.open(maija, receipt.request_id, reason)
    async with database.write() as session:
        await session.execute(text("ALTER TABLE access_log RENAME TO hidden"))
    for act in ("open", "claim", "note", "transfer"):
        with pytest.raises(Exception, match="access_log"):
            await ACTS[act](desk, maija, receipt.request_id)
    assert await status(database, receipt.request_id) == ("new", None)
    assert await kinds(database, receipt.request_id) == ["new"]


async def test_the_family_s_later_words_stand_with_the_first(database: Database, desk: Desk, maija: Worker) -> None:
    receipt = await request(database)
    await ContactRequests(database).add(receipt.reference, receipt.pin, "نحن في المنزل الآن")
    view = await desk.open(maija, receipt.request_id)
    assert [each.text for each in view.words] == [STORY, "نحن في المنزل الآن"]
    assert view.words[1].dir == "rtl"


async def test_violence_is_marked_so_that_no_message_is_left(database: Database, desk: Desk, maija: Worker) -> None:
    receipt = await request(database, need="need_violence")
    assert (await desk.open(maija, receipt.request_id)).quiet


async def test_a_withdrawn_request_shows_nothing_and_takes_nothing(
    database: Database, desk: Desk, maija: Worker
) -> None:
    receipt = await request(database)
    await desk.claim(maija, receipt.request_id)
    await ContactRequests(database).withdraw(receipt.reference, receipt.pin)
    assert await desk.inbox(maija) == []
    (row,) = await desk.inbox(maija, status="withdrawn")
    assert row.reference == receipt.reference
    view = await desk.open(maija, receipt.request_id)
    assert (view.summary, view.words, view.contact, view.actions) == ([], [], None, frozenset())
    for act in ("claim", "release", "note", "contacted", "close", "reopen", "transfer"):
        with pytest.raises(WrongTransition):
            await ACTS[act](desk, maija, receipt.request_id)


# --- the life cycle --------------------------------------------------------------------------------------------------


async def test_from_new_to_closed_and_back(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    await desk.claim(maija, id)
    assert await status(database, id) == ("claimed", maija.id)
    await desk.contacted(maija, id, "phone", "puhuttiin, tapaaminen perjantaina")
    assert await status(database, id) == ("contacted", maija.id)
    await desk.close(maija, id, "continues")
    assert await status(database, id) == ("closed", maija.id)
    (row,) = await desk.inbox(maija, status="closed")
    assert row.outcome == "continues"
    await desk.reopen(maija, id)
    assert await status(database, id) == ("contacted", maija.id)
    assert await kinds(database, id) == ["new", "claimed", "contacted", "closed", "reopened"]
    assert await logged(database) == ["claim", "contacted", "close", "reopen"]
    said = [each.detail.get("text") for each in (await desk.open(maija, id)).events]
    assert "puhuttiin, tapaaminen perjantaina" in said


@pytest.mark.parametrize(
    ("before", "refused"),
    [
        ([], ["release", "contacted", "close", "reopen"]),
        (["claim"], ["close", "reopen"]),
        (["claim", "contacted"], ["reopen"]),
        (["claim", "release"], ["release", "contacted", "close", "reopen"]),
        (["claim", "contacted", "release"], ["release", "contacted", "close", "reopen"]),
        (["claim", "contacted", "close"], ["claim", "release", "contacted", "close", "transfer"]),
    ],
)
async def test_steps_that_the_state_does_not_allow(
    database: Database, desk: Desk, maija: Worker, before: list[str], refused: list[str]
) -> None:
    id = (await request(database)).request_id
    for act in before:
        await ACTS[act](desk, maija, id)
    state, log, history = await status(database, id), await logged(database), await kinds(database, id)
    for act in refused:
        with pytest.raises(WrongTransition):
            await ACTS[act](desk, maija, id)
    assert (await status(database, id), await logged(database), await kinds(database, id)) == (state, log, history)


async def test_the_page_offers_just_what_the_desk_takes(database: Database, desk: Desk, maija: Worker) -> None:
    """Whatever `actions` names works, whatever it leaves out is refused, in every state."""
    paths: list[list[str]] = [[], ["claim"], ["claim", "contacted"], ["claim", "contacted", "release"]]
    paths.append(["claim", "contacted", "close"])
    for path in paths:
        for act in ACTS.keys() - {"open"}:
            id = (await request(database)).request_id
            for step in path:
                await ACTS[step](desk, maija, id)
            view = await desk.open(maija, id)
            offered = act in view.actions and (act != "close" or "helped" in view.outcomes)
            if offered or (act == "claim" and view.row.mine and view.row.status != "closed"):
                await ACTS[act](desk, maija, id)
            else:
                with pytest.raises(WrongTransition):
                    await ACTS[act](desk, maija, id)


async def test_of_several_who_take_it_at_once_one_has_it(database: Database, desk: Desk) -> None:
    id = (await request(database)).request_id
    workers = [await worker(database, f"w{number}", "kuusamo", name=f"Worker {number}") for number in range(6)]
    results = await asyncio.gather(*(desk.claim(each, id) for each in workers), return_exceptions=True)
    assert results.count(None) == 1
    winner = workers[results.index(None)]
    assert await status(database, id) == ("claimed", winner.id)
    assert {str(each) for each in results if each is not None} == {winner.name}
    assert all(isinstance(each, Taken) for each in results if each is not None)
    assert (await kinds(database, id), await logged(database)) == (["new", "claimed"], ["claim"])


async def test_taking_twice_changes_nothing(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    await desk.claim(maija, id)
    await desk.claim(maija, id)
    assert await kinds(database, id) == ["new", "claimed"]


async def test_a_colleague_s_request_is_the_colleague_s_to_handle(
    database: Database, desk: Desk, maija: Worker
) -> None:
    id = (await request(database)).request_id
    await desk.claim(maija, id)
    ville = await worker(database, "ville", "kuusamo", name="Ville Malli")
    for act in ("claim", "contacted", "close", "transfer"):
        with pytest.raises(Taken, match="Maija Malli"):
            await ACTS[act](desk, ville, id)
    assert (await desk.open(ville, id)).actions == {"note", "release", "label"}
    await desk.note(ville, id, "isä soitti vastaanottoon")
    # Maija falls ill: Ville frees the request, and says why.
    with pytest.raises(BadInput):
        await desk.release(ville, id)
    await desk.release(ville, id, "Maija on sairaana")
    await desk.claim(ville, id)
    assert await status(database, id) == ("claimed", ville.id)
    assert "Maija on sairaana" in [each.detail.get("text") for each in (await desk.open(ville, id)).events]


async def test_a_contacted_request_stays_with_who_has_it(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    await desk.claim(maija, id)
    await desk.contacted(maija, id, "phone")
    ville = await worker(database, "ville", "kuusamo")
    with pytest.raises(Taken, match="Maija Malli"):
        await desk.claim(ville, id)
    await desk.release(maija, id)
    await desk.claim(ville, id)
    assert await status(database, id) == ("contacted", ville.id)


async def test_a_disabled_worker_s_request_is_not_lost(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    await desk.claim(maija, id)
    await Accounts(database).disable("maija")
    ville = await worker(database, "ville", "kuusamo")
    (row,) = await desk.inbox(ville)
    assert row.claimed_by == "Maija Malli"
    await desk.release(ville, id, "Maija on lopettanut")
    await desk.claim(ville, id)


async def test_a_call_that_nobody_answered_is_no_contact(
    database: Database, desk: Desk, maija: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await request(database)).request_id
    await desk.claim(maija, id)
    with pytest.raises(WrongTransition):
        await desk.close(maija, id, "unreachable")
    await desk.contacted(maija, id, "no_answer", "kokeillaan huomenna")
    assert await status(database, id) == ("claimed", maija.id)
    async with database.write() as session:
        await session.execute(update(ContactRequestRow).values(due_at=clock.now() - timedelta(days=1)))
    (row,) = await desk.inbox(maija)
    assert row.late
    assert row.follow_up == next_morning(clock.now())
    with pytest.raises(WrongTransition):
        await desk.close(maija, id, "helped")
    await desk.contacted(maija, id, "no_answer")
    await desk.contacted(maija, id, "no_answer")
    with pytest.raises(WrongTransition):  # three tries on one day are one afternoon
        await desk.close(maija, id, "unreachable")
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    await desk.contacted(maija, id, "no_answer")
    await desk.close(maija, id, "unreachable")
    assert await status(database, id) == ("closed", maija.id)
    await desk.reopen(maija, id)
    assert await status(database, id) == ("claimed", maija.id)


@pytest.mark.parametrize("outcome", ["duplicate", "mistake"])
async def test_what_needs_no_contact_closes_without_one(
    database: Database, desk: Desk, maija: Worker, outcome: str
) -> None:
    id = (await request(database)).request_id
    await desk.claim(maija, id)
    assert outcome in (await desk.open(maija, id)).outcomes
    await desk.close(maija, id, outcome)


async def test_fields_that_cannot_be_accepted(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    await desk.claim(maija, id)
    tries: list[tuple[str, Awaitable[None]]] = [
        ("text", desk.note(maija, id, "  ")),
        ("text", desk.note(maija, id, "x" * 4001)),
        ("how", desk.contacted(maija, id, "pigeon")),
        ("outcome", desk.close(maija, id, "whatever")),
        ("centre", desk.transfer(maija, id, "tukholma", "syy")),
        ("centre", desk.transfer(maija, id, "kuusamo", "syy")),
        ("reason", desk.transfer(maija, id, "ii", "")),
    ]
    for field, attempt in tries:
        with pytest.raises(BadInput) as caught:
            await attempt
        assert caught.value.field == field
    assert await status(database, id) == ("claimed", maija.id)
    assert await kinds(database, id) == ["new", "claimed"]


async def test_notes_are_sealed_and_hold_no_identity_codes(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    await desk.note(maija, id, "Äidin tunnus on 131052-308T, siskosalaisuus")
    note = (await desk.open(maija, id)).events[-1]
    assert (note.kind, note.actor) == ("note", "Maija Malli")
    assert "siskosalaisuus" in note.detail["text"]
    assert "131052" not in note.detail["text"]
    async with database.read() as session:
        sealed = (await session.scalars(select(RequestEventRow.sealed_detail))).all()
    assert not any(b"siskosalaisuus" in each for each in sealed)


async def test_the_family_does_not_see_the_notes(database: Database, desk: Desk, maija: Worker) -> None:
    receipt = await request(database)
    await desk.claim(maija, receipt.request_id)
    await desk.note(maija, receipt.request_id, "vain meille")
    seen = await ContactRequests(database).status(receipt.reference, receipt.pin)
    assert (seen.status, [kind for _at, kind in seen.events]) == ("claimed", ["new", "claimed"])


# --- transfer --------------------------------------------------------------------------------------------------------


async def test_a_transfer_takes_history_and_access_along(database: Database, desk: Desk, maija: Worker) -> None:
    receipt = await request(database)
    id = receipt.request_id
    oulu = await worker(database, "oulu", "oulu-tuira")
    await desk.claim(maija, id)
    await desk.note(maija, id, "perhe muuttaa Tuiraan")
    await desk.transfer(maija, id, "oulu-tuira", "perhe muutti")
    assert await desk.inbox(maija) == []
    with pytest.raises(NotFound):
        await desk.open(maija, id)
    (row,) = await desk.inbox(oulu)
    assert (row.status, row.claimed_by, row.due) == ("new", None, receipt.due)
    view = await desk.open(oulu, id)
    assert [each.text for each in view.words] == [STORY]
    assert [each.kind for each in view.events] == ["new", "claimed", "note", "transferred"]
    assert view.events[-1].detail == {"from": "kuusamo", "to": "oulu-tuira", "text": "perhe muutti"}
    async with database.read() as session:
        told = (await session.scalars(select(OutboxRow).where(OutboxRow.kind == "request.transferred"))).all()
        log = (await session.scalars(select(AccessLogRow).where(AccessLogRow.action == "transfer"))).one()
    assert [each.payload["centre"] for each in told] == ["oulu-tuira"]
    assert "oulu-tuira" in log.reason
    assert "muutti" not in log.reason, "what staff write is sealed; the log is not"
    # Back again, and the first centre reads all of it.
    await desk.claim(oulu, id)
    await desk.contacted(oulu, id, "phone")
    await desk.transfer(oulu, id, "kuusamo", "perhe jäi Kuusamoon")
    await desk.claim(maija, id)
    assert await status(database, id) == ("claimed", maija.id)
    with pytest.raises(WrongTransition):  # the other centre's contact is not this one's
        await desk.close(maija, id, "helped")


async def test_a_refused_transfer_leaves_nothing_behind(database: Database, desk: Desk, maija: Worker) -> None:
    id = (await request(database)).request_id
    with pytest.raises(BadInput):
        await desk.transfer(maija, id, "ii", " ")
    assert (await status(database, id), await logged(database)) == (("new", None), [])
    async with database.read() as session:
        assert list(await session.scalars(select(OutboxRow.kind))) == ["request.new"]


async def test_a_transfer_and_a_claim_at_once_leave_one_truth(database: Database, desk: Desk, maija: Worker) -> None:
    ville = await worker(database, "ville", "kuusamo")
    for _ in range(5):
        id = (await request(database)).request_id
        await asyncio.gather(
            desk.claim(ville, id), desk.transfer(maija, id, "ii", "perhe muutti"), return_exceptions=True
        )
        async with database.read() as session:
            row = await session.get_one(ContactRequestRow, id)
        assert (row.centre, row.status, row.claimed_by) in {("kuusamo", "claimed", ville.id), ("ii", "new", None)}
