"""The engine dies or hangs: families still get help within five seconds, and the conversation goes on afterwards."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest
from conftest import Family, Stack, start_stack, stop_stack


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A pair of its own, since it is hurt."""
    made = start_stack(tmp_path_factory.mktemp("away"))
    try:
        made.wait_ready()
        yield made
    finally:
        stop_stack(made)


async def test_a_hanging_engine_and_a_killed_one(own: Stack, tmp_path: Path) -> None:
    async with aiohttp.ClientSession() as session:
        family = Family(session, own.url, "fi")
        await family.start()
        await family.say("lapseni ei suostu menemään kouluun, asumme Raahessa")
        await family.tap("/request_contact")
        await family.tap("/affirm")

        pid = own.engine_pid()
        os.kill(pid, signal.SIGSTOP)
        begun = time.monotonic()
        answer = await family.say("poika on 9-vuotias")
        assert time.monotonic() - begun < 5.5
        assert answer[0]["kind"] == "safety"
        assert "112" in [line["number"] for line in answer[0]["helplines"]]
        assert answer[0]["link"] == "/request"
        begun = time.monotonic()
        card = await family.say("haluan kuolla")
        assert card[0]["kind"] == "safety"
        assert card[0]["category"] == "self_harm"

        os.kill(pid, signal.SIGCONT)
        psutil.Process(pid).kill()
        begun = time.monotonic()
        answer = await family.say("oletko siellä")
        assert time.monotonic() - begun < 5.5
        assert answer[0]["kind"] in ("safety", "text")
        async with session.get(f"{own.url}/health/live") as live:
            assert live.status == 200

        own.wait_ready()
        assert own.engine_pid() != pid, "the supervisor started a new one"
        await family.say("poika on 9-vuotias")
        assert "puhelinnumero" in family.said, "the form stands where it stood"


async def test_a_bot_killed_after_the_answer_has_lost_nothing(tmp_path: Path) -> None:
    made = start_stack(tmp_path)
    try:
        made.wait_ready()
        async with aiohttp.ClientSession() as session:
            headers = {"Idempotency-Key": "kill-minus-nine"}
            body = {"language": "fi", "story": "Apua.", "place": "Kuusamo", "consent": True}
            async with session.post(f"{made.url}/api/v1/contact-requests", json=body, headers=headers) as answer:
                assert answer.status == 201
                receipt = await answer.json()
            engine = made.engine_pid()
            made.process.kill()
            psutil.Process(engine).kill()
            again = start_stack(tmp_path, **{k: v for k, v in made.environment.items() if k.startswith("BOT_")})
            made = Stack(**{**again.__dict__, "url": made.url})
            made.wait_ready()
            where = f"{made.url}/api/v1/contact-requests/{receipt['reference']}"
            async with session.get(where, headers={"X-Pin": receipt["pin"]}) as answer:
                assert answer.status == 200
            async with session.post(f"{made.url}/api/v1/contact-requests", json=body, headers=headers) as answer:
                assert await answer.json() == receipt
    finally:
        stop_stack(made)
