"""/widget.js: the button that any site puts on its pages with one line; it opens /widget in a frame.

The script is a file of static/ with the words of every language put in, so that the button needs one request.
"""

from __future__ import annotations

import json
from functools import cache

from aiohttp import web

from bot.i18n import _, languages, translate
from bot.web.assets import Asset, assets, made, respond
from bot.web.keys import SETTINGS

routes = web.RouteTableDef()

WORDS = {
    "help": _("Ask for help"),
    "advice": _("Ask for advice"),
    "close": _("Close the chat"),
    "unread": _("%(count)s new"),
    "tab": _("Open the chat in its own tab"),
}
HOUR = "public, max-age=3600"


@routes.get("/widget.js")
async def script(request: web.Request) -> web.Response:
    """The button's script; sites keep it for an hour."""
    settings = request.app[SETTINGS]
    response = respond(request, _script(settings.widget_label, settings.language), cache_control=HOUR)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@cache
def _script(label: str, language: str) -> Asset:
    words = {
        code: {"dir": each.dir, **{name: translate(msgid, code) for name, msgid in WORDS.items()}}
        for code, each in languages().items()
    }
    config = json.dumps({"label": label, "language": language, "words": words}, ensure_ascii=False)
    source = assets()["widget.js"].body.decode()
    return made(source.replace("__CONFIG__", config, 1).encode(), "text/javascript")
