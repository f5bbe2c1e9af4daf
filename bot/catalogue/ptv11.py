"""Reads services as the Finnish Service Catalogue (PTV) writes them in its open API v11, and as data/catalogue does.

Pure: a dict comes in, a Service goes out, or BadRecord says why not. The embedded catalogue has the same shape with
two differences: its channels stand inside the service (`type`, `names`, `number`, `webPage`), and `pyydaapua` tells
the needs and age groups, which are worked out from codes where it is absent. Codes and shapes: PTV's own
(https://palvelutietovaranto.suomi.fi, open API v11).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
import utm

from bot.catalogue.model import Channel, Hours, Kind, Service, Texts
from bot.routing.needs import needs

AGE_GROUPS = ("expecting", "under_school", "school_age", "young_16")
COUNTY = "19"
"""Wellbeing services county of North Ostrobothnia; the region of the same municipalities has the code 17."""

_REGION = "17"
_HELSINKI = ZoneInfo("Europe/Helsinki")
_COUNTRY = {"Nationwide", "NationwideExceptAlandIslands", "WholeCountry", "WholeCountryExceptAlandIslands"}
_AREAS = {"Municipality", "Region", "WellbeingServiceCounties", "HospitalRegions", "BusinessSubRegions"}
_KINDS: dict[str, Kind] = {
    "WebPage": "web",
    "Phone": "phone",
    "ServiceLocation": "location",
    "EChannel": "electronic",
    "PrintableForm": "form",
}
_DETAILS = {"phoneNumbers": "Phone", "webPages": "WebPage", "addresses": "ServiceLocation"}
_CHARGES = {"FreeOfCharge": "free", "Free": "free", "Chargeable": "chargeable", "Charged": "chargeable"}
_DELIVERY = ("on_site", "remote", "at_home")
_AUDIENCES = ("family", "young", "worried")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

# What a life event or a target group says about the need, beyond the service class.
_EVENT_NEEDS = {
    "KE1": ("need_pregnancy_birth", "need_baby_care"),
    "KE1.1": ("need_family_diversity",),
    "KE5": ("need_integration",),
    "KE7": ("need_divorce",),
    "KE9": ("need_financial",),
    "KE13": ("need_disability",),
    "KE14": ("need_grief",),
    "KR1.6": ("need_disability",),
}
# Classes that data/routing.yml names for no need, because they lead to no team of the family centre.
_MORE_CLASSES = {
    "P1.4": "need_financial",
    "P5.1": "need_child_health",
    "P5.3": "need_child_health",
    "P5.8": "need_child_health",
    "P5.10": "need_child_health",
    "P6.1": "need_daycare",
    "P6.2": "need_school",
    "P6.3": "need_school",
    "P10.6": "need_financial",
    "P22": "need_integration",
    "P22.1": "need_integration",
    "P22.3": "need_integration",
    "P25.5": "need_leisure",
    "P25.7": "need_leisure",
    "P27.1": "need_leisure",
    "P28": "need_youth",
    "P28.1": "need_youth",
    "P28.2": "need_leisure",
    "P28.3": "need_youth",
    "P28.4": "need_youth",
    "P28.5": "need_youth",
}
# Beginnings of Finnish words that speak for a need. PTV's classes are wide ("social services for families with
# children" holds family work, shelters and adoption), so a narrow need is believed only where a word speaks for it.
_NEED_WORDS = {
    "need_pregnancy_birth": "raskau odottav synnyty äitiysneuv äitiysavu",
    "need_baby_care": "vauva imety imeväi pikkulap ensikoti",
    "need_child_health": "neuvola lasten lapsen rokot hammas suun terveystark",
    "need_parenting": "kasvat vanhemmuu vanhempai perheneuv",
    "need_home_help": "kotipalvel perhetyö lastenhoitoap tukiperhe jaksami uupu",
    "need_child_mental_health": "lasten lapsen nuort nuoriso mielenterv ahdist",
    "need_parent_mental_health": "mielenterv masen ahdist psykiatr aikui",
    "need_neurodevelopment": "adhd autis nepsy neuropsyk puhetera toimintatera kehitykse kuntout",
    "need_school": "koulu oppila opiske kuraatt oppimi",
    "need_youth": "nuori nuore nuort etsivä",
    "need_substance_use": "päihde päihte alkoho huume riippuvu peliong rahapel",
    "need_violence": "väkival turvako lähisuh",
    "need_couple_relationship": "parisuh pariterap avioli",
    "need_divorce": "eron erosta eroav avioero huoltaj elatu tapaami lastenvalv sovittel",
    "need_peer_support": "vertais kohtaam perhekahv avoin kerho ryhmä tukihenk",
    "need_financial": "toimeentu talou vela velk asumistu etuu raha",
    "need_integration": "maahanm kotou pakolai turvapaikan tulk",
    "need_disability": "vamma omaishoi kehitysvam",
    "need_daycare": "varhaiskas päiväho päiväko esiopet perhepäiv",
    "need_family_diversity": "sateenkaar adopt sijaisperh sijaisvan yksinhuol monikkoper kaksos uusperh",
    "need_child_protection": "lastensuo",
    "need_grief": "suru kuolem menety kriisi läheisensä",
    "need_exploitation": "ihmiskau pakkoav hyväksikäytön silpomi",
    "need_leisure": "harrast leiri liikun kerho vapaa-aika vapaa-ajan",
}
_NARROW = {
    "need_divorce",
    "need_exploitation",
    "need_family_diversity",
    "need_grief",
    "need_home_help",
    "need_leisure",
    "need_substance_use",
    "need_violence",
}
_CLASS_AGES = {
    "P3.2": ("expecting",),
    "P3.4": ("under_school",),
    "P4.9": ("school_age", "young_16"),
    "P5.2": ("expecting", "under_school"),
    "P5.9": ("school_age", "young_16"),
    "P6.1": ("under_school",),
    "P6.2": ("school_age",),
    "P6.3": ("school_age",),
    "P6.6": ("young_16",),
    "P6.8": ("young_16",),
    "P28": ("school_age", "young_16"),
}
# Citizens in general, families, young people, the long-term ill, the disabled: the rest (the old, firms, authorities,
# Finns abroad) is not whom this bot serves.
_FAMILY_GROUPS = {"KR1", "KR1.2", "KR1.3", "KR1.4", "KR1.6"}
_DERIVED_NEEDS = 4

# ETRS-TM35FIN is UTM zone 35 used for all of Finland; these bounds hold the country (metres).
_EAST = (50_000, 760_000)
_NORTH = (6_600_000, 7_800_000)


class BadRecord(ValueError):
    """A record that cannot be shown to a family; the message is the reason, in English, for whoever keeps the data."""


def parse_service(
    record: Mapping[str, Any],
    channels: Mapping[str, Mapping[str, Any]] | None = None,
    source: str = "ptv",
) -> Service:
    """The service of a PTV v11 record. Raises BadRecord.

    `channels`: full v11 channel records by id, for services that only refer to their channels (those of the API);
    a reference without its record leaves no channel, for its kind is not known.
    """
    if not isinstance(record, Mapping):
        raise BadRecord("not an object")
    id_ = _text(record.get("id"))
    if not id_:
        raise BadRecord("no id")
    status = record.get("publishingStatus")
    if status != "Published":
        raise BadRecord(f"publishing status is {status}")
    names = _texts(record, "serviceNames", "Name")
    if not names:
        raise BadRecord("no name")
    municipalities, county = _areas(record)
    whole_country = record.get("areaType") in _COUNTRY
    if not whole_country and not county and not municipalities:
        raise BadRecord("it is not told where it is served")
    targets = _codes(record, "targetGroups")
    found = tuple(_channels(record, channels or {}))
    service = Service(
        id=id_,
        source=source,
        source_id=_text(record.get("sourceId")) or id_,
        names=names,
        alternative_names=_many(record, "serviceNames", "AlternativeName"),
        summaries=_described(record, "Summary"),
        descriptions=_described(record, "Description"),
        instructions=_described(record, "UserInstruction"),
        keywords=_keywords(record),
        classes=_codes(record, "serviceClasses"),
        target_groups=targets,
        life_events=_codes(record, "lifeEvents"),
        audience="family" if not targets or _FAMILY_GROUPS & set(targets) else "other",
        delivery=_delivery(found),
        languages=tuple(_strings(record, "languages")),
        municipalities=frozenset() if whole_country else municipalities,
        whole_country=whole_country,
        county=county and not whole_country,
        organisation=_organisation(record),
        charge=_CHARGES.get(record.get("serviceChargeType") or ""),
        channels=found,
        modified=_moment(record.get("modified")),
    )
    own = record.get("pyydaapua")
    if own is None:
        return replace(service, needs=derived_needs(service), age_groups=derived_age_groups(service))
    if not isinstance(own, Mapping):
        raise BadRecord("pyydaapua is not an object")
    return replace(
        service,
        needs=_known(own, "needs", needs()),
        age_groups=_known(own, "ageGroups", AGE_GROUPS),
        delivery=_known(own, "delivery", _DELIVERY),
        audience=_known({"audience": [own.get("audience") or "family"]}, "audience", _AUDIENCES)[0],
    )


def derived_needs(service: Service) -> tuple[str, ...]:
    """Needs that a service's codes and words speak for, best first, at most four; none where it is not for families.

    A service class counts the more, the earlier data/routing.yml names it for the need. Needs of a crisis are never
    derived: what is shown in a crisis is chosen by people.
    """
    if service.audience == "other":
        return ()
    words = _finnish_words(service)
    scores: dict[str, float] = {}
    for need in needs().values():
        if need.id.startswith("crisis_"):
            continue
        score = max((1 / (1 + place) for place, code in enumerate(need.classes) if code in service.classes), default=0)
        if any(_MORE_CLASSES.get(code) == need.id for code in service.classes):
            score = max(score, 0.8)
        codes = (*service.life_events, *service.target_groups)
        told = sum(need.id in _EVENT_NEEDS.get(code, ()) for code in codes)
        spoken = any(word.startswith(tuple(_NEED_WORDS[need.id].split())) for word in words)
        if (score or told) and (spoken or told or need.id not in _NARROW):
            scores[need.id] = score + told + spoken
    best = max(scores.values(), default=0.0)
    order = sorted(scores, key=lambda need_id: -scores[need_id])
    return tuple(need_id for need_id in order if scores[need_id] >= best / 3)[:_DERIVED_NEEDS]


def _finnish_words(service: Service) -> set[str]:
    texts = (
        service.names.get("fi", ""),
        service.summaries.get("fi", ""),
        *service.alternative_names.get("fi", ()),
        *service.keywords.get("fi", ()),
    )
    return {word for text in texts for word in re.findall(r"[\w-]+", text.casefold())}


def derived_age_groups(service: Service) -> tuple[str, ...]:
    """Age groups that a service's codes speak for; all of them for families at large, none where nothing is told."""
    found: set[str] = set()
    for code in service.classes:
        found.update(_CLASS_AGES.get(code, _CLASS_AGES.get(code.split(".")[0], ())))
    if "KE1" in service.life_events:
        found.update(("expecting", "under_school"))
    if "KR1.3" in service.target_groups:
        found.add("young_16")
    if not found and "KR1.2" in service.target_groups:
        found.update(AGE_GROUPS)
    return tuple(group for group in AGE_GROUPS if group in found)


