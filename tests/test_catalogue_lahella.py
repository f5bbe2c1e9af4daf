"""Activities of Lähellä.fi become services only where what they tell is enough to send a family there."""

from __future__ import annotations

from typing import Any

import pytest

from bot.catalogue.lahella import parse_activity, plain
from bot.catalogue.ptv11 import BadRecord


def activity(**more: Any) -> dict[str, Any]:
    """A weekly family café in Kuusamo; its numbers are made up."""
    traits = {
        "type": "support",
        "translations": {
            "fi": {
                "name": "Perhekahvila",
                "summary": "<p>Tule &amp; tapaa <b>muita</b>.</p><ul><li>Kahvia</li></ul>",
                "registration": "<p>Ei ilmoittautumista.</p>",
            },
            "sv": {"name": "Familjekafé"},
        },
        "theme": ["vertaistuki"],
        "locale": ["fi-FI", "sv_FI"],
        "demographic": [],
        "region": ["city/FI/Kuusamo", "city/FI/Taivalkoski", "city/FI/Helsinki"],
        "pricing": ["free"],
    }
    return {
        "_key": "kahvila-1",
        "status": "published",
        "traits": {**traits, **more.pop("traits", {})},
        "contacts": [
            {"type": "phone", "value": "040 123 4567"},
            {"type": "website", "value": "https://example.org/kahvila"},
            {"type": "website", "value": "javascript:alert(1)"},
        ],
        "channels": [
            {
                "type": "place",
                "map": {"center": [29.183, 65.966]},
                "translations": {"fi": {"address": "Testikatu 1, 93600 Kuusamo"}},
                "events": [{"start": "2020-01-01T10:00:00", "recurrence": {"period": "P1W"}}],
            }
        ],
        **more,
    }


def test_an_activity_becomes_a_service() -> None:
    service = parse_activity(activity())
    assert (service.id, service.source) == ("lahella:kahvila-1", "lahella")
    assert service.names == {"fi": "Perhekahvila", "sv": "Familjekafé"}
    assert service.summaries["fi"] == "Tule & tapaa muita."
    assert service.descriptions["fi"] == "Tule & tapaa muita.\nKahvia"
    assert service.municipalities == {"305", "832"}  # Helsinki is another county's
    assert service.needs == ("need_peer_support",)
    assert service.languages == ("fi", "sv")
    assert service.charge == "free"
    assert service.delivery == ("on_site", "remote")
    place, phone, web = service.channels
    assert (place.lat, place.lon, place.address["fi"]) == (65.966, 29.183, "Testikatu 1, 93600 Kuusamo")
    assert (phone.number, phone.tel) == ("040 123 4567", "+358401234567")
    assert web.urls == {"fi": "https://example.org/kahvila"}


def test_a_call_for_volunteers_is_not_shown_to_families_in_need() -> None:
    assert parse_activity(activity(traits={"type": "voluntary"})).audience == "other"
    assert parse_activity(activity(traits={"type": "hobby"})).needs == ("need_leisure",)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"_key": None}, "no _key"),
        ({"status": "draft"}, "status is draft"),
        ({"status": None}, "status is not told"),
        ({"traits": {"translations": {"fi": {"name": "<p></p>"}}}}, "no name"),
        ({"traits": {"region": ["city/FI/Helsinki"]}}, "no municipality of North Ostrobothnia"),
        ({"traits": {"region": "Kuusamo"}}, "region is not a list"),
        ({"channels": [{"type": "pigeon"}]}, "unknown channel type pigeon"),
        ({"channels": [{"type": "place", "events": [{"start": "2020-01-01T10:00:00"}]}]}, "its last event is over"),
    ],
)
def test_what_cannot_be_relied_on_is_set_aside(more: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadRecord, match=reason):
        parse_activity(activity(**more))


@pytest.mark.parametrize("centre", [None, [], [29.1], ["x", "y"], [65.9, 29.1], [0, 0]])
def test_a_place_that_is_not_in_finland_has_no_coordinates(centre: Any) -> None:
    (place, *_) = parse_activity(activity(channels=[{"type": "place", "map": {"center": centre}}])).channels
    assert (place.lat, place.lon) == (None, None)


def test_markup_never_survives() -> None:
    assert plain("<p>a</p>&lt;script&gt;alert(1)&lt;/script&gt;<br>b") == "a\nalert(1)\nb"
