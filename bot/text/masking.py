"""Masking what must not be stored: Finnish personal identity codes and bank account numbers.

The service never asks for them; people write them all the same. `mask_identity_codes` runs before anything is kept or
sent on. A code with a wrong check character is masked too, since a slip of the finger is still a person's code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.text.folding import ascii_digits

MASK = "[••••]"

_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"
# DDMMYY, century sign, individual number, check character; people put blanks and dots in, and any dash for the minus.
_CODE = re.compile(
    r"(?<!\d)(?P<day>0[1-9]|[12]\d|3[01])(?P<gap1>[ .]?)(?P<month>0[1-9]|1[0-2])(?P<gap2>[ .]?)(?P<year>\d\d)"
    r"(?P<gap3>\s{0,2})(?P<sign>[-+‐‑‒–—−A-FU-Y]?)(?P<gap4>\s{0,2})(?P<number>\d{3})(?P<gap5>\s?)(?P<check>[0-9A-Z])(?!\d)",
    re.IGNORECASE,
)
_FINNISH_ACCOUNT = re.compile(r"(?<![A-Z0-9])FI(?:[ -]?\d){16}(?!\d)", re.IGNORECASE)
_ACCOUNT = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Z0-9])")
# Words for a personal identity code, right before it: then even what looks like a mobile number is one.
_CODE_WORD = re.compile(
    r"(?:hetu|sotu|henkilötunnu|henkilönumer|personnummer|personbeteckning|isikukood|kimlik|"
    r"(?<![a-z])(?:id|identity|social security)(?![a-z])|(?:личн|персональн)\w* (?:код|номер)|код особи|"
    r"رقم (?:ال)?(?:هوية|شخصي|قومي)|الرقم الشخصي|(?:کد|شماره) (?:شخصی|ملی|شناسایی)|ژمارەی (?:ناسنامە|کەسی)"
    r"|aqoonsi|mã cá nhân|身份)"
    r"[^\d.!?]{0,20}$",
    re.IGNORECASE,
)
_MOBILE_DAYS = ("04", "05")  # 040123-4567 is how some write a mobile number


def mask_identity_codes(text: str) -> tuple[str, int]:
    """`text` with every identity code and account number replaced by `MASK`, and how many there were."""
    spans = sensitive_spans(text)
    for start, end in reversed(spans):
        text = text[:start] + MASK + text[end:]
    return text, len(spans)


def sensitive_spans(text: str) -> list[tuple[int, int]]:
    """Where identity codes and account numbers stand, as (start, end), in order, none overlapping."""
    plain = ascii_digits(text)
    accounts = [match.span() for match in _FINNISH_ACCOUNT.finditer(plain)]
    accounts += [match.span() for match in _ACCOUNT.finditer(plain) if _valid_account(match[0])]
    spans: list[tuple[int, int]] = []
    for start, end in sorted([*accounts, *_codes(plain)]):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return spans


def _codes(text: str) -> Iterator[tuple[int, int]]:
    for match in _CODE.finditer(text):
        if _is_code(match):
            yield match.span()


def _is_code(match: re.Match[str]) -> bool:
    digits = match["day"] + match["month"] + match["year"] + match["number"]
    check = match["check"].upper()
    right = _CHECK[int(digits) % 31] == check
    if right and (match["sign"] or check.isalpha()):
        return True
    if not match["sign"] or check not in _CHECK:
        return False
    if check.isalpha():
        return True
    # All digits and a wrong check character: a code written in one piece, unless it looks like a mobile number.
    in_one_piece = not any(match[f"gap{n}"] for n in range(1, 6))
    like_mobile = match["day"] in _MOBILE_DAYS and match["sign"] in "-‐‑‒–—−"
    return in_one_piece and (not like_mobile or bool(_CODE_WORD.search(match.string[: match.start()][-60:])))


def _valid_account(written: str) -> bool:
    number = written.replace(" ", "")
    return int("".join(str(int(char, 36)) for char in number[4:] + number[:4])) % 97 == 1
