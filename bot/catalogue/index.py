"""The catalogue in memory: services, their vectors, and who serves whom, as arrays that one search can cut through.

Built from the database and kept in step with it: after a change only what changed is read again. Places in the arrays
("places" below) are positions in `order`. Knows nothing of ranking; bot.catalogue.search decides what comes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, UnicodeText, cast, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.catalogue import fulltext
from bot.catalogue.embedding import DIMENSIONS, Vectors
from bot.catalogue.model import Service
from bot.storage.models import ServiceRow, ServiceTextRow
from bot.text.folding import fold

Mask = NDArray[np.bool_]
State = tuple[tuple[str, str], ...]
_BATCH = 500
_ENOUGH = 20  # texts whose mean tells what they share; of fewer it would take away what they say
_FEW, _LARGE = 50, 5000


@dataclass(frozen=True)
class Text:
    """A row of service_text: whose it is, and the digest of its words."""

    service_id: str
    language: str
    hash: str
    embedded: bool


@dataclass(frozen=True)
class Index:
    """The catalogue as of `state` (checksums of its sources).

    `vectors` (n, 384) are grouped by service in the order of `order`.
    """

    state: State
    services: Mapping[str, Service]
    digests: Mapping[str, str]
    texts: Mapping[int, Text]
    vectors: Vectors
    vector_numbers: tuple[int, ...]
    frequency: Mapping[str, int]
    order: tuple[str, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    named: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Folded names, in every language, to the ids of the services that bear them."""
    violent: frozenset[str] = frozenset()
    """Ids of the services for those who use violence themselves."""
    _means: Vectors = field(default_factory=lambda: np.empty((0, DIMENSIONS), dtype=np.float32))
    _spoken: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    _lengths: Vectors = field(default_factory=lambda: np.empty(0, dtype=np.float32))
    _starts: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    _embedded: NDArray[np.intp] = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    _family: Mask = field(default_factory=lambda: np.empty(0, dtype=bool))
    _everywhere: Mask = field(default_factory=lambda: np.empty(0, dtype=bool))
    _served: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    _needs: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)
    _classes: Mapping[str, NDArray[np.intp]] = field(default_factory=dict)

    def open_to(self, municipality: str | None) -> Mask:
        """Services for families that a family of this municipality may use; all of them where it is not told.

        A place hides only what is given at places elsewhere, never what serves the county, the country, or is remote.
        """
        if not municipality:
            return self._family
        mask = self._everywhere.copy()
        mask[self.given_in(municipality)] = True
        return mask & self._family

    def given_in(self, municipality: str) -> NDArray[np.intp]:
        """Places of the services that name this municipality."""
        return self._served.get(municipality, np.empty(0, dtype=np.intp))

    def meeting(self, need: str) -> NDArray[np.intp]:
        """Places of the services that meet a need, those whose first need it is before the others."""
        return self._needs.get(need, np.empty(0, dtype=np.intp))

    def of_classes(self, classes: Iterable[str]) -> NDArray[np.intp]:
        """Places of the services of any of these service classes."""
        found = [self._classes[code] for code in classes if code in self._classes]
        return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.intp)

    @property
    def embedded(self) -> float:
        """The share of the services that have a vector."""
        return len(self._embedded) / max(1, len(self.order))

    def likeness(self, asked: Vectors, freed: bool = False) -> Vectors:
        """How near each service is to the question's vector, by the nearest of its languages; -2 where unknown.

        `freed`: the question's vector is freed of its language (bot.catalogue.hearing); then the services' texts are
        compared without theirs too: the mean of all texts in that language is taken away.
        """
        scores = np.full(len(self.order), -2.0, dtype=np.float32)
        if len(self._embedded):
            likeness = self.vectors @ asked
            if freed:
                likeness = (likeness - (self._means @ asked)[self._spoken]) / self._lengths
            scores[self._embedded] = np.maximum.reduceat(likeness, self._starts)
        return scores


async def read_index(session: AsyncSession, state: State, before: Index | None) -> Index:
    """The catalogue of the database; what `before` holds and has not changed is taken over.

    All that takes long runs in threads: families' messages are answered meanwhile.
    """
    rows = await session.execute(select(ServiceRow.id, ServiceRow.digest).where(ServiceRow.state == "active"))
    digests = {row.id: row.digest for row in rows}
    services = {}
    if before is not None:
        kept = before.digests
        services = {id_: before.services[id_] for id_, digest in digests.items() if kept.get(id_) == digest}
    missing = [id_ for id_ in digests if id_ not in services]
    for start in range(0, len(missing), _BATCH):
        some = missing[start : start + _BATCH]
        # As text: SQLAlchemy would parse the JSON here, where families wait.
        data = select(ServiceRow.id, cast(ServiceRow.data, UnicodeText)).where(ServiceRow.id.in_(some))
        services.update(await asyncio.to_thread(_parsed, (await session.execute(data)).all()))
    texts = {
        number: Text(service_id, language, hash_, embedded)
        for number, service_id, language, hash_, embedded in await session.execute(
            select(
                ServiceTextRow.number,
                ServiceTextRow.service_id,
                ServiceTextRow.language,
                ServiceTextRow.hash,
                ServiceTextRow.embedding.is_not(None),
            )
        )
        if service_id in services
    }
    known: dict[int, int] = {}
    if before is not None:
        known = {
            number: place
            for place, number in enumerate(before.vector_numbers)
            if texts.get(number) == before.texts.get(number)
        }
    wanted = [number for number, text in texts.items() if text.embedded and number not in known]
    fresh: dict[int, bytes] = {}
    for start in range(0, len(wanted), _BATCH):
        some_numbers = wanted[start : start + _BATCH]
        blobs = select(ServiceTextRow.number, ServiceTextRow.embedding).where(ServiceTextRow.number.in_(some_numbers))
        fresh.update((number, blob) for number, blob in await session.execute(blobs) if blob)
    # Counting words reads the whole full text; a few changed services do not make a common word rare.
    few = before is not None and len(missing) <= len(digests) / _FEW and len(texts) > _LARGE
    frequency = before.frequency if before is not None and few else await fulltext.frequencies(session)
    return await asyncio.to_thread(_built, state, services, digests, texts, fresh, known, before, frequency)


