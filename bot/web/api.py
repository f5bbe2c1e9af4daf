"""The public HTTP API, version 1 (../shared/design/API.md; described in bot/web/openapi.py)."""

from __future__ import annotations

import asyncio
import html
from typing import Any

from aiohttp import web

from bot import clock
from bot.catalogue import sources
from bot.conversation import feedback
from bot.conversation.service import text_of_transcript
from bot.i18n import languages, supported, translate
from bot.requests.draft import Invalid, RequestDraft
from bot.requests.service import KeyReused, NotFound, TooManyTries
from bot.routing.places import regions
from bot.web import bodies
from bot.web.keys import CATALOGUE, CONVERSATIONS, DATABASE, ENGINE, REQUESTS
from bot.web.locale import language_of
from bot.web.openapi import description
from bot.web.problems import Problem
from bot.web.security import limit_address
from bot.web.shapes import centre_json, conversation_problems, place_name

routes = web.RouteTableDef()
BASE = "/api/v1"


@routes.get(BASE + "/openapi.json", name="openapi")
async def openapi(request: web.Request) -> web.Response:
    """The description of this API."""
    return web.json_response(description())


@routes.get(BASE + "/languages", name="languages")
async def list_languages(request: web.Request) -> web.Response:
    """The supported languages."""
    return web.json_response(
        [
            {"code": each.code, "name": each.name, "dir": each.dir, "review": each.review}
            for each in languages().values()
        ]
    )


@routes.post(BASE + "/conversations", name="start_conversation")
async def start_conversation(request: web.Request) -> web.Response:
    """Starts a conversation; the token in the answer opens it from now on."""
    body = await bodies.read(request, bodies.StartConversation)
    if body.language is not None and not supported(body.language):
        raise Problem(422, "language")
    await limit_address(request, "conversation")
    place = place_name(body.municipality or "")
    made = await request.app[CONVERSATIONS].start(body.language or language_of(request), place)
    return web.json_response(
        {"id": made.id, "token": made.token, "language": made.language, "messages": made.messages}, status=201
    )


@routes.get(BASE + "/conversations/{id}", name="get_conversation")
async def get_conversation(request: web.Request) -> web.Response:
    """The conversation so far."""
    with conversation_problems():
        found = await request.app[CONVERSATIONS].get(*_credentials(request))
    return web.json_response(
        {"id": found.id, "language": found.language, "status": found.status, "messages": found.messages}
    )


@routes.post(BASE + "/conversations/{id}/messages", name="send_message")
async def send_message(request: web.Request) -> web.Response:
    """Answers one message."""
    id_, token = _credentials(request)
    body = await bodies.read(request, bodies.SendMessage)
    if body.payload is None and body.text is None:
        raise Problem(422, "empty")
    text = body.text if body.text is not None else str(body.payload)
    with conversation_problems():
        # A family that closes its phone has still sent its message: the turn is finished without it.
        answer = await asyncio.shield(request.app[CONVERSATIONS].handle(id_, token, body.id, text, body.payload))
    return web.json_response({"language": answer.language, "messages": answer.messages})


@routes.patch(BASE + "/conversations/{id}", name="change_language")
async def change_language(request: web.Request) -> web.Response:
    """Switches the language."""
    id_, token = _credentials(request)
    body = await bodies.read(request, bodies.ChangeLanguage)
    if not supported(body.language):
        raise Problem(422, "language")
    with conversation_problems():
        found = await request.app[CONVERSATIONS].set_language(id_, token, body.language)
    return web.json_response({"id": found.id, "language": found.language, "status": found.status})


@routes.get(BASE + "/conversations/{id}/transcript", name="transcript")
async def transcript(request: web.Request) -> web.Response:
    """The conversation as a file the person can keep."""
    with conversation_problems():
        found = await request.app[CONVERSATIONS].get(*_credentials(request))
    form = request.query.get("format", "txt")
    if form not in ("txt", "html"):
        raise Problem(422, "invalid", errors=[{"field": "format", "detail": "txt, html"}])
    text = text_of_transcript(found.messages, found.language)
    if form == "html":
        language = languages()[found.language]
        body = html.escape(text).replace("\n", "<br>\n")
        text = (
            f'<!doctype html><html lang="{language.code}" dir="{language.dir}"><meta charset="utf-8">'
            f"<title>{html.escape(translate('Conversation', language.code))}</title><p>{body}</p></html>"
        )
    return web.Response(
        text=text,
        content_type="text/html" if form == "html" else "text/plain",
        charset="utf-8",
        headers={"Content-Disposition": f'attachment; filename="conversation.{form}"'},
    )


@routes.delete(BASE + "/conversations/{id}", name="erase_conversation")
async def erase_conversation(request: web.Request) -> web.Response:
    """Erases the conversation now."""
    with conversation_problems():
        await request.app[CONVERSATIONS].erase(*_credentials(request))
    return web.Response(status=204)


