"""Full text on both databases: SQLite's FTS5 and PostgreSQL's tsvector, over words from bot.catalogue.analysis.

Both hold three fields, name, keywords and body, with the same weights. Only this module and migration 0002 know how
the words are kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

NAME, KEYWORDS, BODY = 6.0, 4.0, 1.0
"""How much a word in each field counts."""

_WORD = re.compile(r"\w+")
_SMALL = 10_000  # rows; below that every word of a question is ranked
_WEIGHED = 6000  # rows that a search of a larger catalogue ranks by words: some milliseconds
_LONGEST = 200  # a lexeme of PostgreSQL has at most 2 kB; no word of a language is longer
_POSITIONS = 16_000  # PostgreSQL keeps no position above 16383


@dataclass(frozen=True)
class Words:
    """The analysed words of a service in one language."""

    name: Sequence[str]
    keywords: Sequence[str]
    body: Sequence[str]


async def put(session: AsyncSession, rows: Sequence[tuple[int, Words]]) -> None:
    """Stores the words of rows of service_text, by number, in place of earlier ones."""
    if not rows:
        return
    if _postgres(session):
        await session.execute(
            text("UPDATE service_text SET search = CAST(:vector AS tsvector) WHERE number = :number"),
            [{"vector": _vector(words), "number": number} for number, words in rows],
        )
        return
    await remove(session, [number for number, _ in rows])
    await session.execute(
        text("INSERT INTO service_fts (rowid, name, keywords, body) VALUES (:number, :name, :keywords, :body)"),
        [
            {
                "number": number,
                "name": " ".join(words.name),
                "keywords": " ".join(words.keywords),
                "body": " ".join(words.body),
            }
            for number, words in rows
        ],
    )


async def remove(session: AsyncSession, numbers: Sequence[int]) -> None:
    """Forgets the words of rows of service_text; call before or after the rows themselves go."""
    if numbers and not _postgres(session):  # PostgreSQL keeps the words in a column of the row
        await session.execute(
            text("DELETE FROM service_fts WHERE rowid = :number"), [{"number": number} for number in numbers]
        )


async def frequencies(session: AsyncSession) -> dict[str, int]:
    """In how many rows each word stands."""
    if not _postgres(session):
        # A view of the index that lives with the connection: nothing is written to the database.
        await session.execute(
            text("CREATE VIRTUAL TABLE IF NOT EXISTS temp.service_words USING fts5vocab(main, service_fts, row)")
        )
        rows = await session.execute(text("SELECT term AS word, doc AS ndoc FROM temp.service_words"))
        return {row.word: row.ndoc for row in rows}
    rows = await session.execute(text("SELECT word, ndoc FROM ts_stat('SELECT search FROM service_text')"))
    return {row.word: row.ndoc for row in rows}


async def ranked(
    session: AsyncSession,
    terms: Sequence[str],
    frequency: Mapping[str, int],
    rows: int,
    limit: int = 200,
) -> list[int]:
    """Numbers of rows of service_text that hold any of `terms`, best first. `rows`: how many rows there are."""
    clean = [term for term in terms if _WORD.fullmatch(term) and len(term) <= _LONGEST]
    if not clean:
        return []
    if rows > _SMALL:
        clean = _telling(clean, frequency)
    if _postgres(session):
        return await _ranked_postgres(session, clean, frequency, rows, limit)
    found = await session.execute(
        text(
            "SELECT rowid FROM service_fts WHERE service_fts MATCH :query "
            "ORDER BY bm25(service_fts, :name, :keywords, :body), rowid LIMIT :limit"
        ),
        {
            "query": " OR ".join(f'"{term}"' for term in clean),
            "limit": limit,
            "name": NAME,
            "keywords": KEYWORDS,
            "body": BODY,
        },
    )
    return list(found.scalars())


def _telling(terms: Sequence[str], frequency: Mapping[str, int]) -> list[str]:
    """The rarest of the terms, in their order, as many as stand in few enough rows together.

    Both databases rank every row that holds any term: a word that half of a large catalogue holds tells nothing and
    costs most.
    """
    kept: set[str] = set()
    weighed = 0
    # A word that was not there when words were counted is a new one, and rare.
    for term in sorted(terms, key=lambda term: frequency.get(term, 1)):
        weighed += frequency.get(term, 1)
        if kept and weighed > _WEIGHED:
            break
        kept.add(term)
    return [term for term in terms if term in kept]


async def _ranked_postgres(
    session: AsyncSession, terms: Sequence[str], frequency: Mapping[str, int], rows: int, limit: int
) -> list[int]:
    # ts_rank does not know that a rare word tells more than a common one, which bm25 does: each word is ranked alone
    # and counts by its rarity.
    values: dict[str, object] = {
        "limit": limit,
        "query": " | ".join(f"'{term}'" for term in terms),
        "weights": [0.0, BODY / NAME, KEYWORDS / NAME, 1.0],  # of D, C, B, A: the order PostgreSQL wants
    }
    parts = []
    for place, term in enumerate(terms):
        known = frequency.get(term, 1)
        values[f"term{place}"] = f"'{term}'"
        values[f"rarity{place}"] = log(1 + (rows - known + 0.5) / (known + 0.5))
        parts.append(
            f"CAST(:rarity{place} AS float8)"
            f" * ts_rank(CAST(:weights AS float4[]), search, CAST(:term{place} AS tsquery), 1)"
        )
    # Only numbered placeholders are put together here; every word goes in as a bound value.
    statement = (
        "SELECT number FROM service_text WHERE search @@ CAST(:query AS tsquery) "  # noqa: S608
        f"ORDER BY {' + '.join(parts)} DESC, number LIMIT :limit"
    )
    found = await session.execute(text(statement), values)
    return list(found.scalars())


def _vector(words: Words) -> str:
    """PostgreSQL's own notation, weights A name, B keywords, C body: its text parser must not split the words anew."""
    places: dict[str, list[str]] = {}
    position = 0
    for weight, field in (("A", words.name), ("B", words.keywords), ("C", words.body)):
        for word in field:
            if position < _POSITIONS and _WORD.fullmatch(word) and len(word) <= _LONGEST:
                position += 1
                places.setdefault(word, []).append(f"{position}{weight}")
    return " ".join(f"'{word}':{','.join(found[:250])}" for word, found in places.items())


def _postgres(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"
