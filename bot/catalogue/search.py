"""Finds services for a family: words and meaning together, then what fits the need, the place and the child's age.

Full text and embeddings each rank the services; reciprocal rank fusion makes one order of the two, and what is known
of the family lifts what fits. A place never hides what serves the whole country or the county, or is remote. Knows
nothing of HTTP and Rasa. A family's words are never logged.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import cos, hypot, radians
from typing import Any, Literal

import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bot import clock
from bot.catalogue import embedding, fulltext
from bot.catalogue.analysis import query_terms
from bot.catalogue.card import service_card
from bot.catalogue.embedding import Vectors
from bot.catalogue.hearing import Heard, hearing
from bot.catalogue.index import Index, Mask, read_index
from bot.catalogue.model import Service
from bot.catalogue.opening import service_open
from bot.catalogue.ptv11 import AGE_GROUPS
from bot.catalogue.store import META
from bot.i18n import HELSINKI, _
from bot.routing.needs import Need
from bot.routing.needs import need as need_of
from bot.routing.places import regions
from bot.storage.database import Database
from bot.storage.models import MetaRow
from bot.text.folding import fold

__all__ = ["AGE_GROUPS", "Catalogue", "Found", "age_group_of"]

QUERY_CHARACTERS = 1000
"""Longer questions are cut: the cost of an embedding grows with the length."""

_FUSION = 10.0  # the usual 60 is for thousands of documents; here the first places must count
_WORDS, _MEANING, _NEED = 0.6, 1.0, 0.5
_HEARD = 0.1  # the share of a need that is worth a ranking of its own
_DEEPEST = 40  # ranks below this say nothing in a catalogue of hundreds
_NEIGHBOURS, _AGREEMENT = 20, 0.4
_VICTIM_FIRST, _OWN_VIOLENCE = 3.0, 0.2
# Help to stop using violence stands behind the victim's own help, unless the writer speaks of their own violence.
_WEIGHED = 120  # services of a tier that are weighed beside those that the query finds
_MEETS, _NEAR, _OTHER = 0, 1, 2
_UNDER_SCHOOL, _SCHOOL_AGE = 84, 192  # months: school begins at seven, youth services at sixteen
_EMBEDDED = 0.9  # share of the services that must have vectors before vectors rank
_BOOST = 1 / (_FUSION + 1)  # what a first place in one ranking gives; boosts are measured in it
_NEAR_KM, _KM_OF_DEGREE = 30.0, 111.2
_SURE = 0.3  # the share of a heard need that is told as the reason
AGE_REASONS = {
    "expecting": _("For those expecting a baby"),
    "under_school": _("For children under school age"),
    "school_age": _("For school-age children"),
    "young_16": _("For young people"),
}
DELIVERY_REASONS = {"remote": _("By phone or online"), "at_home": _("At your home")}
Ranking = Literal["words", "meaning"]
_log = logging.getLogger(__name__)


def age_group_of(months: int) -> str:
    """The age group of a child of `months`; -1 is a child that is expected."""
    if months < 0:
        return "expecting"
    if months < _UNDER_SCHOOL:
        return "under_school"
    return "school_age" if months < _SCHOOL_AGE else "young_16"


@dataclass(frozen=True)
class Found:
    """A service that answers a search. `score`: higher is better, only within one search. `why`: msgids."""

    service: Service
    score: float
    why: tuple[str, ...] = ()

    def card(self, language: str) -> dict[str, Any]:
        """What the family sees of it, in `language` (bot.catalogue.card.service_card)."""
        return service_card(self.service, language, self.why)


@dataclass(frozen=True)
class _Wish:
    """What is known of the family that asks."""

    language: str
    need: Need | None = None
    municipality: str | None = None
    age_group: str | None = None
    service_language: str | None = None
    delivery: str | None = None
    near: tuple[float, float] | None = None
    open_at: datetime | None = None


class Catalogue:
    """Search over the services in the database; the catalogue is held in memory and follows the database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._index: Index | None = None
        self._lock = asyncio.Lock()

    async def load(self) -> None:
        """Reads the services and their embeddings, where they changed since the last time."""
        async with self._db.read() as session:
            rows = await session.execute(
                select(MetaRow.key, MetaRow.value).where(MetaRow.key.startswith(META)).order_by(MetaRow.key)
            )
            state = tuple((key, value) for key, value in rows)
            if self._index is not None and self._index.state == state:
                return
            async with self._lock:  # one reads, the others wait for what it read
                if self._index is None or self._index.state != state:
                    self._index = await read_index(session, state, self._index)

    async def search(
        self,
        query: str,
        *,
        language: str,
        need: str | None = None,
        municipality: str | None = None,
        age_group: str | None = None,
        service_language: str | None = None,
        delivery: str | None = None,
        near: tuple[float, float] | None = None,
        open_now: bool = False,
        limit: int = 3,
        offset: int = 0,
        only: Ranking | None = None,
    ) -> list[Found]:
        """Services that answer `query` (words of the family, any language), best first; never raises for its words.

        `need`: id of bot.routing.needs; services that meet it come before all others, and the query orders them.
        `municipality`: three-digit code; hides only what is given at places elsewhere. `age_group`: of AGE_GROUPS.
        `service_language`: services in this language are lifted. `delivery`: "on_site", "remote" or "at_home".
        `near`: WGS84 (lat, lon), the municipality's middle where it is not told; what is given nearer is lifted.
        `open_now`: lifts what can be reached now. Wishes lift and lower, only a place hides.
        `limit`, `offset`: a window on the list. An empty query lists what fits.
        `only`: one ranking as it stands, without fusion, filters and boosts, to measure what each is worth.
        """
        index = await self._current()
        wish = _Wish(
            language,
            need_of(need),
            municipality,
            age_group,
            service_language,
            delivery,
            near or _middle(municipality),
            clock.now().astimezone(HELSINKI) if open_now else None,
        )
        text = query[:QUERY_CHARACTERS].strip()
        words, meaning, heard = await self._ranks(index, text, language) if text else ([], None, None)
        if only is not None:
            return _alone(index, words if only == "words" else meaning)[max(offset, 0) :][: max(limit, 0)]
        named = index.named.get(fold(text), frozenset())
        first, last = max(offset, 0), max(offset, 0) + max(limit, 0)
        return _ordered(index, wish, words, meaning, named, heard, asked=bool(text), enough=last)[first:last]

    async def get(self, id: str) -> Service | None:
        """The service with this id, or None."""
        return (await self._current()).services.get(id)

    async def all(
        self,
        *,
        language: str,
        need: str | None = None,
        age_group: str | None = None,
        municipality: str | None = None,
        service_language: str | None = None,
        delivery: str | None = None,
        open_now: bool = False,
        limit: int | None = None,
        offset: int = 0,
    ) -> list[Found]:
        """Services for browsing: only those that meet the need and the age group and serve the municipality; the other
        wishes order them."""
        index = await self._current()
        moment = clock.now().astimezone(HELSINKI) if open_now else None
        wish = _Wish(
            language,
            need_of(need),
            municipality,
            age_group,
            service_language,
            delivery,
            _middle(municipality),
            moment,
        )
        found = [
            each
            for each in _ordered(index, wish, [], None, frozenset(), None, asked=False)
            if (wish.need is None or wish.need.id in each.service.needs)
            and (age_group is None or age_group in each.service.age_groups)
        ]
        return found[offset:] if limit is None else found[offset : offset + limit]

    async def _current(self) -> Index:
        try:
            await self.load()
        except SQLAlchemyError:
            if self._index is None:
                raise
            _log.exception("the database does not answer: the catalogue in memory goes on")
        assert self._index is not None  # noqa: S101
        return self._index

    async def _ranks(self, index: Index, text: str, language: str) -> tuple[list[int], Vectors | None, Heard | None]:
        """Places of services by words, best first; each one's likeness to the question, and what is heard in it.
        Where one of the two fails the other answers alone."""
        words, meaning = await asyncio.gather(
            self._by_words(index, text, language), _by_meaning(index, text, language), return_exceptions=True
        )
        for found in (words, meaning):
            if isinstance(found, Exception):
                _log.error("half of the search failed: %s", type(found).__name__)
            elif isinstance(found, BaseException):
                raise found
        likeness, heard = (None, None) if isinstance(meaning, BaseException) else meaning
        return [] if isinstance(words, BaseException) else words, likeness, heard

    async def _by_words(self, index: Index, text: str, language: str) -> list[int]:
        terms = query_terms(text, language)
        async with self._db.read() as session:
            numbers = await fulltext.ranked(session, terms, index.frequency, len(index.texts))
        # A service stands in the list with every language it has: its best place counts.
        ids = dict.fromkeys(index.texts[number].service_id for number in numbers if number in index.texts)
        return [index.places[service_id] for service_id in ids]


