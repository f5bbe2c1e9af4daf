"""What several routes share: JSON shapes of domain objects, and what becomes of a conversation's errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.conversation.service import BadMessage, TooFast
from bot.conversation.store import RECENT, UnknownConversation
from bot.routing.places import FamilyCentre, regions
from bot.web.problems import Problem


def centre_json(centre: FamilyCentre) -> dict[str, Any]:
    """A family centre; name, address and phone only once the county has confirmed them."""
    known = centre.confirmed
    return {
        "code": centre.code,
        "place": centre.place_label,
        "area": centre.area,
        "name": centre.name if known else None,
        "address": centre.address if known else None,
        "phone": centre.phone if known else None,
        "status": centre.status,
    }


def place_name(named: str) -> str | None:
    """The name of a municipality given by code or name; None where it is not one of ours."""
    found = regions().municipality(named) if named else None
    return found.name if found else None


@contextmanager
def conversation_problems() -> Iterator[None]:
    """Turns the conversation room's errors into problems."""
    try:
        yield
    except UnknownConversation:
        raise Problem(404, "unknown_conversation") from None
    except TooFast:
        raise Problem(429, "too_many", headers={"Retry-After": str(int(RECENT.total_seconds()))}) from None
    except BadMessage as error:
        raise Problem(409 if error.reason == "reused" else 422, error.reason) from None
