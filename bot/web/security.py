"""Headers that keep the pages safe, and the limits on what one address may start."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta

from aiohttp import web

from bot.storage.throttle import Throttle
from bot.web.keys import DATABASE, NONCE, SETTINGS
from bot.web.problems import Problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def security_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Content-Security-Policy with a nonce, no framing but where configured, no referrer to other sites."""
    request[NONCE] = secrets.token_urlsafe(16)
    response = await handler(request)
    if response.prepared:
        return response
    framed = request.path.rpartition("/")[2] == "widget"
    settings = request.config_dict[SETTINGS]
    nonce = f"'nonce-{request[NONCE]}' 'self'"
    ancestors = " ".join(("'self'", *settings.frame_ancestors)) if framed else "'none'"
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {nonce}; style-src {nonce}; img-src 'self' data:; "
        f"connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if not framed:
        response.headers["X-Frame-Options"] = "DENY"
    if settings.secure_cookies:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if not request.path.startswith("/static/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def address_of(request: web.Request) -> str:
    """The client's address; behind a trusted proxy the last one it forwarded for."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if request.config_dict[SETTINGS].trust_proxy and forwarded:
        return forwarded.split(",")[-1].strip()
    return request.remote or "unknown"


async def limit_address(request: web.Request, purpose: str) -> None:
    """Counts a start of something by this address; raises a 429 Problem past the limit."""
    settings = request.config_dict[SETTINGS]
    throttle = Throttle(request.config_dict[DATABASE], purpose, settings.conversations_per_hour, timedelta(hours=1))
    await _limit(throttle, address_of(request))


async def _limit(throttle: Throttle, key: str) -> None:
    if wait := await throttle.blocked(key):
        raise Problem(429, "too_many", headers={"Retry-After": str(wait)})
    await throttle.count(key)