def _parsed(rows: Iterable[Row[str, str]]) -> dict[str, Service]:
    return {id_: Service.from_text(data) for id_, data in rows}


def _vectors(
    texts: Mapping[int, Text], fresh: Mapping[int, bytes], known: Mapping[int, int], before: Index | None
) -> tuple[list[int], Vectors]:
    """Numbers of the rows that have a vector, grouped by service, and their vectors."""
    groups: dict[str, list[int]] = {}
    for number, text in texts.items():
        if number in known or len(fresh.get(number, b"")) == 4 * DIMENSIONS:
            groups.setdefault(text.service_id, []).append(number)
    numbers = list(chain.from_iterable(groups.values()))
    vectors = np.empty((len(numbers), DIMENSIONS), dtype=np.float32)
    if before is not None and known:
        kept = [(row, known[number]) for row, number in enumerate(numbers) if number in known]
        if kept:
            rows, places = (np.array(each, dtype=np.intp) for each in zip(*kept, strict=True))
            vectors[rows] = before.vectors[places]
    for row, number in enumerate(numbers):
        if number not in known:
            vectors[row] = np.frombuffer(fresh[number], dtype="<f4")
    return numbers, vectors


def _built(
    state: State,
    services: Mapping[str, Service],
    digests: Mapping[str, str],
    texts: Mapping[int, Text],
    fresh: Mapping[int, bytes],
    known: Mapping[int, int],
    before: Index | None,
    frequency: Mapping[str, int],
) -> Index:
    numbers, vectors = _vectors(texts, fresh, known, before)
    order = tuple(services)
    places = {id_: place for place, id_ in enumerate(order)}
    owners = np.array([places[texts[number].service_id] for number in numbers], dtype=np.intp)
    starts = np.flatnonzero(np.diff(owners, prepend=-1)) if len(owners) else np.empty(0, dtype=np.intp)
    means, spoken, lengths = _without_language([texts[number].language for number in numbers], vectors)
    served: dict[str, list[int]] = {}
    classes: dict[str, list[int]] = {}
    needs: dict[str, list[tuple[int, int]]] = {}
    for place, service in enumerate(services.values()):
        for code in service.municipalities:
            served.setdefault(code, []).append(place)
        for code in service.classes:
            classes.setdefault(code, []).append(place)
        for rank, need in enumerate(service.needs):
            needs.setdefault(need, []).append((rank, place))
    return Index(
        state,
        services,
        digests,
        texts,
        vectors,
        tuple(numbers),
        frequency,
        order,
        places,
        _names(services, before),
        frozenset(service.id for service in services.values() if service.for_violent),
        means,
        spoken,
        lengths,
        starts,
        owners[starts],
        np.array([service.audience != "other" for service in services.values()], dtype=bool),
        np.array(
            [service.whole_country or service.county or service.remote for service in services.values()], dtype=bool
        ),
        {code: np.array(found, dtype=np.intp) for code, found in served.items()},
        {need: np.array([place for _, place in sorted(found)], dtype=np.intp) for need, found in needs.items()},
        {code: np.array(found, dtype=np.intp) for code, found in classes.items()},
    )


def _without_language(languages: Sequence[str], vectors: Vectors) -> tuple[Vectors, NDArray[np.intp], Vectors]:
    """What is taken from each text's vector to free it of its language: the means, which of them is whose, and the
    length that is left of each vector. A language with few texts is freed of what all texts share."""
    known = sorted(set(languages))
    place = {code: number for number, code in enumerate(known)}
    spoken = np.array([place[code] for code in languages], dtype=np.intp)
    means = np.zeros((len(known), DIMENSIONS), dtype=np.float32)
    lengths = np.ones(len(vectors), dtype=np.float32)
    for number in range(len(known)):
        rows = np.flatnonzero(spoken == number)
        some = vectors[rows] if len(rows) >= _ENOUGH else vectors
        means[number] = some.mean(axis=0) if len(some) >= _ENOUGH else 0.0
        lengths[rows] = np.maximum(np.linalg.norm(vectors[rows] - means[number], axis=1), 1e-6)
    return means, spoken, lengths


def _names(services: Mapping[str, Service], before: Index | None) -> dict[str, frozenset[str]]:
    """Folded names to the ids that bear them; those of unchanged services are taken over."""
    found = dict(before.named) if before is not None else {}
    gone = before.services.items() if before is not None else ()
    for id_, service in gone:
        if services.get(id_) is not service:
            for name in _folded(service):
                found[name] = found.get(name, frozenset()) - {id_}
    fresh: dict[str, set[str]] = {}
    for id_, service in services.items():
        if before is None or before.services.get(id_) is not service:
            for name in _folded(service):
                fresh.setdefault(name, set()).add(id_)
    for name, ids in fresh.items():
        found[name] = found.get(name, frozenset()) | ids
    return found


def _folded(service: Service) -> set[str]:
    names = (*service.names.values(), *chain.from_iterable(service.alternative_names.values()))
    return {fold(name) for name in names}