def dialled(number: str, prefix: str | None = None) -> tuple[str, str] | None:
    """(as people read it, as a phone dials it) of a Finnish or international number; None where none can be dialled.

    `prefix`: PTV's prefixNumber ("+358"), which comes without the leading zero of `number`.
    """
    raw = number.strip()
    if not re.fullmatch(r"[+\d][\d\s\-()/.]*", raw):
        return None
    digits = re.sub(r"\D", "", raw)
    written = raw
    if prefix and not raw.startswith("+"):
        written = f"{prefix}{digits.removeprefix('0')}"
    try:
        parsed = phonenumbers.parse(written, "FI")
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(parsed):
        tel = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        if not prefix:
            return raw, tel
        style = phonenumbers.PhoneNumberFormat.NATIONAL
        if parsed.country_code != 358:
            style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
        return phonenumbers.format_number(parsed, style), tel
    # Emergency (112), national service numbers (116 117) and short numbers are dialled as they are.
    if not prefix and (phonenumbers.is_valid_short_number_for_region(parsed, "FI") or _service_number(digits)):
        return raw, digits
    return None


def _service_number(digits: str) -> bool:
    return bool(re.fullmatch(r"116\d{3}|10\d{3,8}", digits))


def _channels(record: Mapping[str, Any], full: Mapping[str, Mapping[str, Any]]) -> Iterable[Channel]:
    for link in _dicts(record, "serviceChannels"):
        reference = _mapping(link, "serviceChannel")
        if not reference:
            yield from _channel(link)
            continue
        known = full.get(str(reference.get("id")))
        if known is not None:
            if known.get("publishingStatus") in (None, "Published"):
                yield from _channel(known, _list(link, "serviceHours"))
            continue
        # The connection itself may carry the contact details that hold for this service only.
        details = _mapping(link, "contactDetails")
        names = {"fi": _text(reference.get("name"))}
        for key, kind in _DETAILS.items():
            if _dicts(details, key):
                part = {"type": kind, "serviceHours": link.get("serviceHours"), key: details[key]}
                yield from _channel(part, names=names)


