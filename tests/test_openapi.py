"""The API's description and its routes are the same thing, and real answers fit the description."""

from __future__ import annotations

import aiohttp
from conftest import Stack
from jsonschema import Draft202012Validator

from bot.web.app import public_app
from bot.web.openapi import description


def test_every_public_route_is_described_and_nothing_else() -> None:
    routes = {
        (route.method.lower(), route.resource.canonical)
        for route in public_app().router.routes()
        if route.resource is not None and route.resource.canonical.startswith(("/api/", "/health/"))
    }
    routes = {(method, path) for method, path in routes if method != "head"}
    described = {(method, path) for path, calls in description()["paths"].items() for method in calls}
    assert routes == described


async def test_real_answers_fit_the_description(stack: Stack) -> None:
    document = description()
    cases = {
        "/api/v1/languages": "/api/v1/languages",
        "/api/v1/services?q=vauva&limit=3": "/api/v1/services",
        "/api/v1/family-centres?place=Kuusamossa": "/api/v1/family-centres",
        "/health/live": "/health/live",
        "/health/ready": "/health/ready",
    }
    async with aiohttp.ClientSession() as session:
        for call, path in cases.items():
            async with session.get(stack.url + call) as answer:
                assert answer.status == 200
                schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
                whole = {**schema, "components": document["components"]}
                assert not list(Draft202012Validator(whole).iter_errors(await answer.json()))
        async with session.post(f"{stack.url}/api/v1/conversations", json={"language": "ar"}) as answer:
            made = await answer.json()
            schema = {**document["components"]["schemas"]["Message"], "components": document["components"]}
            for message in made["messages"]:
                assert not list(Draft202012Validator(schema).iter_errors(message))
        async with session.get(f"{stack.url}/api/v1/family-centres?place=nowhere") as answer:
            assert answer.status == 404
            assert answer.content_type == "application/problem+json"
