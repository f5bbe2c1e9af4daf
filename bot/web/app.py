"""The public application: API, pages and the staff desk, put together."""

from __future__ import annotations

from aiohttp import web

from bot.web import api, assets, browse, chat, events, pages, widget
from bot.web.problems import problems
from bot.web.security import security_headers
from bot.web.staff import add_staff

BODY_MAX = 64 * 1024
"""Bytes of a request body; the longest form is a quarter of it."""


def public_app() -> web.Application:
    """The application of the public port; `bot.server` puts the rooms in."""
    app = web.Application(middlewares=[security_headers, problems], client_max_size=BODY_MAX)
    app.add_routes(api.routes)
    app.add_routes(events.routes)
    app.add_routes(assets.routes)
    app.add_routes(chat.routes)
    app.add_routes(widget.routes)
    app.add_routes(pages.routes)
    app.add_routes(browse.routes)
    add_staff(app)
    app.on_shutdown.append(events.end_streams)
    return app
