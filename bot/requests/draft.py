"""What a contact request holds before it is one, and what makes it acceptable. Pure: no database, no HTTP."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.i18n import _, supported
from bot.routing import needs
from bot.routing.places import FamilyCentre, regions
from bot.text.contacts import find_contacts
from bot.text.masking import mask_identity_codes

STORY_MAX = 4000
FIELD_MAX = 300
WRITERS = ("parent", "young", "relative", "worried")


@dataclass
class RequestDraft:
    """A family's answers. Only `story` or `need`, `place` and `consent` are needed; the rest may be left out.

    `child_ages`: months. `contact`: a phone (E.164) or e-mail address, None = the family reads the answer with
    reference and PIN. `safe`: when and how it is safe to contact, in the family's words. `quiet`: never leave a
    message (set where violence is in the air). `writer`: one of WRITERS. `also`: further needs that were told beside
    `need`. `more_time`: a longer appointment is wished for.
    """

    language: str
    story: str = ""
    need: str = needs.OPEN
    place: str = ""
    child_ages: list[int] = field(default_factory=list)
    name: str | None = None
    contact: str | None = None
    contact_kind: str | None = None
    safe: str | None = None
    quiet: bool = False
    interpreter: bool = False
    contact_language: str | None = None
    writer: str | None = None
    also: list[str] = field(default_factory=list)
    more_time: bool = False
    consent: bool = False

    def body(self) -> dict[str, Any]:
        """As JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class Problem:
    """One field that cannot be accepted; `message` is an English msgid for the person."""

    field: str
    message: str


class Invalid(ValueError):
    """A draft that cannot become a request, with every problem found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(problem.field for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Accepted:
    """A checked draft (contact normalised, identity codes masked) and the centre it leads to."""

    draft: RequestDraft
    centre: FamilyCentre
    place_id: str
    municipality: str | None

    def fingerprint(self) -> str:
        """Canonical text of the request, for telling a retry from another request under the same key."""
        return json.dumps(self.draft.body(), sort_keys=True, ensure_ascii=False)


def check(draft: RequestDraft) -> Accepted:
    """The draft in its accepted form; raises Invalid with all problems."""
    problems: list[Problem] = []
    story, _count = mask_identity_codes(draft.story.strip())
    if not story and draft.need == needs.OPEN:
        problems.append(Problem("story", _("Tell in a few words what you need help with.")))
    if len(story) > STORY_MAX:
        problems.append(Problem("story", _("The text is too long. Please shorten it.")))
    if draft.need != needs.OPEN and needs.need(draft.need) is None:
        problems.append(Problem("need", _("This topic is not known.")))
    if any(needs.need(each) is None for each in draft.also) or len(draft.also) > 5:
        problems.append(Problem("also", _("This topic is not known.")))
    place = regions().resolve(draft.place) if draft.place else None
    centre = regions().family_centre(draft.place) if draft.place else None
    if centre is None or place is None:
        problems.append(Problem("place", _("We did not find this place. Write your municipality or postal code.")))
    contact, kind = _contact(draft.contact, problems)
    if not supported(draft.language):
        problems.append(Problem("language", _("This language is not supported.")))
    if draft.writer is not None and draft.writer not in WRITERS:
        problems.append(Problem("writer", _("This answer is not known.")))
    texts = {}
    for name in ("name", "safe", "contact_language"):
        value = getattr(draft, name)
        value = mask_identity_codes(value.strip())[0] if value and value.strip() else None
        if value and len(value) > FIELD_MAX:
            problems.append(Problem(name, _("The text is too long. Please shorten it.")))
        texts[name] = value
    if any(not 0 <= months <= 12 * 30 for months in draft.child_ages) or len(draft.child_ages) > 12:
        problems.append(Problem("child_ages", _("Check the child's age.")))
    if not draft.consent:
        problems.append(Problem("consent", _("We need your permission to pass this on to the family centre.")))
    if problems or centre is None or place is None:
        raise Invalid(problems)
    quiet = draft.quiet or draft.need in {"need_violence", "need_exploitation"}
    accepted = RequestDraft(
        **{**draft.body(), **texts, "story": story, "contact": contact, "contact_kind": kind, "quiet": quiet}
    )
    return Accepted(accepted, centre, place.id, place.municipality_code)


def _contact(raw: str | None, problems: list[Problem]) -> tuple[str | None, str | None]:
    if not raw or not raw.strip():
        return None, None
    found = find_contacts(raw)
    if not found:
        problems.append(Problem("contact", _("Check the phone number or e-mail address.")))
        return None, None
    return found[0].value, found[0].kind