def _channel(
    record: Mapping[str, Any], hours: list[Any] | None = None, names: Texts | None = None
) -> Iterable[Channel]:
    written = record.get("serviceChannelType") or record.get("type")
    kind = _KINDS.get(str(written))
    if kind is None:
        raise BadRecord(f"unknown channel type {written}")
    base = Channel(
        kind=kind,
        names=names or _texts(record, "serviceChannelNames", "Name") or _texts(record, "names"),
        urls=_urls(record),
        languages=tuple(_strings(record, "languages")),
        hours=tuple(_hours(hours or _list(record, "serviceHours"))),
    )
    if kind == "phone":
        yield from _phones(record, base)
    elif kind == "location":
        yield _located(record, base)
        yield from _phones(record, replace(base, kind="phone", urls={}))
    elif base.urls:
        yield base


def _phones(record: Mapping[str, Any], base: Channel) -> list[Channel]:
    rows = _dicts(record, "phoneNumbers")
    if record.get("number"):
        rows = [{"number": record["number"], "serviceChargeType": record.get("serviceChargeType")}]
    found: dict[str, Channel] = {}
    for row in rows:
        number = _text(row.get("number"))
        if row.get("type") not in (None, "Phone") or not number:
            continue
        prefix = None if row.get("isFinnishServiceNumber") else _text(row.get("prefixNumber")) or None
        both = dialled(number, prefix)
        if both is None:
            if record.get("number"):
                raise BadRecord(f"phone number {number} cannot be dialled")
            continue  # one unusable number among a channel's others must not cost the family the rest
        shown, tel = both
        language = _text(row.get("language"))
        note = {language: _text(row.get("additionalInformation"))} if row.get("additionalInformation") else {}
        before = found.get(tel)
        if before:
            spoken = before.languages if not language or language in before.languages else (*before.languages, language)
            found[tel] = replace(before, languages=spoken, note={**note, **before.note})
            continue
        found[tel] = replace(
            base,
            number=shown,
            tel=tel,
            note=note,
            charge=_CHARGES.get(row.get("serviceChargeType") or ""),
            languages=(language,) if language else base.languages,
        )
    return list(found.values())


