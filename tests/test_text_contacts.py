"""Contacts that people leave, and what must be masked before anything is kept."""

from __future__ import annotations

import pytest

from bot.text.contacts import find_contacts
from bot.text.masking import MASK, mask_identity_codes

PHONES = [
    ("040 123 4567", "+358401234567"),
    ("0401234567", "+358401234567"),
    ("040-1234567", "+358401234567"),
    ("040-123 4567.", "+358401234567"),
    ("Numeroni on 050 1234567, kiitos", "+358501234567"),
    ("+358 40 123 4567", "+358401234567"),
    ("+358 (0)40 123 4567", "+358401234567"),
    ("00358 40 1234567", "+358401234567"),
    ("358401234567", "+358401234567"),
    ("358 40 123 4567", "+358401234567"),
    ("(044) 123 4567", "+358441234567"),
    ("08 123 4567", "+35881234567"),
    ("رقمي ٠٤٠١٢٣٤٥٦٧", "+358401234567"),
    ("شماره من ۰۴۰ ۱۲۳ ۴۵۶۷ است", "+358401234567"),
    ("telefon: +46 70 123 45 67", "+46701234567"),
    ("+252 61 2345678", "+252612345678"),
    ("+380 50 123 4567", "+380501234567"),
    ("\u202a040 123 4567\u202c", "+358401234567"),
    ("我的电话是0401234567。", "+358401234567"),
    ("soita 040123-4567", "+358401234567"),
    ("045\u00a01234\u00a0567", "+358451234567"),
]

NO_PHONE = [
    "90570 Oulu",
    "12.3.2019",
    "01.02.2019 klo 10.30",
    "2019-05-12",
    "010190-123M",
    "131052-308T",
    "010190 - 123 M",
    "FI21 1234 5600 0007 85",
    "velkaa 0401234 euroa",
    "10 000 000 euroa",
    "kello 08.30",
    "lapset 3, 5 ja 7",
    "112",
    "kerroksia 0123",
    "kela 123456789",
    "1234567",
    "klo 08-16",
    "",
]


@pytest.mark.parametrize(("message", "number"), PHONES)
def test_phone_numbers_are_read(message: str, number: str) -> None:
    (contact,) = find_contacts(message)
    assert (contact.kind, contact.value) == ("phone", number)
    assert any(char.isdigit() for char in message[contact.start : contact.end])


@pytest.mark.parametrize("message", NO_PHONE)
def test_other_numbers_are_no_phone(message: str) -> None:
    assert find_contacts(message) == []


@pytest.mark.parametrize(
    ("message", "address"),
    [
        ("anna.aiti@esimerkki.fi", "anna.aiti@esimerkki.fi"),
        ("Sähköposti: Anna.Aiti+apua@Esimerkki.FI.", "anna.aiti+apua@esimerkki.fi"),
        ("(a_b-c@mail.example.co.uk)", "a_b-c@mail.example.co.uk"),
        ("بريدي a1@example.com شكرا", "a1@example.com"),
        ("我的邮箱是li@example.cn。", "li@example.cn"),
        ("<x@example.org>", "x@example.org"),
        ("kirjoita: äiti@esimerkki.fi, kiitos", "äiti@esimerkki.fi"),
    ],
)
def test_addresses_are_read_in_lower_case(message: str, address: str) -> None:
    (contact,) = find_contacts(message)
    assert (contact.kind, contact.value) == ("email", address)
    assert message[contact.start : contact.end].lower() == address


@pytest.mark.parametrize(
    "message",
    ["anna@", "@esimerkki.fi", "anna@esimerkki", "anna..a@esimerkki.fi", "a @ b.fi", "a@-b.fi", "a@b.invalid"],
)
def test_half_addresses_are_none(message: str) -> None:
    assert find_contacts(message) == []


def test_both_contacts_of_a_message_in_order() -> None:
    message = "Soita 0401234567 tai kirjoita 0501234567@esimerkki.fi, hetu 131052-308T"
    assert [(c.kind, c.value) for c in find_contacts(message)] == [
        ("phone", "+358401234567"),
        ("email", "0501234567@esimerkki.fi"),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "131052-308T",  # the example of the Digital and Population Data Services Agency
        "131052-308t",
        "131052−308T",
        "131052–308T",
        "131052 - 308T",
        "131052-308 T",
        "131052 -308T",
        "13 10 52-308T",
        "13.10.52-308T",
        "131052 308T",
        "131052308T",
        "131052+308T",
        "131052A308T",
        "131052b308t",
        "131052C308T",
        "131052D308T",
        "131052E308T",
        "131052F308T",
        "131052U308T",
        "131052V308T",
        "131052W308T",
        "131052X308T",
        "131052Y308T",
        "131052-308A",  # wrong check character
        "010190-1234",  # wrong check character, all digits
        "010190A1234",
        "١٣١٠٥٢-٣٠٨T",
        "FI21 1234 5600 0007 85",
        "FI2112345600000785",
        "fi21 1234 5600 0007 85",
        "FI99 1234 5600 0007 85",  # wrong check digits
        "DE89 3704 0044 0532 0130 00",
        "SE4550000000058398257466",
    ],
)
def test_codes_and_accounts_are_masked(code: str) -> None:
    for message in (code, f"Lapsen hetu on {code}.", f"hetu:{code}, kiitos", f"({code})"):
        masked, count = mask_identity_codes(message)
        assert count == 1, message
        assert masked == message.replace(code, MASK)


@pytest.mark.parametrize(
    "message",
    ["hetuni 040785-9123", "личный код 040785-9123", "my ID is 050785-9123", "personnummer: 040785-9123"],
)
def test_what_looks_like_a_mobile_number_is_a_code_after_its_word(message: str) -> None:
    assert mask_identity_codes(message)[1] == 1
    assert find_contacts(message) == []


@pytest.mark.parametrize(
    "message",
    [
        "040 123 4567",
        "040123-4567",
        "050123-4567",
        "0401234567",
        "13.10.1952",
        "13.10.52 klo 8",
        "320190-1234",
        "011390-123A",
        "90570 Oulu",
        "klo 12-13",
        "13.10.2023 - 31.10.2023",
        "OULU1234567890123456",
        "",
    ],
)
def test_other_text_stays(message: str) -> None:
    assert mask_identity_codes(message) == (message, 0)


def test_several_codes_in_one_message() -> None:
    masked, count = mask_identity_codes("131052-308T ja 010190A123x, tili FI21 1234 5600 0007 85, p. 040 123 4567")
    assert count == 3
    assert masked == f"{MASK} ja {MASK}, tili {MASK}, p. 040 123 4567"
