"""Cards of services, and what a family asks for under them: more, nearer, in my language, for a baby.

A tap carries `/inform{"choice": "services:WISH:SHOWN"}`; what the cards answer is the need and the story told before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actions.context import Services, Turn
from bot.catalogue.search import AGE_GROUPS, Found, age_group_of, far_from
from bot.conversation.messages import button
from bot.i18n import _
from bot.routing.needs import need as need_of
from bot.routing.places import regions

CARDS = 3
"""Cards in one answer: more are not read."""
CHOICE = "services:"
_WINDOW = 30  # services among which the nearest, or those in a language, are looked for
# Needs of parents of children of any age, where help for a baby is another help.
_FOR_A_BABY = {
    "need_child_health",
    "need_financial",
    "need_home_help",
    "need_parent_mental_health",
    "need_parenting",
    "need_peer_support",
}


async def show_services(services: Services, turn: Turn, need_id: str, query: str, facts: Mapping[str, Any]) -> None:
    """The first cards for a need, with what may be asked for next; says honestly where there is none."""
    found = await _found(services, turn, need_id, query, facts, limit=CARDS + 1)
    if not found:
        turn.tell(turn.say(_("I found no service for this. The family centre can still help you.")))
        return
    wishes = ["more"] if len(found) > CARDS else []
    wishes += ["near", *(["language"] if turn.language != "fi" else [])]
    if need_id in _FOR_A_BABY and not facts.get("child_ages"):
        wishes.append("baby")
    _tell(turn, need_id, turn.say(_("These can help you:")), found[:CARDS], _buttons(turn, wishes, CARDS))


async def show_chosen(services: Services, turn: Turn, choice: str, place: str | None) -> str | None:
    """Answers a tap under the cards; returns what is waited for next (slot `pending`)."""
    wish, _sep, count = choice.removeprefix(CHOICE).partition(":")
    shown = int(count) if count.isascii() and count.isdigit() else 0
    need_id = str(turn.slots.get("need") or "")
    query = str(turn.slots.get("story") or "")
    facts = {**turn.slots, **({"place": place} if place else {})}
    if wish == "near":
        if not facts.get("place"):
            turn.tell(turn.say(_("Where do you live? Then I show what is nearest.")))
            return "near"
        await _nearer(services, turn, need_id, query, facts)
    elif wish == "language":
        await _in_my_language(services, turn, need_id, query, facts)
    elif wish == "baby":
        found = await _found(services, turn, need_id, query, {**facts, "child_ages": [0]}, limit=CARDS)
        _more_or_end(turn, need_id, found, [])
    else:
        found = await _found(services, turn, need_id, query, facts, limit=CARDS + 1, offset=shown)
        meeting = [each for each in found if not need_id or need_id in each.service.needs]
        further = _buttons(turn, ["more"], shown + CARDS) if len(meeting) > CARDS else []
        _more_or_end(turn, need_id, meeting[:CARDS], further)
    return "request"


async def _nearer(services: Services, turn: Turn, need_id: str, query: str, facts: Mapping[str, Any]) -> None:
    found = await _found(services, turn, need_id, query, facts, limit=_WINDOW)
    home = regions().municipality(str(facts["place"]))
    near = home.position if home else None
    fitting = [each for each in found if not need_id or need_id in each.service.needs]
    placed = [(far, each) for each in fitting if near and (far := far_from(each.service, near)) is not None]
    if placed:
        nearest = [each for _far, each in sorted(placed, key=lambda row: row[0])]
        _tell(turn, need_id, turn.say(_("These can help you too:")), nearest[:CARDS], _ask(turn))
        return
    here = [each for each in fitting if home and home.code in each.service.municipalities]
    lines = (here + [each for each in fitting if each not in here])[:CARDS]
    if lines:
        text = turn.say(_("No place of these is told. This is what serves your municipality:"))
        _tell(turn, need_id, text, lines, _ask(turn))
    else:
        _more_or_end(turn, need_id, [], [])


async def _in_my_language(services: Services, turn: Turn, need_id: str, query: str, facts: Mapping[str, Any]) -> None:
    found = await _found(services, turn, need_id, query, facts, limit=_WINDOW, service_language=turn.language)
    speaking = [
        each
        for each in found
        if turn.language in each.service.languages and (not need_id or need_id in each.service.needs)
    ]
    if speaking:
        _tell(turn, need_id, turn.say(_("These can help you too:")), speaking[:CARDS], _ask(turn))
    else:
        sentence = _("No service tells that it works in your language. You can ask for an interpreter.")
        turn.tell(turn.say(sentence), _ask(turn))


def _more_or_end(turn: Turn, need_id: str, found: Sequence[Found], further: list[dict[str, str]]) -> None:
    if found:
        _tell(turn, need_id, turn.say(_("These can help you too:")), found, [*further, *_ask(turn)])
        return
    turn.tell(turn.say(_("I know no more services for this. The family centre can still help you.")), _ask(turn))


def _tell(turn: Turn, need_id: str, text: str, found: Sequence[Found], buttons: Sequence[dict[str, str]]) -> None:
    cards = [each.card(turn.language) for each in found]
    turn.tell(text, buttons, kind="services", services=cards, need=need_id)


def _buttons(turn: Turn, wishes: Sequence[str], shown: int) -> list[dict[str, str]]:
    titles = {
        "more": _("More services"),
        "near": _("Nearer to me"),
        "language": _("In my language"),
        "baby": _("For a baby"),
    }
    return [button(turn.say(titles[wish]), f'/inform{{"choice": "{CHOICE}{wish}:{shown}"}}') for wish in wishes]


def _ask(turn: Turn) -> list[dict[str, str]]:
    return [button(turn.say(_("Ask for contact")), "/request_contact")]


async def _found(
    services: Services, turn: Turn, need_id: str, text: str, facts: Mapping[str, Any], **more: Any
) -> list[Found]:
    need = need_of(need_id)
    place = regions().resolve(str(facts["place"])) if facts.get("place") else None
    ages = facts.get("child_ages")
    group = age_group_of(ages[0]) if isinstance(ages, list) and ages else None
    return await services.catalogue.search(
        text or (need.label("en") if need else ""),
        language=turn.language,
        need=need_id or None,
        municipality=place.municipality_code if place else None,
        age_group=group if group in AGE_GROUPS else None,
        **more,
    )
