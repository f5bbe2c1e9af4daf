"""Street addresses: found for masking in what needs no address, left alone where a number counts something else."""

from __future__ import annotations

import time

import pytest

from bot.conversation.privacy import clean
from bot.text.addresses import address_spans, mask_addresses

ADDRESSES = [
    "Kirkkokatu 12 A 3",
    "kirkkokadulla 12",
    "Koskipolku 3 as. 7",
    "Vanha Kempeleentie 12 B",
    "Nuorten tie 5",
    "Isokatu 5-7",
    "Rantakaari 4",
    "Skolvägen 12",
    "улица Торикату, дом 15, кв. 4",
    "вул. Тейєкату 7",
    "شارع كوسكيكاتو ١٢",
    "خیابان کرکوکاتو ۱۲",
    "شەقامی کۆسکیتیە ١٢",
    "12 Church Street",
    "Ringi tänav 4",
]
NONE = [
    "valtatie 22 oli jäässä",
    "koulutie 3 km on pitkä",
    "hiekkaranta 200 metrin päässä",
    "Katie 7 and Tom 9",
    "sweetie 5 years",
    "Eropolku 2 alkaa",
    "koulutie 3-vuotiaalle",
    "tietoa 5 lapsesta",
    "polku 3",
    "090 katu",
    "",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_masked_and_the_town_stays(address: str) -> None:
    assert mask_addresses(address) == "…"
    assert mask_addresses(f"({address}, 90100 Oulu)") == "(…, 90100 Oulu)"


@pytest.mark.parametrize("message", NONE)
def test_other_numbers_are_no_address(message: str) -> None:
    assert address_spans(message) == []


def test_a_phone_number_after_an_address_is_not_eaten() -> None:
    assert mask_addresses("Linnantie 4 a 040 123 4567") == "… 040 123 4567"


def test_the_engine_gets_no_address_and_the_worker_keeps_it() -> None:
    cleaned = clean("Asun Kirkkokatu 12 A 3, 90100 Oulu, puh 040 123 4567, hetu 131052-308T", {})
    assert cleaned.kept == "Asun Kirkkokatu 12 A 3, 90100 Oulu, puh 040 123 4567, hetu [••••]"
    assert cleaned.shown == "Asun …, 90100 Oulu, puh 040…, hetu [••••]"


@pytest.mark.parametrize(
    "message", ["a-" * 2000, "katu" * 1000, "Aa " * 1300, "улица " * 700, "1 " * 2000, "路" * 4000]
)
def test_odd_messages_take_no_time(message: str) -> None:
    started = time.perf_counter()
    address_spans(message)
    assert time.perf_counter() - started < 1
