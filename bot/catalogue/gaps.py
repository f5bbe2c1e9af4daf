"""What the catalogue lacks, for the people who keep it: few services, missing texts, old or unreachable ones. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.catalogue.model import Channel, Service, Texts

FEW = 5
"""Services of a need below which a family has little to choose from."""
OLD = timedelta(days=365)


@dataclass(frozen=True)
class Lacking:
    """How many services lack a name, a short and a long description in a language."""

    names: int
    summaries: int
    descriptions: int


@dataclass(frozen=True)
class Gaps:
    """What is missing. `needs`, `municipalities`: id or code to number of services, fewest first.

    `texts`: language to what lacks. `old`: services not changed for a year; `unreachable`: without number, address,
    page or form.
    """

    total: int
    needs: Mapping[str, int]
    municipalities: Mapping[str, int]
    texts: Mapping[str, Lacking]
    old: Sequence[Service]
    unreachable: Sequence[Service]


def find_gaps(
    services: Iterable[Service],
    needs: Iterable[str],
    municipalities: Iterable[str],
    languages: Iterable[str],
    now: datetime,
) -> Gaps:
    """Gaps among the services for families; a service without a time of change is not called old."""
    family = [each for each in services if each.audience != "other"]
    per_need = {need: sum(need in each.needs for each in family) for need in needs}
    per_place = {code: sum(code in each.municipalities for each in family) for code in municipalities}
    old = [each for each in family if each.modified and now - each.modified > OLD]
    return Gaps(
        total=len(family),
        needs=_fewest_first(per_need),
        municipalities=_fewest_first(per_place),
        texts={
            code: Lacking(
                _lacking([each.names for each in family], code),
                _lacking([each.summaries for each in family], code),
                _lacking([each.descriptions for each in family], code),
            )
            for code in languages
        },
        old=sorted(old, key=lambda each: (each.modified or now, each.id)),
        unreachable=[each for each in family if not any(_reaches(channel) for channel in each.channels)],
    )


def _fewest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda row: (row[1], row[0])))


def _lacking(texts: Iterable[Texts], language: str) -> int:
    return sum(not each.get(language) for each in texts)


def _reaches(channel: Channel) -> bool:
    return bool(channel.tel or channel.number or channel.urls or channel.address)
