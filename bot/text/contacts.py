"""Finding a phone number or an e-mail address in a message.

Pure text; imported by the app only (`phonenumbers` and `email_validator` are not in the engine). A number that is none
would send a worker calling a stranger, so identity codes, account numbers, postal codes, dates and sums are never read
as phones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from bot.text.folding import ascii_digits
from bot.text.masking import sensitive_spans

_LATIN = "A-Za-z0-9åäöÅÄÖ"
# What may be an address; `email_validator` decides. Only Latin letters, so that one is found in text without spaces.
_EMAIL = re.compile(
    rf"(?<![{_LATIN}_.%+-])[{_LATIN}_%+.-]{{1,64}}@(?:[{_LATIN}-]{{1,63}}\.)+[A-Za-z]{{2,24}}(?![{_LATIN}_-])"
)
_WITHOUT_PLUS = re.compile(r"(?<![\d+])358(?=[\s-]?\d)(?:[\s-]?\d){7,10}(?!\d)")
_DATE = re.compile(r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d\d-\d\d)(?!\d)")
_MONEY_AFTER = re.compile(r"[\s,.\d-]{0,4}(?:€|eur|\$|kr\b|e\b|евро|євро|يورو|یورو|ئۆرۆ|欧元|歐元)", re.IGNORECASE)
# Writing-direction marks and no-break spaces stand inside numbers copied from other programs.
_SPACES = str.maketrans(
    dict.fromkeys("\u00a0\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u202f\u2066\u2067\u2068\u2069", " ")
)
_FEWEST_DIGITS = 7


@dataclass(frozen=True)
class ContactMatch:
    """A contact found in a text at `text[start:end]`: `value` is an E.164 number or an e-mail address in lower case."""

    start: int
    end: int
    kind: Literal["phone", "email"]
    value: str


def find_contacts(text: str) -> list[ContactMatch]:
    """The phone numbers and e-mail addresses in `text`, in order, none overlapping.

    A number without a country code is read as Finnish. Arabic-Indic and Persian digits are understood.
    """
    emails = [
        ContactMatch(*match.span(), "email", match[0].lower()) for match in _EMAIL.finditer(text) if _is_email(match[0])
    ]
    rest = ascii_digits(text).translate(_SPACES)
    for start, end in [*sensitive_spans(text), *((email.start, email.end) for email in emails)]:
        rest = rest[:start] + "x" * (end - start) + rest[end:]
    for date in _DATE.finditer(rest):
        rest = rest[: date.start()] + "x" * (date.end() - date.start()) + rest[date.end() :]
    return sorted([*emails, *_phones(rest)], key=lambda contact: contact.start)


def _is_email(written: str) -> bool:
    try:
        validate_email(written, check_deliverability=False)  # no look-up leaves the house
    except EmailNotValidError:
        return False
    return True


def _phones(text: str) -> Iterator[ContactMatch]:
    ends = 0
    for match in phonenumbers.PhoneNumberMatcher(text, "FI", leniency=phonenumbers.Leniency.VALID):
        written = match.raw_string
        if written.lstrip("(")[:1] in ("0", "+") and _enough(written) and not _MONEY_AFTER.match(text, match.end):
            ends = match.end
            yield _phone(match.start, match.end, match.number)
    for bare in _WITHOUT_PLUS.finditer(text, ends):
        try:
            number = phonenumbers.parse("+" + bare[0])
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            yield _phone(bare.start(), bare.end(), number)


def _phone(start: int, end: int, number: phonenumbers.PhoneNumber) -> ContactMatch:
    return ContactMatch(start, end, "phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _enough(written: str) -> bool:
    return sum(char.isdigit() for char in written) >= _FEWEST_DIGITS
