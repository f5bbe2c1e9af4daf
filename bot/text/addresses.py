"""Finding street addresses: a street's name with a house number, in the writings people use for Finnish streets.

Pure text. An address tells where a family is: the engine, logs and reasons do not need it, so they get it masked; in
the words that go to the family centre's worker it stays (docs/decisions/0012). The name of the town after it is no part
of it. A road number ("valtatie 22") or a length ("koulutie 3 km") is no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.text.folding import ascii_digits

STAND_IN = "…"

_HAN = r"\u3400-\u9fff"
_LETTER = rf"[^\W\d_{_HAN}]"
_INSIDE = rf"(?:[^\W{_HAN}]|-)"
_BEGIN = rf"(?<![^\W{_HAN}])"  # Chinese puts no space before a name in Latin letters
# House, stairway, flat: 12, 12-14, 12 A, 12 A 3, 3 as. 7, 5 C21. A letter that opens a word is no stairway.
_FLAT = r"(?:as\.?|asunto|huoneisto|lgh|bost\.?|bostad|apt\.?|flat|krt|korter|daire|căn hộ|кв\.?|квартира|شقة|واحد)"
_NUMBER = (
    rf"(?<!\d)\d{{1,3}}(?!\d)(?:\s?[-–]\s?\d{{1,3}}(?!\d))?(?:\s?(?:[A-Za-z]|(?-i:[А-Г]))(?!{_LETTER}))?"
    rf"(?:,?\s?(?:{_FLAT}\s?)\d{{1,3}}(?!\d)|\s[1-9]\d{{0,2}}(?![\d-]|\s?\d))?"
)
# What follows a number that counts something: a length, a time, an age, a sum, a clock.
_COUNTS = (
    r"(?!\d|[.,:]\d|\s?(?:km|m|min|h|t|v|kk|vk|vko|e|x|kg|g|cm|år|yo|yr)\b|\s?[%€$]"
    r"|[\s-]?(?:kilo|metr|meter|mil|minu|tun|tim|hour|kert|vuo|kuuk|viik|päiv|eur|lasta|laps|krt|gång|time|year|month|week|day))"
)

_CASES = "(?:n|lla|llä|lta|ltä|lle|ssa|ssä|sta|stä)?"
_OFTEN = "|".join(  # with a small letter too
    [
        f"kat(?:u|ua|uun)|kadu{_CASES}",
        f"tie{_CASES}|teitä",
        f"kuja{_CASES}",
        "polku|polulla|polulta|polulle|polun",
        f"raitti|raiti{_CASES}",
        f"väylä{_CASES}|vayla{_CASES}",
    ]
)
_SELDOM = "|".join(  # ordinary words and surnames end like this: the street's name has its capital
    [
        f"kaari|kaare{_CASES}",
        f"ranta|ranna{_CASES}",
        f"aukio{_CASES}",
        f"tori{_CASES}",
        f"rinne|rintee{_CASES}",
        f"mutka{_CASES}",
        f"penger|penkeree{_CASES}",
        f"puistikko|puistiko{_CASES}",
        f"laita|laida{_CASES}",
    ]
)
_NO_STREET = (
    r"(?:valta|kanta|seutu|yhdys|moottori|ohitus|maan|rauta|hengitys|ero|hoito|palvelu|elämän|koulutus|ura|ka|cu|swee|aun"
    r"|boo|neck|un)(?:tie|polku|pol|polun)|\w*ttie"
)
_FINNISH = (
    rf"{_BEGIN}(?!{_NO_STREET})(?:(?:Vanha|Uusi|Iso|Pikku|Ylä|Ala)\s)?"
    rf"(?:{_LETTER}{_INSIDE}{{1,40}}?(?:{_OFTEN})|(?-i:[A-ZÅÄÖ]){_INSIDE}{{1,40}}?(?:{_SELDOM})"
    rf"|(?-i:[A-ZÅÄÖ]){_INSIDE}{{2,40}}n\s(?:tie|katu|kuja|polku|raitti))"
)
_SWEDISH = (
    rf"{_BEGIN}(?-i:[A-ZÅÄÖ]){_LETTER}{{1,30}}(?:gatan|vägen|gränden|stigen|stranden|torget|backen|allén|esplanaden)"
)
_TRANSLITERATED = rf"\b{_LETTER}{{2,30}}?(?:кату|тие|тіє|куя|полку)"
_NAME = rf"(?:\s?{_LETTER}[\w.'’\u200c-]*){{1,3}}"  # one to three words
_ESTONIAN = rf"\b{_LETTER}[\w-]{{1,40}}\s(?:tänav(?:al|alt|ale)?|tn\.?|tee|teel|pst\.?|puiestee)"
_TURKISH = rf"\b{_LETTER}[\w-]{{1,40}}\s(?:sokak|sokağı|sok\.?|sk\.?|caddesi|cad\.?|cd\.?)(?:['’]\w{{1,8}})?"
_ENGLISH = rf"\b(?-i:[A-Z]){_LETTER}+\s(?:street|road|lane|avenue)"
_STREET_FIRST = (
    rf"(?:\b(?:улиц[аеуы]|ул\.?|проспект[е]?|переулок|вулиц[яіюї]|вул\.?|провулок)\s{_NAME}"
    rf"|(?<!{_LETTER})[بلو]?(?:شارع|خیابان|خيابان|کوچه|كوجه|کوچەی|شەقامی|شەقام|کۆڵانی)\s{_NAME}"
    rf"|\b(?:đường|duong|phố)\s{_NAME}|\b(?:jidka|waddada|wadada)\s{_NAME})"
)
_HOUSE = r",?\s(?:(?:дом|д\.?|будинок|буд\.?|no\.?|no:|nr\.?|number|numero|số|رقم|پلاک|ژمارە|lambarka)\s?:?\s?)?"
_ADDRESS = re.compile(
    rf"(?:{_FINNISH}|{_SWEDISH}|{_TRANSLITERATED}|{_ESTONIAN}|{_TURKISH}|{_ENGLISH}|{_STREET_FIRST}){_HOUSE}{_NUMBER}{_COUNTS}"
    rf"|\b\d{{1,4}}\s(?-i:[A-Z]){_LETTER}+\s(?:street|road|lane|avenue|st|rd|ave)\b"
    rf"|\bsố\s\d{{1,3}},?\s(?:đường|phố)\s(?:{_LETTER}[\w-]*)"
    r"|[\u3400-\u9fff]{1,10}?(?:大街|街|路|大道|巷)\s?\d{1,3}\s?[号號](?:\s?\w{0,3}\s?\d{0,3}\s?[室楼樓])?",
    re.IGNORECASE,
)


def address_spans(text: str) -> list[tuple[int, int]]:
    """Where street addresses stand, as (start, end), in order, none overlapping."""
    return list(_spans(ascii_digits(text)))


def mask_addresses(text: str, mask: str = STAND_IN) -> str:
    """`text` with every street address replaced by `mask`."""
    for start, end in reversed(address_spans(text)):
        text = text[:start] + mask + text[end:]
    return text


def _spans(plain: str) -> Iterator[tuple[int, int]]:
    for match in _ADDRESS.finditer(plain):
        yield match.span()