def _located(record: Mapping[str, Any], base: Channel) -> Channel:
    for row in _dicts(record, "addresses"):
        street = _mapping(row, "streetAddress")
        if row.get("type") not in (None, "Location", "Visiting") or not street:
            continue
        number = _text(street.get("streetNumber"))
        offices = _texts(street, "postOffice")
        address = {}
        for language, name in _texts(street, "street").items():
            office = offices.get(language) or offices.get("fi", "")
            place = " ".join(part for part in (_text(street.get("postalCode")), office.title()) if part)
            address[language] = ", ".join(part for part in (f"{name} {number}".strip(), place) if part)
        lat, lon = _position(street.get("latitude"), street.get("longitude"))
        municipality = _text(_mapping(street, "municipality").get("code")) or None
        return replace(base, address=address, municipality=municipality, lat=lat, lon=lon)
    return base


def _position(north: Any, east: Any) -> tuple[float | None, float | None]:
    """WGS84 of ETRS-TM35FIN metres (strings in PTV); two Nones where they lie outside Finland."""
    try:
        x, y = float(east), float(north)
    except (TypeError, ValueError):
        return None, None
    if not (_EAST[0] <= x <= _EAST[1] and _NORTH[0] <= y <= _NORTH[1]):
        return None, None
    lat, lon = utm.to_latlon(x, y, 35, northern=True, strict=False)
    return round(float(lat), 5), round(float(lon), 5)


