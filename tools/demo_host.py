"""`make demo-host`: a site of another origin with the button on it (demo/), for trying and for the tests.

The bot must allow it: start it with BOT_FRAME_ANCESTORS=http://127.0.0.1:8090.
"""

from __future__ import annotations

import os
from pathlib import Path

from aiohttp import web

DEMO = Path(__file__).resolve().parent.parent / "demo"
TYPES = {".html": "text/html", ".css": "text/css"}


def demo_app(bot: str) -> web.Application:
    """The site; `bot` is the address its pages fetch the button from."""

    async def serve(request: web.Request) -> web.Response:
        path = DEMO / Path(request.match_info["name"] or "index.html").name
        if not path.is_file():
            raise web.HTTPNotFound
        text = path.read_text(encoding="utf-8").replace("__BOT__", bot)
        # As strict sites do: only what the button needs is allowed.
        policy = f"default-src 'self'; script-src {bot}; frame-src {bot}; style-src 'self'"
        return web.Response(text=text, content_type=TYPES[path.suffix], headers={"Content-Security-Policy": policy})

    app = web.Application()
    app.router.add_get("/{name:[a-z.]*}", serve)
    return app


if __name__ == "__main__":
    print("http://127.0.0.1:8090/ (the bot: BOT_FRAME_ANCESTORS=http://127.0.0.1:8090)")
    address = os.environ.get("BOT_PUBLIC_URL") or f"http://127.0.0.1:{os.environ.get('BOT_PORT', '8080')}"
    web.run_app(demo_app(address), host="127.0.0.1", port=8090, print=None)
