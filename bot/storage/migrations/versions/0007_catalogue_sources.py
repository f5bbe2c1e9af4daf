"""catalogue sources: freshness, the lease of the one that refreshes, pages read and records as they came"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.models import UTCDateTime

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    op.create_table(
        "catalogue_source",
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("tried_at", UTCDateTime(), nullable=True),
        sa.Column("succeeded_at", UTCDateTime(), nullable=True),
        sa.Column("full_at", UTCDateTime(), nullable=True),
        sa.Column("changes_from", UTCDateTime(), nullable=True),
        sa.Column("error", sa.String(length=400), nullable=True),
        sa.Column("run", sa.String(length=32), nullable=True),
        sa.Column("run_at", UTCDateTime(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("aside", sa.JSON(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("source"),
    )
    op.create_table(
        "catalogue_page",
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("ids", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("source", "address"),
    )
    op.create_table(
        "catalogue_record",
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("run", sa.String(length=32), nullable=False),
        sa.Column("links", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("source", "kind", "id"),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("catalogue_record")
    op.drop_table("catalogue_page")
    op.drop_table("catalogue_source")