def _hours(rows: Iterable[Any]) -> Iterable[Hours]:
    for row in rows:
        if not isinstance(row, Mapping):
            raise BadRecord("serviceHours is not a list of objects")
        base = Hours(
            always=bool(row.get("isAlwaysOpen")),
            closed=bool(row.get("isClosed")),
            by_appointment=bool(row.get("isReservation")),
            exceptional=row.get("serviceHourType") in ("Exceptional", "Exception"),
            valid_from=_day(row.get("validFrom")),
            valid_to=_day(row.get("validTo")),
            note=_texts(row, "additionalInformation"),
        )
        openings = _dicts(row, "openingHour")
        if not openings or base.always or base.closed:
            yield base
        for opening in openings if not (base.always or base.closed) else ():
            first, last = _weekday(opening.get("dayFrom")), _weekday(opening.get("dayTo"))
            yield replace(
                base,
                first_day=first,
                last_day=first if last is None else last,
                opens=_clock(opening.get("from")),
                closes=_clock(opening.get("to")),
            )


def _weekday(value: Any) -> int | None:
    return _WEEKDAYS.index(value) if value in _WEEKDAYS else None


def _clock(value: Any) -> str | None:
    found = re.match(r"(\d{1,2}):(\d{2})", _text(value))
    return f"{int(found[1]):02}:{found[2]}" if found else None


def _areas(record: Mapping[str, Any]) -> tuple[frozenset[str], bool]:
    """(municipality codes, True where all of North Ostrobothnia is served)."""
    codes: set[str] = set()
    county = False
    for area in _dicts(record, "areas"):
        kind, code = area.get("type"), _text(area.get("code"))
        if kind not in _AREAS:
            raise BadRecord(f"unknown area type {kind}")
        if (kind, code) in (("WellbeingServiceCounties", COUNTY), ("Region", _REGION)):
            county = True
        elif kind == "Municipality" and code:
            codes.add(code.zfill(3))
        codes.update(_text(row.get("code")).zfill(3) for row in _dicts(area, "municipalities") if row.get("code"))
    return (frozenset() if county else frozenset(codes)), county


def _organisation(record: Mapping[str, Any]) -> str | None:
    named: dict[str, str] = {}
    for row in _dicts(record, "organizations"):
        name = _text(_mapping(row, "organization").get("name"))
        if name:
            named.setdefault(str(row.get("roleType")), name)
    for role in ("Responsible", "OtherResponsible", "Producer"):
        if role in named:
            return named[role]
    return None


