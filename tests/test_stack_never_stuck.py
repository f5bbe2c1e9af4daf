"""Random but plausible conversations through the real engine: the bot is never silent, never a broken record, and a
person is always within reach."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import aiohttp
import hypothesis.strategies as st
import pytest
from conftest import Family, Stack
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from bot.i18n import languages
from tools import scenarios

EXAMPLES = int(os.environ.get("DIALOGUE_EXAMPLES", "12"))
STEPS = 14
LINES = sorted(set(scenarios.lines("en")) - {"addition"})
ODD = (
    "…",
    "?",
    "ok",
    "no",
    "yes",
    "12",
    "asdf qwer",
    "040 1234567",
    "Oulu",
    "Raahe",
    "/restart",
    "😀",
    "112",
    "PA-2222-2222 000000",
)
EVERYDAY = (
    "/restart",
    "/request_contact",
    "/request_human",
    "/ask_capabilities",
    "/change_language",
    "/withdraw_request",
)


def never_stuck(stack: Stack) -> type[RuleBasedStateMachine]:
    """The machine over a running pair."""

    class Conversation(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.loop = asyncio.new_event_loop()
            self.session = self.loop.run_until_complete(_session())
            self.family = Family(self.session, stack.url, "fi")
            self.loop.run_until_complete(self.family.start())
            self.before: list[list[tuple[str, str]]] = []

        def teardown(self) -> None:
            self.loop.run_until_complete(self.session.close())
            self.loop.close()

        def hear(self, answer: list[dict[str, Any]]) -> None:
            """What must hold of every answer."""
            assert answer, "silence"
            assert all(message["text"].strip() for message in answer), answer
            assert "%(" not in str([message["text"] for message in answer]), answer
            # A safety card, a list of services and the summary may come as often as they are needed.
            plain = [(m["kind"], m["text"]) for m in answer if m["kind"] in ("text", "notice") and "rows" not in m]
            if len(self.before) >= 2 and plain:
                stuck = set(plain) & set(self.before[-1]) & set(self.before[-2])
                assert not stuck, f"three times running: {stuck}"
            self.before.append(plain)

        @rule(line=st.sampled_from(LINES), language=st.sampled_from(list(languages())))
        def write(self, line: str, language: str) -> None:
            """A plausible message, sometimes in another language."""
            self.hear(self.loop.run_until_complete(self.family.say(scenarios.lines(language)[line])))

        @rule(text=st.sampled_from(ODD))
        def write_oddly(self, text: str) -> None:
            """A message that answers nothing."""
            self.hear(self.loop.run_until_complete(self.family.say(text)))

        @precondition(lambda self: any(m["buttons"] for m in self.family.last))
        @rule(data=st.data())
        def tap(self, data: st.DataObject) -> None:
            """Any button in sight."""
            buttons = [button for message in self.family.last for button in message["buttons"]]
            chosen = data.draw(st.sampled_from(buttons))
            self.hear(self.loop.run_until_complete(self.family.tap(chosen["payload"])))

        @rule(payload=st.sampled_from(EVERYDAY))
        def tap_an_old_button(self, payload: str) -> None:
            """A button of an earlier answer, or the menu."""
            self.hear(self.loop.run_until_complete(self.family._say(text="…", payload=payload)))

        @rule(language=st.sampled_from(list(languages())))
        def switch(self, language: str) -> None:
            """The language menu."""
            payload = f'/change_language{{"language": "{language}"}}'
            self.hear(self.loop.run_until_complete(self.family._say(text="…", payload=payload)))
            assert self.family.language == language

        @rule()
        def a_person_is_in_reach(self) -> None:
            """Asking for a person always shows numbers that people answer, inside the form and out of it."""
            answer = self.loop.run_until_complete(self.family._say(text="…", payload="/request_human"))
            self.hear(answer)
            numbers = [line["number"] for message in answer for line in message.get("helplines", [])]
            assert "112" in numbers

        @rule()
        def every_loop_can_be_left(self) -> None:
            """Starting over leaves whatever was open."""
            self.hear(self.loop.run_until_complete(self.family._say(text="…", payload="/restart")))
            answer = self.loop.run_until_complete(self.family.say(scenarios.lines(self.family.language)["school"]))
            self.hear(answer)
            assert any(m["kind"] in ("services", "safety") or m["buttons"] for m in answer), answer

    return Conversation


async def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


@pytest.mark.timeout(240)
def test_never_stuck(stack: Stack) -> None:
    run_state_machine_as_test(
        never_stuck(stack),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
