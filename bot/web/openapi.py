"""The OpenAPI 3.1 description of the public API. A test holds it and the routes to each other."""

from __future__ import annotations

from functools import cache
from typing import Any

from bot.web import bodies

ERROR = {
    "description": "RFC 9457 problem",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "from", "kind", "text", "buttons", "services", "at", "language"],
    "properties": {
        "id": {"type": "string"},
        "from": {"enum": ["bot", "person", "staff"]},
        "kind": {"enum": ["text", "services", "safety", "request", "notice"]},
        "text": {"type": "string"},
        "buttons": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["title", "payload"],
                "properties": {"title": {"type": "string"}, "payload": {"type": "string"}},
            },
        },
        "services": {"type": "array", "items": {"type": "object"}},
        "helplines": {
            "type": "array",
            "items": {"type": "object", "required": ["id", "name", "number", "tel", "hours", "languages"]},
        },
        "at": {"type": "string", "format": "date-time"},
        "language": {"type": "string"},
        "client_id": {"type": "string"},
    },
}


def _json(schema: dict[str, Any], text: str = "OK") -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


STRING = {"type": "string"}
MESSAGES = {"type": "array", "items": _ref("Message")}
CENTRE = {"type": "object", "required": ["code", "place", "status"]}
FLAG = {"type": "boolean"}
FRESHNESS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["source", "services", "last_success", "age_seconds", "stale", "last_try_failed"],
        "properties": {
            "source": STRING,
            "services": {"type": "integer"},
            "last_success": {"type": ["string", "null"], "format": "date-time"},
            "age_seconds": {"type": ["integer", "null"]},
            "stale": FLAG,
            "last_try_failed": FLAG,
        },
    },
}
ID = {"name": "id", "in": "path", "required": True, "schema": STRING}
REFERENCE = {"name": "reference", "in": "path", "required": True, "schema": STRING}
PIN = {"name": "X-Pin", "in": "header", "required": True, "schema": STRING}
TOKEN: list[dict[str, list[str]]] = [{"conversation": []}]


def _query(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "required": False, "schema": STRING} for name in names]


def _body(name: str) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": _ref(name)}}}


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    empty = {"description": "Done"}
    calls: dict[str, dict[str, dict[str, Any]]] = {
        "/api/v1/openapi.json": {"get": {"responses": {"200": _json({"type": "object"})}}},
        "/api/v1/languages": {
            "get": {
                "responses": {
                    "200": _json(
                        {"type": "array", "items": _object(code=STRING, name=STRING, dir=STRING, review=STRING)}
                    )
                }
            }
        },
        "/api/v1/conversations": {
            "post": {
                "requestBody": _body("StartConversation"),
                "responses": {"201": _json(_object(id=STRING, token=STRING, language=STRING, messages=MESSAGES))},
            }
        },
        "/api/v1/conversations/{id}": {
            "get": {
                "parameters": [ID],
                "security": TOKEN,
                "responses": {"200": _json(_object(id=STRING, language=STRING, status=STRING, messages=MESSAGES))},
            },
            "patch": {
                "parameters": [ID],
                "security": TOKEN,
                "requestBody": _body("ChangeLanguage"),
                "responses": {"200": _json(_object(id=STRING, language=STRING, status=STRING))},
            },
            "delete": {"parameters": [ID], "security": TOKEN, "responses": {"204": empty}},
        },
        "/api/v1/conversations/{id}/messages": {
            "post": {
                "parameters": [ID],
                "security": TOKEN,
                "requestBody": _body("SendMessage"),
                "responses": {"200": _json(_object(language=STRING, messages=MESSAGES))},
            }
        },
        "/api/v1/conversations/{id}/events": {
            "get": {
                "parameters": [ID],
                "security": TOKEN,
                "responses": {"200": {"description": "Server-Sent Events", "content": {"text/event-stream": {}}}},
            }
        },
        "/api/v1/conversations/{id}/transcript": {
            "get": {
                "parameters": [ID, *_query("format")],
                "security": TOKEN,
                "responses": {"200": {"description": "A file", "content": {"text/plain": {}, "text/html": {}}}},
            }
        },
        "/api/v1/services": {
            "get": {
                "parameters": _query(
                    "q",
                    "municipality",
                    "need",
                    "age_group",
                    "language",
                    "service_language",
                    "delivery",
                    "open_now",
                    "limit",
                ),
                "responses": {
                    "200": _json(_object(language=STRING, services={"type": "array", "items": {"type": "object"}}))
                },
            }
        },
        "/api/v1/services/{id}": {"get": {"parameters": [ID], "responses": {"200": _json({"type": "object"})}}},
        "/api/v1/family-centres": {"get": {"parameters": _query("place"), "responses": {"200": _json(CENTRE)}}},
        "/api/v1/contact-requests": {
            "post": {
                "parameters": [{"name": "Idempotency-Key", "in": "header", "required": True, "schema": STRING}],
                "requestBody": _body("NewContactRequest"),
                "responses": {"201": _json(_object(reference=STRING, pin=STRING, family_centre=CENTRE, due=STRING))},
            }
        },
        "/api/v1/contact-requests/{reference}": {
            "get": {
                "parameters": [REFERENCE, PIN],
                "responses": {
                    "200": _json(
                        _object(
                            reference=STRING,
                            status=STRING,
                            family_centre=CENTRE,
                            due=STRING,
                            own_worker={"type": ["string", "null"]},
                            answers={"type": "array", "items": _object(at=STRING, text=STRING)},
                            events={"type": "array", "items": _object(at=STRING, kind=STRING)},
                        )
                    )
                },
            },
            "delete": {"parameters": [REFERENCE, PIN], "responses": {"204": empty}},
        },
        "/api/v1/feedback": {"post": {"requestBody": _body("Feedback"), "responses": {"204": empty}}},
        "/health/live": {"get": {"responses": {"200": _json(_object(status=STRING))}}},
        "/health/ready": {
            "get": {"responses": {"200": _json(_object(database=FLAG, engine=FLAG, catalogue=FRESHNESS))}}
        },
    }
    for path in calls.values():
        for call in path.values():
            call["responses"]["default"] = ERROR
    shapes = (
        bodies.StartConversation,
        bodies.SendMessage,
        bodies.ChangeLanguage,
        bodies.NewContactRequest,
        bodies.Feedback,
    )
    problem = _object(type=STRING, title=STRING, status={"type": "integer"}, detail=STRING)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pyydä apua", "version": "1"},
        "paths": calls,
        "components": {
            "schemas": {
                "Message": MESSAGE,
                "Problem": problem,
                **{shape.__name__: shape.model_json_schema() for shape in shapes},
            },
            "securitySchemes": {"conversation": {"type": "http", "scheme": "bearer"}},
        },
    }
