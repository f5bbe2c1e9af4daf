"""The loopback side: Rasa's action webhook, the engine's trackers, and Prometheus' /metrics.

Never on the public listener. The engine proves itself with a secret made at each start.
"""

from __future__ import annotations

import hmac
from typing import Any

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from bot import clock
from bot.catalogue import sources
from bot.storage.database import Database
from bot.web.keys import DATABASE, TRACKERS
from bot.web.problems import Handler

EXECUTOR = web.AppKey("executor", ActionExecutor)
SECRET = web.AppKey("secret", str)
CATALOGUE_SERVICES = Gauge("bot_catalogue_services", "Services families can find", ["source"])
CATALOGUE_AGE = Gauge("bot_catalogue_age_seconds", "Seconds since the last successful refresh", ["source"])
CATALOGUE_STALE = Gauge("bot_catalogue_stale", "1 where it was not refreshed for too long", ["source"])
CATALOGUE_FAILED = Gauge("bot_catalogue_last_try_failed", "1 where the last refresh failed", ["source"])
routes = web.RouteTableDef()


@web.middleware
async def only_the_engine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tracker and action calls need the start's secret, as bearer or (Rasa's action endpoint) as ?token=."""
    if request.path.startswith("/engine/"):
        given = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.query.get("token", "")
        if not hmac.compare_digest(given.encode(), request.app[SECRET].encode()):
            raise web.HTTPForbidden
    return await handler(request)


@routes.post("/engine/actions")
async def run_action(request: web.Request) -> web.Response:
    """Rasa's action call -> `{events, responses}`."""
    call: dict[str, Any] = await request.json()
    # rasa-sdk refuses a call without a domain, and the selective domain leaves it out for most actions.
    if not call.get("domain"):
        call["domain"] = {"actions": []}
    try:
        result = await request.app[EXECUTOR].run(call)
    except ActionExecutionRejection as error:
        return web.json_response({"error": str(error), "action_name": error.action_name}, status=400)
    except ActionNotFoundException as error:
        return web.json_response({"error": str(error), "action_name": error.action_name}, status=404)
    return web.json_response(result.model_dump() if hasattr(result, "model_dump") else result)


@routes.get("/engine/trackers/{id}")
async def load_tracker(request: web.Request) -> web.Response:
    """A stored tracker."""
    tracker = await request.app[TRACKERS].load(request.match_info["id"])
    if tracker is None:
        raise web.HTTPNotFound
    return web.json_response(tracker)


@routes.put("/engine/trackers/{id}")
async def save_tracker(request: web.Request) -> web.Response:
    """Stores a tracker (204); one whose conversation was erased meanwhile is dropped (202)."""
    stored = await request.app[TRACKERS].save(request.match_info["id"], await request.json())
    return web.Response(status=204 if stored else 202)


@routes.get("/metrics")
async def metrics(request: web.Request) -> web.Response:
    """Prometheus' text format; how fresh the services are is looked up when asked, for all processes alike."""
    if DATABASE in request.app:
        await _catalogue(request.app[DATABASE])
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _catalogue(database: Database) -> None:
    now = clock.now()
    for each in await sources.statuses(database):
        CATALOGUE_SERVICES.labels(each.source).set(each.services)
        CATALOGUE_STALE.labels(each.source).set(each.stale(now))
        CATALOGUE_FAILED.labels(each.source).set(each.error is not None)
        age = each.age(now)
        if age is not None:
            CATALOGUE_AGE.labels(each.source).set(age.total_seconds())


def internal_app(executor: ActionExecutor, secret: str, trackers: Any) -> web.Application:
    """The application of the loopback port."""
    app = web.Application(middlewares=[only_the_engine], client_max_size=16 * 1024 * 1024)
    app[EXECUTOR], app[SECRET], app[TRACKERS] = executor, secret, trackers
    app.add_routes(routes)
    return app
