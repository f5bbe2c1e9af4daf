"""What will be sent, in the family's language, with one tap to change each answer."""

from __future__ import annotations

from collections.abc import Mapping

from actions.context import Turn
from bot.conversation import form
from bot.conversation.messages import button
from bot.i18n import _, languages, listing, locale_of, translations
from bot.routing.needs import need as need_of
from bot.routing.places import regions

LABELS: Mapping[str, str] = {
    "story": _("What it is about"),
    "place": _("Place"),
    "child_ages": _("Child's age"),
    "contact": _("Contact"),
    "safe": _("Time and way"),
    "interpreter": _("Interpreter"),
    "name": _("Name"),
}


def show_summary(turn: Turn, cancel: dict[str, str]) -> None:
    """All answers and a button for each; after "no" only the question what to change."""
    slots = [slot for slot in LABELS if not _hidden(turn, slot)]
    change = [button(_label(turn, slot), f'/inform{{"change": "{slot}"}}') for slot in slots]
    if turn.slots.get("asked") == "change":
        turn.tell(turn.say(_("What would you like to change?")), [*change, cancel])
        return
    rows = [{"slot": slot, "label": _label(turn, slot), "value": shown(turn, slot)} for slot in slots]
    lines = [f"{row['label']}: {row['value']}" for row in rows]
    changes = [
        button(turn.say(_("Change: %(what)s"), what=_label(turn, slot)), f'/inform{{"change": "{slot}"}}')
        for slot in slots
    ]
    turn.tell(
        "\n".join([turn.say(_("This is what I send:")), *lines, turn.say(_("Shall I send it?"))]),
        [button(turn.say(_("Yes, send it")), '/affirm{"choice": "yes"}'), *changes, cancel],
        rows=rows,
    )


def _label(turn: Turn, slot: str) -> str:
    own_age = slot == "child_ages" and turn.writer == "young"
    return turn.say(_("Your age")) if own_age else turn.say(LABELS[slot])


def _hidden(turn: Turn, slot: str) -> bool:
    if slot == "interpreter":
        return turn.language == "fi" and not turn.slots.get("interpreter") and not turn.slots.get("spoken")
    return slot == "safe" and turn.slots.get("contact") == form.NO_CONTACT


def age_text(months: int, language: str) -> str:
    """An age as people say it: months under two years, years after that."""
    catalogue = translations(language)
    if months == form.EXPECTING:
        return catalogue.gettext("expecting a baby")
    if months < 24:
        return catalogue.ngettext("%(count)d month", "%(count)d months", months) % {"count": months}
    years = months // 12
    return catalogue.ngettext("%(count)d year", "%(count)d years", years) % {"count": years}


def shown(turn: Turn, slot: str) -> str:
    """An answer in words; a contact stays a placeholder that the conversation fills."""
    value = turn.slots.get(slot)
    if slot == "story":
        need = need_of(turn.slots.get("need"))
        told = "" if value in (None, form.SKIPPED) else str(value).replace("\n", " / ")
        also = [found.label(turn.language) for each in turn.slots.get("also") or [] if (found := need_of(each))]
        title = listing([need.label(turn.language), *also], turn.language) if need else ""
        return " – ".join(part for part in (title, told) if part) or turn.say(_("You tell the worker yourself"))
    if slot == "place":
        centre = regions().family_centre(str(value)) if value else None
        place = regions().resolve(str(value)) if value else None
        if place is None or centre is None:
            return "–"
        return turn.say(_("%(place)s (family centre: %(centre)s)"), place=place.name, centre=centre.place_label)
    if slot == "child_ages":
        ages = value if isinstance(value, list) else []
        return listing([age_text(int(age), turn.language) for age in ages], turn.language) if ages else "–"
    if slot == "contact":
        return f"%(contact:{value})s" if value not in (None, form.NO_CONTACT) else turn.say(_("I read the answer here"))
    if slot == "safe":
        return turn.say(_("Any time")) if value in (None, form.SKIPPED) else str(value)
    if slot == "interpreter":
        return _interpreter(turn, bool(value))
    return turn.say(_("Anonymous")) if value in (None, form.SKIPPED) else str(value)


def _interpreter(turn: Turn, wanted: bool) -> str:
    if not wanted:
        return turn.say(_("No, but more time")) if turn.slots.get("more_time") else turn.say(_("No"))
    code = str(turn.slots.get("contact_language") or turn.slots.get("spoken") or turn.language)
    name = languages()[code].name if code in languages() else locale_of(turn.language).languages.get(code, code)
    return turn.say(_("Yes, %(name)s"), name=name)
