"""Rasa input channel that only understands: `POST /webhooks/parse/ {text}` -> `{intent, confidence}`.

The dialogue uses it to read a message's clauses one by one. It keeps no conversation and changes none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse


class ParseInput(InputChannel):
    """The channel; its name in credentials.yml is this class."""

    @classmethod
    def name(cls) -> str:
        """The part of the address after /webhooks/."""
        return "parse"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """One address, loopback like all of the engine."""
        routes = Blueprint("parse_channel", __name__)

        @routes.route("/", methods=["POST"])
        async def parse(request: Request) -> HTTPResponse:
            body = request.json or {}
            parsed = await request.app.ctx.agent.parse_message(str(body.get("text") or ""))
            # The classifier's own first choice: whether it is sure enough is the caller's question, not the fallback's.
            ranking = parsed.get("intent_ranking") or []
            ranked = next((row for row in ranking if row.get("name") != "nlu_fallback"), {})
            return response.json({"intent": ranked.get("name"), "confidence": ranked.get("confidence") or 0.0})

        return routes
