"""A service of the Service Catalogue becomes ours: nothing is lost that a family needs, nothing wrong gets through."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.catalogue.model import Channel, Hours, Service
from bot.catalogue.ptv11 import AGE_GROUPS, BadRecord, derived_needs, dialled, parse_service

SAMPLES = Path(__file__).resolve().parents[2] / "shared" / "data" / "samples" / "ptv_v11_records"

PHONE = "11111111-0000-4000-8000-000000000001"
PLACE = "11111111-0000-4000-8000-000000000002"
WEB = "11111111-0000-4000-8000-000000000003"


def family_counselling() -> dict[str, Any]:
    """A service as the API gives it: names in two languages, nulls, references to channels."""
    return {
        "id": "22222222-0000-4000-8000-000000000001",
        "sourceId": None,
        "type": "Service",
        "publishingStatus": "Published",
        "serviceChargeType": "FreeOfCharge",
        "areaType": "LimitedType",
        "areas": [
            {
                "type": "Municipality",
                "code": None,
                "name": None,
                "municipalities": [
                    {"code": "305", "name": [{"language": "fi", "value": "Kuusamo"}]},
                    {"code": "832", "name": None},
                ],
            }
        ],
        "languages": ["fi", "sv"],
        "serviceNames": [
            {"language": "fi", "type": "Name", "value": "Kasvatus- ja perheneuvonta"},
            {"language": "sv", "type": "Name", "value": "Uppfostrings- och familjerådgivning"},
            {"language": "fi", "type": "AlternativeName", "value": "Perheneuvola"},
            {"language": "en", "type": "Name", "value": None},
        ],
        "serviceDescriptions": [
            {"language": "fi", "type": "Summary", "value": "Apua arjen pulmiin."},
            {"language": "fi", "type": "GD_Description", "value": "Yleinen kuvaus."},
            {"language": "sv", "type": "GD_Description", "value": "Allmän beskrivning."},
            {"language": "fi", "type": "Description", "value": "  Oma   kuvaus.\n\nToinen kappale. "},
            {"language": "fi", "type": "UserInstruction", "value": None},
        ],
        "serviceClasses": [{"code": "P3.7", "name": []}],
        "targetGroups": [{"code": "KR1.2"}],
        "lifeEvents": [],
        "keywords": [{"language": "fi", "value": "uhma"}],
        "ontologyTerms": [{"name": [{"language": "fi", "value": "perheneuvonta"}], "code": None}],
        "organizations": [
            {"roleType": "Producer", "organization": {"id": "x", "name": "Tuottaja Oy"}},
            {"roleType": "Responsible", "organization": {"id": "y", "name": "Pohjois-Pohjanmaan hyvinvointialue"}},
        ],
        "serviceChannels": [
            {"serviceChannel": {"id": PHONE, "name": "Ajanvaraus"}, "serviceHours": []},
            {"serviceChannel": {"id": PLACE, "name": "Toimipiste"}},
            {"serviceChannel": {"id": WEB, "name": "Verkkosivu"}},
            {"serviceChannel": {"id": "unknown", "name": "Tuntematon"}, "contactDetails": None},
        ],
        "modified": "2026-03-01T22:30:00.1234567",
    }


def channels() -> dict[str, dict[str, Any]]:
    """The full records of the channels above. Numbers are made up."""
    return {
        PHONE: {
            "id": PHONE,
            "serviceChannelType": "Phone",
            "publishingStatus": "Published",
            "serviceChannelNames": [{"language": "fi", "type": "Name", "value": "Ajanvaraus"}],
            "languages": ["fi"],
            "phoneNumbers": [
                {"type": "Fax", "prefixNumber": "+358", "number": "81234567", "language": "fi"},
                {"type": "Phone", "prefixNumber": "+358", "number": "401234567", "language": "fi"},
                {"type": "Phone", "prefixNumber": "+358", "number": "0401234567", "language": "sv"},
                {"type": "Phone", "prefixNumber": None, "number": "kysy vaihteesta", "language": "fi"},
            ],
            "serviceHours": [
                {
                    "serviceHourType": "DaysOfTheWeek",
                    "validFrom": None,
                    "isClosed": False,
                    "isAlwaysOpen": False,
                    "openingHour": [
                        {"dayFrom": "Monday", "dayTo": "Thursday", "from": "08:00:00", "to": "16:00:00"},
                        {"dayFrom": "Friday", "dayTo": None, "from": "08:00:00", "to": "14:00:00"},
                    ],
                },
                {
                    "serviceHourType": "Exceptional",
                    "validFrom": "2026-12-23T22:00:00",
                    "validTo": "2026-12-25T22:00:00",
                    "isClosed": True,
                    "openingHour": [],
                },
            ],
        },
        PLACE: {
            "id": PLACE,
            "serviceChannelType": "ServiceLocation",
            "publishingStatus": "Published",
            "serviceChannelNames": [{"language": "fi", "type": "Name", "value": "Toimipiste"}],
            "addresses": [
                {"type": "Postal", "streetAddress": None},
                {
                    "type": "Location",
                    "streetAddress": {
                        "street": [{"language": "fi", "value": "Esimerkkitie"}, {"language": "sv", "value": None}],
                        "streetNumber": "2 B",
                        "postalCode": "93600",
                        "postOffice": [{"language": "fi", "value": "KUUSAMO"}],
                        "municipality": {"code": "305"},
                        "latitude": "7319000",
                        "longitude": "602000",
                    },
                },
            ],
        },
        WEB: {
            "id": WEB,
            "serviceChannelType": "WebPage",
            "publishingStatus": "Published",
            "serviceChannelNames": [{"language": "fi", "type": "Name", "value": "Sivu"}],
            "webPages": [
                {"language": "fi", "url": "https://example.org/fi"},
                {"language": "sv", "url": "javascript:alert(1)"},
            ],
        },
    }


def own() -> dict[str, Any]:
    """A service as data/catalogue writes it: channels inside, needs told."""
    return {
        "id": "33333333-0000-4000-8000-000000000001",
        "sourceId": "pyydaapua:test-line",
        "publishingStatus": "Published",
        "serviceChargeType": None,
        "areaType": "WholeCountry",
        "areas": [],
        "languages": ["fi"],
        "serviceNames": [{"language": "fi", "type": "Name", "value": "Testilinja"}],
        "serviceClasses": [{"code": "P5.7"}],
        "targetGroups": [{"code": "KR1"}],
        "organizations": [{"roleType": "Responsible", "organization": {"name": "Testi ry"}}],
        "serviceChannels": [
            {"type": "Phone", "names": [{"language": "fi", "value": "Testilinja"}], "number": "116 117"},
            {"type": "WebPage", "names": [{"language": "fi", "value": "Sivu"}], "webPage": "https://example.org/"},
        ],
        "pyydaapua": {
            "needs": ["need_grief", "need_parent_mental_health"],
            "ageGroups": ["young_16"],
            "audience": "young",
            "delivery": ["remote"],
        },
    }


def only(service: Service, kind: str) -> Channel:
    found = [channel for channel in service.channels if channel.kind == kind]
    assert len(found) == 1
    return found[0]


def test_what_a_family_needs_of_an_api_service_is_kept() -> None:
    service = parse_service(family_counselling(), channels())
    assert service.names == {"fi": "Kasvatus- ja perheneuvonta", "sv": "Uppfostrings- och familjerådgivning"}
    assert service.alternative_names == {"fi": ("Perheneuvola",)}
    assert service.summaries == {"fi": "Apua arjen pulmiin."}
    assert service.descriptions == {"fi": "Oma kuvaus.\n\nToinen kappale.", "sv": "Allmän beskrivning."}
    assert service.instructions == {}
    assert service.keywords == {"fi": ("uhma", "perheneuvonta")}
    assert service.organisation == "Pohjois-Pohjanmaan hyvinvointialue"
    assert service.charge == "free"
    assert service.languages == ("fi", "sv")
    assert service.source_id == service.id
    assert service.modified == datetime(2026, 3, 1, 22, 30, 0, 123456, tzinfo=UTC)


def test_municipalities_named_in_an_area_are_served_and_no_others() -> None:
    service = parse_service(family_counselling())
    assert service.municipalities == {"305", "832"}
    assert service.serves("305")
    assert not service.serves("564")


@pytest.mark.parametrize(
    ("area_type", "areas", "where"),
    [
        ("Nationwide", [], "country"),
        ("WholeCountry", None, "country"),
        ("NationwideExceptAlandIslands", [], "country"),
        ("LimitedType", [{"type": "WellbeingServiceCounties", "code": "19", "municipalities": None}], "county"),
        ("LimitedType", [{"type": "Region", "code": "17", "municipalities": [{"code": "564"}]}], "county"),
        ("LimitedType", [{"type": "HospitalRegions", "code": "18", "municipalities": [{"code": "9"}]}], "009"),
        ("LimitedType", [{"type": "BusinessSubRegions", "code": "171", "municipalities": [{"code": "564"}]}], "564"),
        ("LimitedType", [{"type": "Municipality", "code": "564"}], "564"),
    ],
)
def test_every_way_of_naming_an_area_is_understood(area_type: str, areas: Any, where: str) -> None:
    service = parse_service({**family_counselling(), "areaType": area_type, "areas": areas})
    assert service.whole_country == (where == "country")
    assert service.county == (where == "county")
    if where.isdigit():
        assert service.municipalities == {where}
    else:
        assert service.municipalities == frozenset()
        assert service.serves("305")


def test_one_number_in_two_languages_is_one_way_to_call_and_a_fax_is_none() -> None:
    phone = only(parse_service(family_counselling(), channels()), "phone")
    assert phone.tel == "+358401234567"
    assert phone.number == "040 1234567"
    assert phone.languages == ("fi", "sv")


def test_opening_hours_keep_days_times_and_the_day_in_finland() -> None:
    phone = only(parse_service(family_counselling(), channels()), "phone")
    assert phone.hours == (
        Hours(first_day=0, last_day=3, opens="08:00", closes="16:00"),
        Hours(first_day=4, last_day=4, opens="08:00", closes="14:00"),
        # 22:00 UTC of 23 December is Christmas Eve in Finland.
        Hours(closed=True, exceptional=True, valid_from=date(2026, 12, 24), valid_to=date(2026, 12, 26)),
    )


def test_a_place_has_its_address_and_a_position_on_the_world_map() -> None:
    place = only(parse_service(family_counselling(), channels()), "location")
    assert place.address == {"fi": "Esimerkkitie 2 B, 93600 Kuusamo"}
    assert place.municipality == "305"
    # Kuusamo's centre lies near 65.97 N, 29.18 E; PTV gives metres of ETRS-TM35FIN.
    assert place.lat == pytest.approx(65.97, abs=0.05)
    assert place.lon == pytest.approx(29.25, abs=0.1)


@pytest.mark.parametrize("wrong", [(None, None), ("", ""), ("65.97", "29.18"), ("north", "east")])
def test_coordinates_that_are_not_metres_in_finland_give_no_position(wrong: tuple[Any, Any]) -> None:
    full = channels()
    full[PLACE]["addresses"][1]["streetAddress"].update(latitude=wrong[0], longitude=wrong[1])
    place = only(parse_service(family_counselling(), full), "location")
    assert (place.lat, place.lon) == (None, None)
    assert place.address


def test_only_web_addresses_become_links() -> None:
    web = only(parse_service(family_counselling(), channels()), "web")
    assert web.urls == {"fi": "https://example.org/fi"}


def test_a_channel_that_was_withdrawn_or_is_not_known_is_not_shown() -> None:
    full = channels()
    full[PHONE]["publishingStatus"] = "Withdrawn"
    kinds = [channel.kind for channel in parse_service(family_counselling(), full).channels]
    assert kinds == ["location", "web"]
    assert parse_service(family_counselling()).channels == ()


def test_contact_details_of_the_connection_itself_are_used() -> None:
    record = family_counselling()
    record["serviceChannels"] = [
        {
            "serviceChannel": {"id": "unknown", "name": "Neuvonta"},
            "contactDetails": {
                "phoneNumbers": [{"prefixNumber": "+358", "number": "401234567", "language": "fi"}],
                "webPages": None,
            },
        }
    ]
    phone = only(parse_service(record), "phone")
    assert (phone.names, phone.tel) == ({"fi": "Neuvonta"}, "+358401234567")


def test_our_own_services_say_their_needs_ages_and_audience() -> None:
    service = parse_service(own(), source="embedded")
    assert service.source == "embedded"
    assert service.source_id == "pyydaapua:test-line"
    assert service.needs == ("need_grief", "need_parent_mental_health")
    assert service.age_groups == ("young_16",)
    assert service.audience == "young"
    assert service.delivery == ("remote",)
    assert service.charge is None
    assert [(channel.kind, channel.tel, channel.urls) for channel in service.channels] == [
        ("phone", "116117", {}),
        ("web", None, {"fi": "https://example.org/"}),
    ]


@pytest.mark.parametrize(
    ("number", "prefix", "expected"),
    [
        ("112", None, ("112", "112")),
        ("116 117", None, ("116 117", "116117")),
        ("080 005 005", None, ("080 005 005", "+35880005005")),
        ("+358 2954 63177", None, ("+358 2954 63177", "+358295463177")),
        ("447943552", "+358", ("044 7943552", "+358447943552")),
        ("701234567", "+46", ("+46 70 123 45 67", "+46701234567")),
        ("0800 1", None, None),
        ("12", None, None),
        ("kysy vaihteesta", None, None),
        ("<b>112</b>", None, None),
        ("", None, None),
    ],
)
def test_a_number_is_dialled_right_or_not_at_all(
    number: str, prefix: str | None, expected: tuple[str, str] | None
) -> None:
    assert dialled(number, prefix) == expected


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda record: record.update(id=None), "no id"),
        (lambda record: record.update(publishingStatus="Archived"), "Archived"),
        (lambda record: record.pop("publishingStatus"), "publishing status"),
        (lambda record: record.update(serviceNames=None), "no name"),
        (lambda record: record.update(serviceNames=[{"language": "fi", "type": "Name", "value": " "}]), "no name"),
        (lambda record: record.update(serviceNames="Nimi"), "serviceNames"),
        (lambda record: record.update(serviceNames=["Nimi"]), "serviceNames"),
        (lambda record: record.update(areaType="LimitedType", areas=[]), "where it is served"),
        (lambda record: record.update(areaType="LimitedType", areas=[{"type": "Planet", "code": "3"}]), "Planet"),
        (lambda record: record["pyydaapua"].update(needs=["need_moon"]), "need_moon"),
        (lambda record: record["pyydaapua"].update(ageGroups=["old"]), "old"),
        (lambda record: record["pyydaapua"].update(delivery=["by_air"]), "by_air"),
        (lambda record: record["pyydaapua"].update(audience="everyone"), "everyone"),
        (lambda record: record["serviceChannels"][0].update(number="116 11"), "cannot be dialled"),
        (lambda record: record["serviceChannels"][0].update(type="Pigeon"), "Pigeon"),
        (lambda record: record.update(pyydaapua=["need_grief"]), "pyydaapua"),
    ],
)
def test_a_bad_record_is_refused_and_says_why(change: Callable[[dict[str, Any]], Any], reason: str) -> None:
    record = copy.deepcopy(own())
    change(record)
    with pytest.raises(BadRecord, match=reason):
        parse_service(record)


@pytest.mark.parametrize("record", [None, [], "service", 3])
def test_what_is_no_object_is_a_bad_record(record: Any) -> None:
    with pytest.raises(BadRecord):
        parse_service(record)


@pytest.mark.parametrize("key", [key for key in family_counselling() if key not in ("id", "publishingStatus")])
def test_a_null_is_tolerated_except_for_the_name_and_the_place(key: str) -> None:
    record = {**family_counselling(), key: None}
    if key in ("serviceNames", "areas"):
        with pytest.raises(BadRecord):
            parse_service(record, channels())
        return
    assert parse_service(record, channels()).names["fi"] == "Kasvatus- ja perheneuvonta"


@pytest.mark.parametrize(
    ("changes", "need"),
    [
        ({"serviceClasses": [{"code": "P3.7"}]}, "need_parenting"),
        ({"serviceClasses": [{"code": "P4.9"}]}, "need_school"),
        ({"serviceClasses": [{"code": "P3.4"}]}, "need_daycare"),
        ({"serviceClasses": [], "lifeEvents": [{"code": "KE14"}]}, None),
        ({"serviceClasses": [{"code": "P5.7"}], "lifeEvents": [{"code": "KE14"}]}, "need_grief"),
        ({"lifeEvents": [{"code": "KE7"}]}, "need_divorce"),
        ({"serviceClasses": [{"code": "P4.4"}], "targetGroups": [{"code": "KR1.6"}]}, "need_disability"),
        (
            {"serviceClasses": [{"newUri": "http://uri.suomi.fi/codelist/ptv/ptvserclass2/code/P4.11"}]},
            "need_integration",
        ),
    ],
)
def test_needs_are_worked_out_from_codes(changes: dict[str, Any], need: str | None) -> None:
    found = parse_service({**family_counselling(), **changes}).needs
    if need is None:
        assert "need_grief" in found
    else:
        assert need in found


def test_family_work_is_not_taken_for_help_against_violence_but_a_shelter_is() -> None:
    record = {**family_counselling(), "serviceClasses": [{"code": "P3.6"}], "ontologyTerms": []}
    record["serviceNames"] = [{"language": "fi", "type": "Name", "value": "Tehostettu perhetyö"}]
    assert "need_violence" not in parse_service(record).needs
    record["serviceNames"] = [{"language": "fi", "type": "Name", "value": "Turvakoti väkivaltaa kokeneille"}]
    assert parse_service(record).needs[0] == "need_violence"


def test_a_crisis_is_never_worked_out_from_codes() -> None:
    service = parse_service({**family_counselling(), "serviceClasses": [{"code": "P5.5"}, {"code": "P5.7"}]})
    assert service.needs
    assert not any(need.startswith("crisis_") for need in service.needs)


def test_a_service_for_firms_or_the_old_is_not_for_families() -> None:
    service = parse_service({**family_counselling(), "targetGroups": [{"code": "KR2.6"}, {"code": "KR1.1"}]})
    assert service.audience == "other"
    assert derived_needs(service) == ()


@pytest.mark.parametrize(
    ("changes", "groups"),
    [
        ({"serviceClasses": [{"code": "P5.2"}]}, ("expecting", "under_school")),
        ({"serviceClasses": [{"code": "P5.9"}]}, ("school_age", "young_16")),
        ({"serviceClasses": [{"code": "P28.4"}], "targetGroups": [{"code": "KR1.3"}]}, ("school_age", "young_16")),
        ({"serviceClasses": [{"code": "P3.6"}], "targetGroups": [{"code": "KR1.2"}]}, AGE_GROUPS),
        ({"serviceClasses": [{"code": "P1.1"}], "targetGroups": [{"code": "KR1"}]}, ()),
    ],
)
def test_age_groups_are_worked_out_from_codes(changes: dict[str, Any], groups: tuple[str, ...]) -> None:
    assert parse_service({**family_counselling(), **changes}).age_groups == groups


def test_a_service_survives_the_way_through_json() -> None:
    for service in (parse_service(family_counselling(), channels()), parse_service(own())):
        again = Service.from_json(json.loads(json.dumps(service.to_json())))
        assert again == service
        assert again.digest() == service.digest()


def test_a_new_time_stamp_alone_is_no_change() -> None:
    later = {**family_counselling(), "modified": "2026-04-01T00:00:00"}
    assert parse_service(later).digest() == parse_service(family_counselling()).digest()
    renamed = copy.deepcopy(family_counselling())
    renamed["serviceNames"][0]["value"] = "Perheneuvonta"
    assert parse_service(renamed).digest() != parse_service(family_counselling()).digest()


@pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="the real records of the Service Catalogue are not beside this project"
)
def test_real_records_of_the_service_catalogue_are_read() -> None:
    single = json.loads((SAMPLES / "etalukio_service.json").read_text(encoding="utf-8"))
    many = json.loads((SAMPLES / "services.json").read_text(encoding="utf-8"))
    place = json.loads((SAMPLES / "otava_service_channel.json").read_text(encoding="utf-8"))
    records = [single, *many.values()]
    assert len(records) >= 2
    for record in records:
        service = parse_service(record, {place["id"]: place})
        assert service.names["fi"]
        assert service.organisation
        assert Service.from_json(json.loads(json.dumps(service.to_json()))) == service
    school = parse_service(single, {place["id"]: place})
    assert school.whole_country
    where = only(school, "location")
    # Otava lies in Mikkeli, at 61.65 N, 27.07 E.
    assert where.lat == pytest.approx(61.645, abs=0.01)
    assert where.lon == pytest.approx(27.073, abs=0.01)
    assert {"+358447943552", "+358447943565"} <= {channel.tel for channel in school.channels}