def _alone(index: Index, ranking: Sequence[int] | Vectors | None) -> list[Found]:
    places = _best(ranking, np.ones(len(ranking), dtype=bool)) if isinstance(ranking, np.ndarray) else ranking or ()
    return [Found(index.services[index.order[place]], -float(rank)) for rank, place in enumerate(places)]


async def _by_meaning(index: Index, text: str, language: str) -> tuple[Vectors | None, Heard | None]:
    if not len(index.vectors):
        return None, None
    # While a catalogue is being embedded, what has its vectors already would stand before what fits better.
    whole = index.embedded >= _EMBEDDED

    def compared() -> tuple[Vectors | None, Heard | None]:
        asked, learnt = embedding.embed_query(text), hearing()
        if learnt is None:
            return (index.likeness(asked) if whole else None), None
        heard = learnt.hear(text, asked, language)
        return (index.likeness(heard.vector, freed=True) if whole else None), heard

    return await asyncio.to_thread(compared)


def _ordered(
    index: Index,
    wish: _Wish,
    words: Sequence[int],
    meaning: Vectors | None,
    named: frozenset[str],
    heard: Heard | None,
    asked: bool,
    enough: int | None = None,
) -> list[Found]:
    """Everything that may be shown, best first, or at least the first `enough`. `words`: places, best first;
    `meaning`: likeness of each place; `named`: ids named outright."""
    ranked: list[Found] = []
    own_violence = heard is not None and heard.own_violence > _OWN_VIOLENCE
    for tier, mask in _tiers(index, wish):
        # Places are counted within a tier: among the services that meet the need the query still decides.
        relevance = _fused(index, mask, words, meaning, heard.needs if heard and wish.need is None else {})
        services = [
            index.services[index.order[place]] for place in _candidates(index, wish, mask, tier, relevance, asked)
        ]
        scores = {index.order[place]: score for place, score in relevance.items()}
        needs: Mapping[str, float] = {}
        if asked and wish.need is None:
            needs = heard.needs if heard is not None else _needs_heard(services, scores)
        found = []
        for service in services:
            fit = _fit(service, wish, asked) + sum(_weights(service, needs)) + (service.id in named)
            if service.id in index.violent and service.id not in named and not own_violence:
                fit -= _VICTIM_FIRST
            found.append(Found(service, scores.get(service.id, 0.0) + _BOOST * fit, _why(service, wish, heard)))
        ranked += sorted(found, key=lambda each: (-each.score, each.service.source_id))
        if enough is not None and len(ranked) >= enough:
            break  # every service of a tier stands before the next tier
    return ranked


