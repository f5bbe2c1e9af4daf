"""Server-Sent Events of a conversation: messages that appear in it, from whichever tab or worker they came.

A stream that ends is opened again by the page with Last-Event-ID (the id of the last message it got) and goes on after
it. The token travels in the Authorization header, never in an address.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

from aiohttp import web

from bot.conversation.store import UnknownConversation
from bot.web.keys import CONVERSATIONS, DATABASE
from bot.web.problems import Problem

routes = web.RouteTableDef()
POLL = 2.0
"""Seconds between looks into a database that other processes write to as well."""
HEARTBEAT = 12.0
"""Seconds between signs of life; also between looks into SQLite, which only this process writes to."""
LIFETIME = 300.0
"""A stream ends after this many seconds, so that no dead one stays for ever."""


@routes.get("/api/v1/conversations/{id}/events", name="events")
async def events(request: web.Request) -> web.StreamResponse:
    """Streams `message`, `typing` and `status` events after Last-Event-ID (without one: from now on)."""
    id_ = request.match_info["id"]
    scheme, _sep, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Problem(401, "unknown_conversation", headers={"WWW-Authenticate": "Bearer"})
    try:
        seen = await request.app[CONVERSATIONS].position(id_, token.strip(), request.headers.get("Last-Event-ID"))
    except UnknownConversation:
        raise Problem(404, "unknown_conversation") from None
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    with suppress(ConnectionResetError):  # the tab was closed: nothing is wrong
        await _follow(request, response, id_, seen)
    return response


async def _follow(request: web.Request, response: web.StreamResponse, id_: str, seen: int) -> None:
    conversations = request.app[CONVERSATIONS]
    signals = conversations.signals
    poll = HEARTBEAT if request.app[DATABASE].sqlite else POLL
    now = asyncio.get_running_loop().time
    end, spoken = now() + LIFETIME, now()
    told: str | None = None
    await response.write(b"retry: 2000\n\n")
    with signals.following(id_) as woken:
        while now() < end and not signals.closed:
            woken.clear()
            parts: list[bytes] = []
            typing = signals.who_types(id_)
            fresh = await conversations.after(id_, seen)
            if fresh is None:
                await response.write(_event("status", {"status": "erased"}))
                return
            for number, message in fresh:
                parts.append(_event("message", message, message["id"]))
                seen = number
            if typing != told:
                parts.append(_event("typing", {"from": typing or told, "active": typing is not None}))
                told = typing
            if not parts and now() - spoken >= HEARTBEAT:
                parts.append(b": still here\n\n")
            if parts:
                await response.write(b"".join(parts))
                spoken = now()
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), poll)


def _event(kind: str, data: dict[str, Any], id_: str | None = None) -> bytes:
    named = f"id: {id_}\n" if id_ else ""
    return f"{named}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def end_streams(app: web.Application) -> None:
    """At shutdown: open streams end at once instead of holding the process."""
    app[CONVERSATIONS].signals.close()
