"""A LibreTranslate server for tests: its documented calls on a real socket; words come back marked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

KEY = "a-key"


@dataclass
class Translator:
    """What the server was asked, and how it behaves: `status` of /translate, `delay` in seconds."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    delay: float = 0.0
    answer: Any = None


@asynccontextmanager
async def translator() -> AsyncIterator[Translator]:
    """A running server."""
    state = Translator()

    async def languages(request: web.Request) -> web.Response:
        targets = ["ar", "en", "fi", "zh-Hans"]
        return web.json_response([{"code": code, "name": code, "targets": targets} for code in targets])

    async def translate(request: web.Request) -> web.Response:
        body = await request.json()
        state.asked.append(body)
        await asyncio.sleep(state.delay)
        if body.get("api_key") != KEY:
            return web.json_response({"error": "Invalid API key"}, status=403)
        if state.status != 200:
            return web.json_response({"error": "Slowdown"}, status=state.status)
        found = {"translatedText": f"[{body['target']}] {body['q']}"} if state.answer is None else state.answer
        return web.json_response(found)

    app = web.Application()
    app.add_routes([web.get("/languages", languages), web.post("/translate", translate)])
    async with TestServer(app) as server:
        state.url = str(server.make_url(""))
        yield state