def _tiers(index: Index, wish: _Wish) -> Iterator[tuple[int, Mask]]:
    """Services that may be shown: those that meet the need, those whose classes are the need's, the others."""
    rest = index.open_to(wish.municipality).copy()
    if wish.need is not None:
        for tier, places in ((_MEETS, index.meeting(wish.need.id)), (_NEAR, index.of_classes(wish.need.classes))):
            mask = np.zeros(len(rest), dtype=bool)
            mask[places] = True
            mask &= rest
            rest &= ~mask
            yield tier, mask
    yield _OTHER, rest


def _candidates(
    index: Index, wish: _Wish, mask: Mask, tier: int, relevance: Mapping[int, float], asked: bool
) -> Iterable[int]:
    """Places of the services of a tier that are worth weighing."""
    if asked and tier == _OTHER:
        return relevance
    if not asked:
        return np.flatnonzero(mask).tolist()
    # Of thousands that meet a need only those that the words speak for, or that it fits best, can come first.
    places = index.meeting(wish.need.id) if wish.need and tier == _MEETS else np.flatnonzero(mask)
    places = places[mask[places]]
    if wish.municipality and len(places) > _WEIGHED:
        here = np.zeros(len(mask), dtype=bool)
        here[index.given_in(wish.municipality)] = True
        places = np.concatenate([places[here[places]], places[~here[places]]])
    return dict.fromkeys((*relevance, *places[:_WEIGHED].tolist()))


def _fused(
    index: Index, mask: Mask, words: Sequence[int], meaning: Vectors | None, needs: Mapping[str, float]
) -> dict[int, float]:
    """Reciprocal rank fusion among the places of `mask`; those deep down in all rankings are left out.

    `needs`: what is heard in the question; the services that meet such a need, the likest first, are a ranking too.
    """
    nearest = _best(meaning, mask) if meaning is not None else []
    rankings: list[tuple[Sequence[int], float]] = [(words, _WORDS), (nearest, _MEANING)]
    if meaning is not None:
        for need, share in needs.items():
            if share >= _HEARD and len(meeting := index.meeting(need)):
                likest = meeting[np.argsort(-meaning[meeting], kind="stable")]
                rankings.append((likest.tolist(), _NEED * share))
    scores: dict[int, float] = {}
    for order, weight in rankings:
        for rank, place in enumerate(islice((each for each in order if mask[each]), _DEEPEST)):
            scores[place] = scores.get(place, 0.0) + weight / (_FUSION + 1 + rank)
    return scores


