"""A request's life as a state machine against the real database: whatever workers and the family do, in any order.

A small model says what each act should do or that it is refused; after every step the database must agree, the request
must stand in the inbox of its centre as long as it is open, and at the end the access log must hold.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.requests import access_log
from bot.requests.desk import BadInput, Desk, NotFound, Taken, WrongTransition
from bot.requests.service import OPEN_STATUSES, ContactRequests, Ended, Receipt
from bot.staff.rights import Worker
from bot.storage.database import Database
from bot.storage.models import ContactRequestRow
from tests.staff_support import opened, request, worker

REFUSED = (BadInput, NotFound, Taken, WrongTransition)
EXAMPLES = int(os.environ.get("LIFECYCLE_EXAMPLES", "12"))
STEPS = 14


@dataclass
class House:
    """A database with its people, on a loop of its own (hypothesis is not async)."""

    runner: asyncio.Runner
    database: Database
    people: dict[str, Worker]

    def run(self, act: Awaitable[Any]) -> Any:
        async def wrapped() -> Any:
            return await act

        return self.runner.run(wrapped())


@dataclass(frozen=True)
class State:
    """What the model knows of the request. `reached`: contacted since it last became new at a centre."""

    status: str = "new"
    centre: str = "kuusamo"
    holder: str | None = None
    reached: bool = False


HOUSES: list[House] = []


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def start() -> House:
            database = await stack.enter_async_context(opened("sqlite", tmp_path))
            people = {
                "maija": await worker(database, "maija", "kuusamo"),
                "ville": await worker(database, "ville", "kuusamo", role="coordinator"),
                "ii": await worker(database, "ii", "ii"),
            }
            return House(runner, database, people)

        made = runner.run(start())
        HOUSES.append(made)
        yield made
        HOUSES.pop()
        runner.run(stack.aclose())


WHO = st.sampled_from(["maija", "ville", "ii"])


class Life(RuleBasedStateMachine):
    """One request, three workers, its family."""

    @initialize()
    def sent(self) -> None:
        self.house = HOUSES[-1]
        self.desk, self.families = Desk(self.house.database), ContactRequests(self.house.database)
        self.receipt: Receipt = self.house.run(request(self.house.database))
        self.id = self.receipt.request_id
        self.state = State()
        self.done: list[tuple[str | None, str, State]] = []

    def sees(self, who: str) -> bool:
        return self.state.centre in self.house.people[who].centres

    def act(self, who: str, kind: str, allowed: bool, after: State, act: Awaitable[Any]) -> None:
        """Does it, and holds the desk to the model: done exactly where the model allows it."""
        try:
            self.house.run(act)
            did = True
        except REFUSED as refusal:
            did, told = False, not isinstance(refusal, NotFound)
        else:
            told = False
        assert not told or self.sees(who), "a refusal tells a stranger that the request exists"
        assert did == allowed, (who, kind, self.state)
        if did:
            self.done.append((who, kind, self.state))
            self.state = after

    def mine(self, who: str) -> bool:
        return self.sees(who) and self.state.holder == who and self.state.status in ("claimed", "contacted")

    def free_or_mine(self, who: str) -> bool:
        return self.sees(who) and self.state.status in OPEN_STATUSES and self.state.holder in (None, who)

    @rule(who=WHO)
    def claim(self, who: str) -> None:
        state, worker_ = self.state, self.house.people[who]
        if self.mine(who):
            self.house.run(self.desk.claim(worker_, self.id))  # changes nothing
            return
        status = "claimed" if state.status == "new" else state.status
        allowed = self.free_or_mine(who)
        self.act(who, "claimed", allowed, replace(state, status=status, holder=who), self.desk.claim(worker_, self.id))

    @rule(who=WHO)
    def release(self, who: str) -> None:
        state = self.state
        allowed = self.sees(who) and state.status in ("claimed", "contacted") and state.holder is not None
        after = replace(state, holder=None, status="new" if state.status == "claimed" else state.status)
        self.act(who, "released", allowed, after, self.desk.release(self.house.people[who], self.id, "syy"))

    @rule(who=WHO, how=st.sampled_from(["phone", "no_answer"]))
    def contacted(self, who: str, how: str) -> None:
        after = self.state if how == "no_answer" else replace(self.state, status="contacted", reached=True)
        self.act(who, how, self.mine(who), after, self.desk.contacted(self.house.people[who], self.id, how))

    @rule(who=WHO)
    def answer(self, who: str) -> None:
        after = replace(self.state, status="contacted", reached=True)
        act = self.desk.answer(self.house.people[who], self.id, "vastaus", "read")
        self.act(who, "contacted", self.mine(who), after, act)

    @rule(who=WHO)
    def note(self, who: str) -> None:
        allowed = self.sees(who) and self.state.status != "withdrawn"
        self.act(who, "note", allowed, self.state, self.desk.note(self.house.people[who], self.id, "muistiinpano"))

    @rule(who=WHO, to=WHO)
    def assign(self, who: str, to: str) -> None:
        state, people = self.state, self.house.people
        allowed = (
            self.sees(who)
            and state.status in OPEN_STATUSES
            and (state.holder in (None, who) or people[who].role == "coordinator")
            and self.sees(to)
            and to != state.holder
        )
        after = replace(state, holder=to, status="claimed" if state.status == "new" else state.status)
        self.act(who, "assigned", allowed, after, self.desk.assign(people[who], self.id, people[to].id, "syy"))

    @rule(who=WHO, outcome=st.sampled_from(["helped", "mistake"]))
    def close(self, who: str, outcome: str) -> None:
        allowed = self.mine(who) and (outcome == "mistake" or self.state.status == "contacted")
        after = replace(self.state, status="closed")
        self.act(who, "closed", allowed, after, self.desk.close(self.house.people[who], self.id, outcome))

    @rule(who=WHO)
    def reopen(self, who: str) -> None:
        state = self.state
        after = replace(state, status="contacted" if state.reached else "claimed", holder=who)
        allowed = self.sees(who) and state.status == "closed"
        self.act(who, "reopened", allowed, after, self.desk.reopen(self.house.people[who], self.id))

    @rule(who=WHO, centre=st.sampled_from(["kuusamo", "ii"]))
    def transfer(self, who: str, centre: str) -> None:
        allowed = self.free_or_mine(who) and centre != self.state.centre
        after = State(centre=centre)
        act = self.desk.transfer(self.house.people[who], self.id, centre, "syy")
        self.act(who, "transferred", allowed, after, act)

    @rule(who=WHO)
    def undo(self, who: str) -> None:
        actor, kind, before = self.done[-1] if self.done else (None, "", self.state)
        back = kind == "transferred" and before.centre in self.house.people[who].centres
        allowed = actor == who and self.state.status != "withdrawn" and (self.sees(who) or back)
        try:
            self.house.run(self.desk.undo(self.house.people[who], self.id))
            did = True
        except REFUSED:
            did = False
        assert did == allowed, (who, self.done[-1:], self.state)
        if did:
            self.done.pop()
            self.state = before

    @rule()
    def the_family_looks(self) -> None:
        status = self.house.run(self.families.status(self.receipt.reference, self.receipt.pin))
        assert status.status == self.state.status
        marks = [kind for _who, kind, _state in self.done]
        if status.answers and "read" not in marks[len(marks) - marks[::-1].index("contacted") :]:
            self.done.append((None, "read", self.state))

    @rule()
    def the_family_writes(self) -> None:
        if self.state.status in OPEN_STATUSES:
            self.house.run(self.families.add(self.receipt.reference, self.receipt.pin, "lisää"))
            self.done.append((None, "added", self.state))
        else:
            with pytest.raises(Ended):
                self.house.run(self.families.add(self.receipt.reference, self.receipt.pin, "lisää"))

    @precondition(lambda self: len(self.done) > 8)
    @rule()
    def the_family_withdraws(self) -> None:
        self.house.run(self.families.withdraw(self.receipt.reference, self.receipt.pin))
        self.state, self.done = replace(self.state, status="withdrawn", holder=None), []

    @invariant()
    def the_database_agrees_and_nothing_is_dropped(self) -> None:
        house, state = self.house, self.state

        async def look() -> tuple[tuple[str, str, str | None], dict[str, bool]]:
            async with house.database.read() as session:
                row = await session.get_one(ContactRequestRow, self.id)
                stored = (row.status, row.centre, row.claimed_by)
            found = {}
            for name, each in house.people.items():
                found[name] = any(row.id == self.id for row in await self.desk.inbox(each, limit=5000))
            return stored, found

        stored, found = house.run(look())
        holder = house.people[state.holder].id if state.holder else None
        assert stored == (state.status, state.centre, holder)
        for name in house.people:
            assert found[name] == (self.sees(name) and state.status in OPEN_STATUSES), name

    def teardown(self) -> None:
        assert self.house.run(access_log.verify(self.house.database)).ok


def test_the_life_of_a_request(house: House) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
