"""catalogue: services, their words in each language, and full text on either database"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.models import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("source_id", sa.String(length=120), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("modified", UTCDateTime(), nullable=True),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "source_id"),
    )
    op.create_table(
        "service_text",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("service_id", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("embedding", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("service_id", "language"),
    )
    # The words are analysed before they are stored (bot.catalogue.analysis), the same for both databases.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE service_text ADD COLUMN search tsvector NOT NULL DEFAULT ''")
        op.execute("CREATE INDEX ix_service_text_search ON service_text USING gin (search)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE service_fts USING fts5("
            'name, keywords, body, tokenize = "unicode61 remove_diacritics 2")'
        )


def downgrade() -> None:
    """Back."""
    if op.get_bind().dialect.name != "postgresql":
        op.execute("DROP TABLE service_fts")
    op.drop_table("service_text")
    op.drop_table("service")
    op.drop_table("meta")