def _best(scores: Vectors, mask: Mask) -> list[int]:
    """The places of the highest scores within the mask, best first; among equals the first place."""
    places = np.flatnonzero(mask & (scores > -2.0))
    known = min(_DEEPEST, len(places))
    if not known:
        return []
    some = scores[places]
    if len(some) > known:
        best = np.flatnonzero(some >= np.partition(some, len(some) - known)[len(some) - known])
        places, some = places[best], some[best]
    return [int(place) for place in places[np.argsort(-some, kind="stable")]]


def _needs_heard(services: Sequence[Service], relevance: Mapping[str, float]) -> dict[str, float]:
    """Needs that the best answers speak of together, 0 to 1: one that stands alone among them is likely beside."""
    best = sorted(services, key=lambda service: -relevance.get(service.id, 0.0))[:_NEIGHBOURS]
    votes: dict[str, float] = {}
    for service in best:
        for place, need in enumerate(service.needs):
            votes[need] = votes.get(need, 0.0) + relevance.get(service.id, 0.0) / (1 + place / 2)
    most = max(votes.values(), default=0.0)
    return {need: vote / most for need, vote in votes.items()} if most else {}


def _weights(service: Service, heard: Mapping[str, float]) -> Iterator[float]:
    for place, need in enumerate(service.needs):
        yield _AGREEMENT * heard.get(need, 0.0) / (1 + place / 2)


def _fit(service: Service, wish: _Wish, asked: bool) -> float:
    """How much of what is known of the family the service fits, in first places of a ranking."""
    found = 0.0
    if wish.need and wish.need.id in service.needs:
        # Without words the need alone orders: a service whose first need it is comes first.
        found += (0.3 if asked else 1.0) / (1 + service.needs.index(wish.need.id))
    if wish.need and service.classes:
        shared = [wish.need.classes.index(code) for code in service.classes if code in wish.need.classes]
        found += 0.1 / (1 + min(shared)) if shared else 0.0
    if wish.municipality:
        found += (
            0.3 if wish.municipality in service.municipalities else 0.15 if service.serves(wish.municipality) else 0
        )
    if wish.age_group and service.age_groups:
        found += 0.4 if wish.age_group in service.age_groups else -0.6
    if wish.service_language:
        found += 0.3 if wish.service_language in service.languages else 0.0
    if wish.delivery and service.delivery:
        found += 0.4 if wish.delivery in service.delivery else -0.6
    if wish.near and (far := far_from(service, wish.near)) is not None:
        found += 0.3 * _NEAR_KM / (_NEAR_KM + far)
    if wish.open_at and (is_open := service_open(service, wish.open_at)) is not None:
        found += 0.4 if is_open else -0.3
    return found


def _middle(municipality: str | None) -> tuple[float, float] | None:
    home = regions().municipality(municipality) if municipality else None
    return home.position if home else None


def far_from(service: Service, near: tuple[float, float]) -> float | None:
    """Kilometres, as the crow flies, to the nearest place where the service is given; None where none is told.

    `near`: WGS84 (lat, lon). Over the distances of a county a flat map is near enough.
    """
    lat, lon = near
    narrow = cos(radians(lat))
    return min(
        (
            _KM_OF_DEGREE * hypot(each.lat - lat, (each.lon - lon) * narrow)
            for each in service.channels
            if each.lat is not None and each.lon is not None
        ),
        default=None,
    )


def _why(service: Service, wish: _Wish, heard: Heard | None) -> tuple[str, ...]:
    """Short reasons, the most telling first: what it is for, for whom, when, in which language, where, at what cost."""
    reasons = []
    if wish.need is None and heard is not None:
        told = max(service.needs, key=lambda need: heard.needs.get(need, 0.0), default="")
        if (need := need_of(told)) and heard.needs.get(told, 0.0) >= _SURE:
            reasons.append(need.title)
    if wish.age_group in service.age_groups and len(service.age_groups) < len(AGE_GROUPS):
        reasons.append(AGE_REASONS[wish.age_group])
    if wish.open_at and service_open(service, wish.open_at):
        reasons.append(_("Open now"))
    if wish.service_language and wish.service_language in service.languages:
        reasons.append(_("In your language"))
    if wish.delivery in service.delivery and wish.delivery in DELIVERY_REASONS:
        reasons.append(DELIVERY_REASONS[wish.delivery])
    far = far_from(service, wish.near) if wish.near else None
    if far is not None and far <= _NEAR_KM:
        reasons.append(_("Near you"))
    elif wish.municipality and wish.municipality in service.municipalities:
        reasons.append(_("In your municipality"))
    elif service.county:
        reasons.append(_("In all of North Ostrobothnia"))
    elif service.whole_country:
        reasons.append(_("In the whole country"))
    if service.charge == "free":
        reasons.append(_("Free of charge"))
    return tuple(reasons)
