"""Live updates of the desk (Server-Sent Events): that the inbox has changed, and who else reads a request.

A stream carries no words of families, only that something changed; the page then asks for itself anew. Every turn
looks the session up again: a sign-out, a disabled account or a request that has moved away ends the stream.
"""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from bot.requests.desk import NotFound
from bot.staff.rights import Forbidden, Right
from bot.staff.sessions import StaffSession
from bot.web.staff.shell import DESK, ID, SESSION_COOKIE, SESSIONS, Route, cookie

POLL = 2.0
"""Seconds between looks into the database."""
TURNS = 150
"""A stream ends after this many looks; the browser opens the next one."""


async def inbox_changes(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Says `changed` whenever something changes in the worker's inbox."""
    session.worker.demand(Right.REQUESTS)
    desk, seen = request.app[DESK], await request.app[DESK].pulse(session.worker)
    response = await _stream(request)
    for _turn in range(TURNS):
        await asyncio.sleep(POLL)
        found = await request.app[SESSIONS].find(cookie(request, SESSION_COOKIE))
        if found is None or not found.worker.may(Right.REQUESTS):
            break
        now = await desk.pulse(found.worker)
        if not await _say(response, "changed" if now != seen else None):
            break
        seen = now
    return response


async def request_changes(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Keeps the worker known as a reader of the request; tells who else is (`readers`) and that it has `changed`."""
    desk, id = request.app[DESK], request.match_info["id"]
    readers, seen = await desk.read_by(session.worker, id)
    response = await _stream(request)
    going = await _say(response, "readers", readers)
    try:
        for _turn in range(TURNS):
            await asyncio.sleep(POLL)
            found = await request.app[SESSIONS].find(cookie(request, SESSION_COOKIE))
            if found is None or not going:
                break
            others, changed = await desk.read_by(found.worker, id)
            going = await _say(response, "readers" if others != readers else None, others)
            if changed != seen:
                going = await _say(response, "changed")
            readers, seen = others, changed
    except (NotFound, Forbidden):
        await _say(response, "changed")
    finally:
        await _leave(request, session, id)
    return response


async def _leave(request: web.Request, session: StaffSession, id: str) -> None:
    try:
        await request.app[DESK].leave(session.worker, id)
    except NotFound:
        return  # passed on to another centre while it was open


async def _stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
    await response.prepare(request)
    await response.write(b"retry: 2000\n\n")
    return response


async def _say(response: web.StreamResponse, event: str | None, data: object = "") -> bool:
    """Sends an event, or a sign of life; False once nobody listens."""
    line = f"event: {event}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n" if event else ": here\n\n"
    try:
        await response.write(line.encode())
    except ConnectionError:
        return False
    return True


ROUTES = (
    Route("GET", "/staff/events", inbox_changes, "staff_events", by_itself=True),
    Route("GET", f"/staff/requests/{ID}/events", request_changes, "staff_request_events", by_itself=True),
)
