"""Reading request bodies: typed, bounded, with clear problems for what is wrong."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.i18n import _
from bot.web.problems import Problem

Body = TypeVar("Body", bound=BaseModel)
_CHECK = _("Check this answer.")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)


class StartConversation(_Strict):
    """POST /conversations; `municipality` (code or name) of the site the chat stands on."""

    language: str | None = None
    municipality: str | None = Field(default=None, max_length=100)


class SendMessage(_Strict):
    """POST /conversations/{id}/messages: typed text, or a button's payload (with its title as text)."""

    id: str = Field(min_length=8, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    text: str | None = None
    payload: str | None = Field(default=None, pattern=r"^/[a-z_]+(\{.*\})?$")


class ChangeLanguage(_Strict):
    """PATCH /conversations/{id}."""

    language: str


class NewContactRequest(_Strict):
    """POST /contact-requests: the fields of bot.requests.draft.RequestDraft; ages in months."""

    language: str
    story: str = ""
    need: str = "open"
    place: str = ""
    child_ages: list[int] = []
    name: str | None = None
    contact: str | None = None
    safe: str | None = None
    interpreter: bool = False
    contact_language: str | None = None
    writer: str | None = None
    consent: bool = False


class Feedback(_Strict):
    """POST /feedback."""

    rating: int | None = Field(default=None, ge=1, le=5)
    words: str = Field(default="", max_length=4000)
    language: str = "fi"


async def read(request: web.Request, shape: type[Body]) -> Body:
    """The body as `shape`; raises Problem 400 (not JSON in UTF-8), 413 or 422 (wrong fields)."""
    raw = await request.read()
    try:
        value: Any = json.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise Problem(400, "malformed") from None
    if not isinstance(value, dict) or _has_surrogates(value):
        raise Problem(400, "malformed")
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        fields = [".".join(str(part) for part in row["loc"]) for row in error.errors()]
        raise Problem(
            422, "invalid", errors=[{"field": field, "detail": _CHECK} for field in dict.fromkeys(fields)]
        ) from None


def _has_surrogates(value: Any) -> bool:
    # JSON may smuggle half characters (\ud800) past UTF-8; no database takes them.
    if isinstance(value, str):
        return any("\ud800" <= char <= "\udfff" or char == "\0" for char in value)
    if isinstance(value, dict):
        return any(_has_surrogates(k) or _has_surrogates(v) for k, v in value.items())
    return isinstance(value, list) and any(_has_surrogates(each) for each in value)