def _delivery(channels: Iterable[Channel]) -> tuple[str, ...]:
    kinds = {channel.kind for channel in channels}
    found = []
    if "location" in kinds:
        found.append("on_site")
    if kinds & {"phone", "electronic"}:
        found.append("remote")
    return tuple(found)


def _described(record: Mapping[str, Any], kind: str) -> Texts:
    """Texts of a kind; those of PTV's general description (GD_) fill in languages the service itself lacks."""
    general = _texts(record, "serviceDescriptions", f"GD_{kind}")
    return {**general, **_texts(record, "serviceDescriptions", kind)}


def _keywords(record: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found = _many(record, "keywords")
    for term in _dicts(record, "ontologyTerms"):
        for language, name in _texts(term, "name").items():
            found[language] = tuple(dict.fromkeys((*found.get(language, ()), name)))
    return found


def _urls(record: Mapping[str, Any]) -> Texts:
    found: Texts = {}
    for row in (*_dicts(record, "webPages"), *_dicts(record, "channelUrls")):
        url = _url(row.get("url") or row.get("value"))
        if url:
            found.setdefault(_text(row.get("language")) or "fi", url)
    if not found and (url := _url(record.get("webPage"))):
        found["fi"] = url
    return found


def _url(value: Any) -> str:
    url = _text(value)
    # Anything but a web address (javascript:, data:, mailto:) must never become a link.
    return url if re.match(r"https?://[^\s/]", url) else ""


def _known(record: Mapping[str, Any], key: str, allowed: Iterable[str]) -> tuple[str, ...]:
    values = tuple(dict.fromkeys(_strings(record, key)))
    known = set(allowed)
    for value in values:
        if value not in known:
            raise BadRecord(f"{key}: {value} is not known")
    return values


def _texts(record: Mapping[str, Any], key: str, kind: str | None = None) -> Texts:
    found: Texts = {}
    for row in _dicts(record, key):
        value, language = _text(row.get("value")), _text(row.get("language"))
        if value and language and (kind is None or row.get("type") == kind):
            found.setdefault(language, value)
    return found


def _many(record: Mapping[str, Any], key: str, kind: str | None = None) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in _dicts(record, key):
        value, language = _text(row.get("value")), _text(row.get("language"))
        if value and language and (kind is None or row.get("type") == kind):
            found[language] = tuple(dict.fromkeys((*found.get(language, ()), value)))
    return found


def _codes(record: Mapping[str, Any], key: str) -> tuple[str, ...]:
    codes = (_text(row.get("code")) or _text(row.get("newUri")).rpartition("/")[2] for row in _dicts(record, key))
    return tuple(dict.fromkeys(code for code in codes if code))


def _strings(record: Mapping[str, Any], key: str) -> list[str]:
    return [text for value in _list(record, key) if (text := _text(value))]


def _dicts(record: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    rows = [row for row in _list(record, key) if row is not None]
    if not all(isinstance(row, Mapping) for row in rows):
        raise BadRecord(f"{key} is not a list of objects")
    return rows


def _mapping(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = record.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise BadRecord(f"{key} is not an object")
    return value


def _list(record: Mapping[str, Any], key: str) -> list[Any]:
    value = record.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadRecord(f"{key} is not a list")
    return value


def _text(value: Any) -> str:
    """Trimmed text of a string or a number; "" for null."""
    if value is None or isinstance(value, bool):
        return ""
    if not isinstance(value, str | int | float):
        raise BadRecord(f"{type(value).__name__} where a text should be")
    return "\n".join(" ".join(line.split()) for line in str(value).strip().splitlines())


def _moment(value: Any) -> datetime | None:
    """PTV writes UTC without a zone, with up to seven decimals."""
    if isinstance(value, datetime):
        found = value
    else:
        try:
            found = datetime.fromisoformat(_text(value))
        except ValueError:
            return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _day(value: Any) -> date | None:
    """The day in Finland of a moment or a plain date."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    moment = _moment(value)
    return moment.astimezone(_HELSINKI).date() if moment else None
