"""Errors as RFC 9457 problem details: clear for a person, in their language, and never a stack trace."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.i18n import _, translate
from bot.web.locale import language_of

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TEXTS = {
    "empty": _("The message is empty."),
    "too_long": _("The message is too long. Please shorten it to 1000 characters."),
    "reused": _("This message id was used for another message."),
    "malformed": _("The request could not be read. It must be JSON in UTF-8."),
    "invalid": _("Some answers need to be checked."),
    "unknown_conversation": _("This conversation is not known or has been erased."),
    "unknown_request": _("This reference and PIN do not belong together. Please check them."),
    "key_reused": _("This Idempotency-Key belongs to another request."),
    "key_missing": _("The header Idempotency-Key is missing."),
    "too_many": _("Too many tries. Please wait a moment."),
    "language": _("This language is not supported."),
    "not_found": _("There is nothing here."),
    "not_allowed": _("This cannot be done here."),
    "too_large": _("The request is too large."),
    "failed": _("Something went wrong on our side. Nothing you sent before was lost. Please try again."),
}


class Problem(Exception):
    """Raised anywhere in the web room; becomes an `application/problem+json` answer."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.errors = errors
        self.headers = dict(headers or {})

    def response(self, language: str) -> web.Response:
        """As an answer in `language`."""
        body: dict[str, Any] = {
            "type": f"urn:pyydaapua:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": translate(TEXTS[self.code], language),
        }
        if self.errors is not None:
            body["errors"] = [{**row, "detail": translate(row["detail"], language)} for row in self.errors]
        return web.Response(
            status=self.status,
            body=json.dumps(body, ensure_ascii=False).encode(),
            content_type="application/problem+json",
            headers=self.headers,
        )


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns every failure into a problem; pages get aiohttp's own plain ones."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response(language_of(request))
    except web.HTTPException as error:
        if error.status < 400 or not request.path.startswith(("/api/", "/engine/", "/health/")):
            raise
        code = {404: "not_found", 405: "not_allowed", 413: "too_large"}.get(error.status, "malformed")
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return Problem(error.status, code, headers=headers).response(language_of(request))
    except (ConnectionResetError, ConnectionAbortedError):
        raise
    except Exception:
        # The log names the place, not the family's words.
        log.exception("unhandled error in %s %s", request.method, request.match_info.route.name or "route")
        return Problem(500, "failed").response(language_of(request))
