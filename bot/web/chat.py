"""The chat page, and the same in a frame on another site. It works before its scripts have come, and without them.

Without scripts every message is a form: the page comes back with the conversation. What the page knows then (the
conversation's id and token) stands in it and nowhere else; with scripts the tab's own memory takes over from there.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

from aiohttp import web
from babel import Locale, UnknownLocaleError

from bot.catalogue.model import in_language
from bot.conversation.messages import Message
from bot.conversation.phrases import greeting
from bot.conversation.service import Conversation
from bot.i18n import _, languages, locale_of, translate
from bot.web.keys import CATALOGUE, CONVERSATIONS
from bot.web.locale import language_of
from bot.web.page import EXIT_URL, get, page, post
from bot.web.problems import Problem
from bot.web.security import limit_address
from bot.web.shapes import conversation_problems, place_name

routes = web.RouteTableDef()

# What the page's scripts say by themselves.
SCRIPT_TEXTS = {
    "typing": _("I am thinking …"),
    "staffTyping": _("A worker is writing …"),
    "offline": _("No connection. Your message was not sent."),
    "noConnection": _("No connection. You can read and write, and send when the connection is back."),
    "again": _("Send again"),
    "person": _("You"),
    "bot": _("Bot"),
    "staff": _("Worker"),
    "open": _("Open the page"),
    "form": _("Contact request form"),
    "finnish": _("In Finnish: %(name)s"),
    "erased": _("The conversation is erased."),
    "gone": _("The earlier conversation has ended. We start a new one."),
    "unread": _("%(count)s new"),
}


@get(routes, "/")
async def chat(request: web.Request) -> web.StreamResponse:
    """The chat; its first view is complete without a script. `?about=` names a service: a question on it is begun."""
    language = language_of(request)
    found = await request.app[CATALOGUE].get(request.query["about"][:100]) if request.query.get("about") else None
    draft = ""
    if found is not None:
        name = in_language(found.names, language)
        draft = translate(_("I have a question about this service: %(name)s."), language, name=name) + " "
    return _view(request, "chat.html", draft=draft)


@post(routes, "/")
async def write(request: web.Request) -> web.StreamResponse:
    """A message sent by the form: answers it and shows the conversation."""
    return await _written(request, "chat.html")


@get(routes, "/widget")
async def frame(request: web.Request) -> web.StreamResponse:
    """The chat for a frame; which sites may show it is a setting."""
    return _view(request, "widget.html")


@post(routes, "/widget")
async def write_in_frame(request: web.Request) -> web.StreamResponse:
    """The same form in the frame."""
    return await _written(request, "widget.html")


def _view(request: web.Request, template: str, found: Conversation | None = None, *, draft: str = "") -> web.Response:
    language = found.language if found else language_of(request)
    place = place_name(request.query.get("municipality", "")[:100])
    messages = found.messages if found else greeting(language, place)
    known = {"id": found.id, "token": found.token, "language": language} if found else None
    return page(
        request,
        template,
        language=language,
        draft=draft,
        messages=messages,
        framed=template == "widget.html",
        conversation=known,
        key=str(uuid.uuid4()),
        dirs={each.code: each.dir for each in languages().values()},
        names=_language_names(language, messages),
        municipality=request.query.get("municipality", "")[:100] if place else "",
        script={
            "language": language,
            "texts": {name: translate(msgid, language) for name, msgid in SCRIPT_TEXTS.items()},
            "rtl": [each.code for each in languages().values() if each.rtl],
            "exit": EXIT_URL,
            "conversation": known,
            "place": place,
        },
    )


async def _written(request: web.Request, template: str) -> web.Response:
    posted = {name: str(value) for name, value in (await request.post()).items()}
    conversations = request.app[CONVERSATIONS]
    said = _said(posted)
    if not said["text"].strip() and not posted.get("id"):
        return _view(request, template)
    with conversation_problems():
        if posted.get("id"):
            id_, token = posted["id"], posted.get("token", "")
        else:
            await limit_address(request, "conversation")
            place = place_name(request.query.get("municipality", "")[:100])
            made = await conversations.start(language_of(request), place)
            id_, token = made.id, made.token
        if said["text"].strip():
            key = posted.get("key", "")[:64] or str(uuid.uuid4())
            await asyncio.shield(conversations.handle(id_, token, key, said["text"], said["payload"]))
        found = await conversations.get(id_, token)
    found.token = token
    return _view(request, template, found)


def _said(posted: dict[str, str]) -> dict[str, Any]:
    """What was typed, or the quick reply that was pressed: its value is `{"text", "payload"}`."""
    if "say" not in posted:
        return {"text": posted.get("text", ""), "payload": None}
    try:
        value = json.loads(posted["say"])
        text, payload = str(value["text"]), str(value["payload"])
    except (ValueError, KeyError, TypeError):
        raise Problem(400, "malformed") from None
    if not payload.startswith("/"):
        raise Problem(400, "malformed")
    return {"text": text, "payload": payload}


def _language_names(language: str, messages: list[Message]) -> dict[str, str]:
    """The helplines' languages as the reader calls them."""
    codes = {code for each in messages for line in each.get("helplines", []) for code in line["languages"]}
    return {code: _name(code, language) for code in codes}


def _name(code: str, language: str) -> str:
    try:
        return Locale.parse(code).get_display_name(locale_of(language)) or code
    except (UnknownLocaleError, ValueError):
        return code
