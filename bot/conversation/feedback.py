"""What people say about the service itself: a rating and words, sealed like everything that is written here."""

from __future__ import annotations

import uuid

from bot import clock
from bot.storage.database import Database
from bot.storage.models import FeedbackRow


async def keep(database: Database, language: str, rating: int | None, words: str) -> None:
    """Keeps a rating (1 very hard … 5 very easy, or None) and words."""
    row = FeedbackRow(
        id=str(uuid.uuid4()), at=clock.now(), language=language, rating=rating, sealed_words=database.box.seal(words)
    )
    async with database.write() as session:
        session.add(row)
