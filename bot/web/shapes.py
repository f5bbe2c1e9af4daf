"""JSON shapes of domain objects that several routes answer with."""

from __future__ import annotations

from typing import Any

from bot.routing.places import FamilyCentre


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
