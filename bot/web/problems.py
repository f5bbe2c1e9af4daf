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
from bot.web.templating import render

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
        return _answer(request, problem)
    except web.HTTPException as error:
        if error.status < 400 or request.path.startswith(("/staff", "/static")):
            raise
        code = {404: "not_found", 405: "not_allowed", 413: "too_large"}.get(error.status, "malformed")
        headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else {}
        return _answer(request, Problem(error.status, code, headers=headers))
    except (ConnectionResetError, ConnectionAbortedError):
        raise
    except Exception:
        # The log names the place, not the family's words.
        log.exception("unhandled error in %s %s", request.method, request.match_info.route.name or "route")
        return _answer(request, Problem(500, "failed"))


def _answer(request: web.Request, problem: Problem) -> web.Response:
    """JSON for programs; a page for a person who opened one."""
    if _is_api(request):
        return problem.response(language_of(request))
    language = language_of(request)
    response = render(
        request, "error.html", language=language, status=problem.status, text=translate(TEXTS[problem.code], language)
    )
    response.headers.update(problem.headers)
    return response


def _is_api(request: web.Request) -> bool:
    return request.path.startswith(("/api/", "/engine/", "/health/"))
