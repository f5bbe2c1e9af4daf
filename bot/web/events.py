"""Server-Sent Events of a conversation: messages that appear in it, from whichever tab or worker they came."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.conversation.store import UnknownConversation
from bot.web.keys import CONVERSATIONS
from bot.web.problems import Problem

routes = web.RouteTableDef()
POLL = 2.0
"""Seconds between looks into the database: right over many processes, and cheap (one indexed read)."""
LIFETIME = 300
"""A stream ends after this many seconds; the browser reconnects with Last-Event-ID and misses nothing."""


@routes.get("/api/v1/conversations/{id}/events", name="events")
async def events(request: web.Request) -> web.StreamResponse:
    """Streams messages after Last-Event-ID (or from now on). The token may come as ?token= (EventSource)."""
    id_ = request.match_info["id"]
    scheme, _sep, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Problem(401, "unknown_conversation", headers={"WWW-Authenticate": "Bearer"})
    conversations = request.app[CONVERSATIONS]
    try:
        seen = await conversations.position(id_, token.strip(), request.headers.get("Last-Event-ID"))
    except UnknownConversation:
        raise Problem(404, "unknown_conversation") from None
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    await response.write(b"retry: 3000\n\n")
    quiet = 0.0
    for _turn in range(int(LIFETIME / POLL)):
        fresh = await conversations.after(id_, seen)
        if fresh is None:
            await response.write(b'event: status\ndata: {"status": "erased"}\n\n')
            break
        for number, message in fresh:
            data = json.dumps(message, ensure_ascii=False)
            await response.write(f"id: {message['id']}\nevent: message\ndata: {data}\n\n".encode())
            seen = number
        quiet = 0.0 if fresh else quiet + POLL
        if quiet >= 20:
            await response.write(b": still here\n\n")
            quiet = 0.0
        await asyncio.sleep(POLL)
    return response
