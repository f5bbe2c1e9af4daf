"""What of a message may reach the engine: contact details and secrets stay in the conversation's vault.

The engine sees a neutral stand-in in their place and gets handles ("c1") in the metadata. A street address never
reaches it either; it stays in the family's own words for the worker (docs/decisions/0012).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bot.text.addresses import mask_addresses
from bot.text.contacts import find_contacts
from bot.text.masking import mask_identity_codes

STAND_IN = {"phone": "040…", "email": "@…"}
REFERENCE = re.compile(r"\bPA[-\s]?([2-9A-HJKMNP-Z]{4})[-\s]?([2-9A-HJKMNP-Z]{4})\b", re.IGNORECASE)
PIN = re.compile(r"(?<!\d)(\d{6})(?!\d)")


@dataclass
class Cleaned:
    """`kept`: what is stored as the person's words (identity codes masked). `shown`: what the engine reads.

    `contacts`: handles of the contact details found, in order. `lookup`: reference and PIN, where given.
    """

    kept: str
    shown: str
    contacts: list[str] = field(default_factory=list)
    lookup: dict[str, str] | None = None


def clean(text: str, vault: dict[str, Any]) -> Cleaned:
    """Cleans one message; contact details found go into `vault["contacts"]` (handle -> {kind, value})."""
    kept, _count = mask_identity_codes(text)
    result = Cleaned(kept, kept)
    if reference := REFERENCE.search(kept):
        rest = kept[: reference.start()] + " " + kept[reference.end() :]
        pin = PIN.search(rest)
        result.lookup = {"reference": f"PA-{reference[1]}-{reference[2]}".upper(), "pin": pin[1] if pin else ""}
        result.kept = PIN.sub("••••••", kept)
        result.shown = mask_addresses(PIN.sub("", REFERENCE.sub("", kept))).strip() or "…"
        return result
    stored: dict[str, dict[str, str]] = vault.setdefault("contacts", {})
    for match in reversed(find_contacts(kept)):
        known = next((ref for ref, c in stored.items() if c["value"] == match.value), None)
        handle = known or f"c{len(stored) + 1}"
        stored[handle] = {"kind": match.kind, "value": match.value}
        result.contacts.insert(0, handle)
        result.shown = result.shown[: match.start] + STAND_IN[match.kind] + result.shown[match.end :]
    result.shown = mask_addresses(result.shown)
    return result