@routes.get(BASE + "/services", name="search_services")
async def search_services(request: web.Request) -> web.Response:
    """Catalogue search."""
    query = request.query
    language = language_of(request)
    municipality = None
    if named := query.get("municipality", "").strip()[:200]:
        place = regions().resolve(named)
        if place is None:
            raise Problem(422, "invalid", errors=[{"field": "municipality", "detail": _UNKNOWN_PLACE}])
        municipality = place.municipality_code
    try:
        limit = min(50, max(1, int(query.get("limit", "10"))))
    except ValueError:
        raise Problem(422, "invalid", errors=[{"field": "limit", "detail": "1-50"}]) from None
    found = await request.app[CATALOGUE].search(
        query.get("q", "")[:1000],
        language=language,
        need=query.get("need") or None,
        municipality=municipality,
        age_group=query.get("age_group") or None,
        service_language=query.get("service_language") or None,
        delivery=query.get("delivery") or None,
        open_now=query.get("open_now") == "yes",
        limit=limit,
    )
    return web.json_response({"language": language, "services": [each.card(language) for each in found]})


@routes.get(BASE + "/services/{id}", name="get_service")
async def get_service(request: web.Request) -> web.Response:
    """One service."""
    service = await request.app[CATALOGUE].get(request.match_info["id"])
    if service is None:
        raise Problem(404, "not_found")
    return web.json_response(service.to_json())


@routes.get(BASE + "/family-centres", name="family_centre")
async def family_centre(request: web.Request) -> web.Response:
    """The family centre of a place."""
    named = request.query.get("place", "").strip()[:200]
    centre = regions().family_centre(named) if named else None
    if centre is None:
        raise Problem(404 if named else 422, "not_found" if named else "empty")
    return web.json_response(centre_json(centre))


@routes.post(BASE + "/contact-requests", name="send_contact_request")
async def send_contact_request(request: web.Request) -> web.Response:
    """The form without the chat."""
    key = request.headers.get("Idempotency-Key", "")
    if not 8 <= len(key) <= 200:
        raise Problem(400, "key_missing")
    body = await bodies.read(request, bodies.NewContactRequest)
    await limit_address(request, "request")
    try:
        receipt = await request.app[REQUESTS].submit(RequestDraft(**body.model_dump()), f"api:{key}")
    except Invalid as error:
        raise Problem(
            422, "invalid", errors=[{"field": each.field, "detail": each.message} for each in error.problems]
        ) from None
    except KeyReused:
        raise Problem(409, "key_reused") from None
    return web.json_response(
        {
            "reference": receipt.reference,
            "pin": receipt.pin,
            "family_centre": centre_json(regions().serving(receipt.centre)),
            "due": receipt.due.isoformat(),
        },
        status=201,
    )


@routes.get(BASE + "/contact-requests/{reference}", name="request_status")
async def request_status(request: web.Request) -> web.Response:
    """What has happened to a request."""
    status = await _with_pin(request, request.app[REQUESTS].status)
    return web.json_response(
        {
            "reference": status.reference,
            "status": status.status,
            "family_centre": centre_json(regions().serving(status.centre)),
            "due": status.due.isoformat(),
            "own_worker": status.own_worker,
            "answers": [{"at": at.isoformat(), "text": text} for at, text in status.answers],
            "events": [{"at": at.isoformat(), "kind": kind} for at, kind in status.events],
        }
    )


@routes.delete(BASE + "/contact-requests/{reference}", name="withdraw_request")
async def withdraw_request(request: web.Request) -> web.Response:
    """Withdraws a request and erases what was written in it."""
    await _with_pin(request, request.app[REQUESTS].withdraw)
    return web.Response(status=204)


@routes.post(BASE + "/feedback", name="send_feedback")
async def send_feedback(request: web.Request) -> web.Response:
    """Keeps a rating and words."""
    body = await bodies.read(request, bodies.Feedback)
    if body.rating is None and not body.words.strip():
        raise Problem(422, "empty")
    await limit_address(request, "feedback")
    language = body.language if supported(body.language) else "fi"
    await feedback.keep(request.app[DATABASE], language, body.rating, body.words)
    return web.Response(status=204)


@routes.get("/health/live", name="live")
async def live(request: web.Request) -> web.Response:
    """The process is up."""
    return web.json_response({"status": "up"})


@routes.get("/health/ready", name="ready")
async def ready(request: web.Request) -> web.Response:
    """Database and engine answer; how fresh the services are is told, but stale ones are better than none."""
    database, engine = await asyncio.gather(request.app[DATABASE].answers(), request.app[ENGINE].ready())
    catalogue = [_freshness(each) for each in await sources.statuses(request.app[DATABASE])] if database else []
    return web.json_response(
        {"database": database, "engine": engine, "catalogue": catalogue}, status=200 if database and engine else 503
    )


def _freshness(status: sources.SourceStatus) -> dict[str, Any]:
    now = clock.now()
    age = status.age(now)
    return {
        "source": status.source,
        "services": status.services,
        "last_success": status.succeeded_at.isoformat() if status.succeeded_at else None,
        "age_seconds": int(age.total_seconds()) if age is not None else None,
        "stale": status.stale(now),
        "last_try_failed": status.error is not None,
    }


_UNKNOWN_PLACE = "We did not find this place. Write your municipality or postal code."


def _credentials(request: web.Request) -> tuple[str, str]:
    scheme, _sep, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(401, "unknown_conversation", headers={"WWW-Authenticate": "Bearer"})
    return request.match_info["id"], token.strip()


async def _with_pin(request: web.Request, call: Any) -> Any:
    await limit_address(request, "pin")
    try:
        return await call(request.match_info["reference"], request.headers.get("X-Pin", ""))
    except NotFound:
        raise Problem(404, "unknown_request") from None
    except TooManyTries as error:
        raise Problem(429, "too_many", headers={"Retry-After": str(error.seconds)}) from None
