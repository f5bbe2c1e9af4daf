"""The desk: own worker, follow-up, doubles, marks of the promise, when a request last changed; labels and presence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.storage.models import UTCDateTime

revision = "0005"
down_revision = "0007"
branch_labels = None
depends_on = None
TABLE = "contact_request"
MOMENTS = ("follow_up_at", "wrote_at", "warned_at", "late_at", "reminded_at", "changed_at")


def upgrade() -> None:
    """Forward. Columns are added without making the table anew, so that nothing that hangs on it is touched."""
    op.add_column(TABLE, sa.Column("own_worker", sa.String(36), nullable=True))
    op.add_column(TABLE, sa.Column("merged_into", sa.String(36), nullable=True))
    op.add_column(TABLE, sa.Column("contact_digest", sa.String(64), nullable=True))
    for name in MOMENTS:
        op.add_column(TABLE, sa.Column(name, UTCDateTime(), nullable=True))
    op.execute("UPDATE contact_request SET changed_at = created_at")
    op.create_index("request_changed", TABLE, ["centre", "changed_at"])
    op.create_index("request_contact", TABLE, ["contact_digest"])
    op.create_index("request_merged", TABLE, ["merged_into"])
    op.create_table(
        "request_label",
        sa.Column(
            "request_id", sa.String(36), sa.ForeignKey("contact_request.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("label", sa.String(40), primary_key=True),
    )
    op.create_table(
        "request_reader",
        sa.Column(
            "request_id", sa.String(36), sa.ForeignKey("contact_request.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("staff_id", sa.String(36), sa.ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("seen_at", UTCDateTime(), nullable=False),
    )


def downgrade() -> None:
    """Back."""
    op.drop_table("request_reader")
    op.drop_table("request_label")
    for name in ("request_merged", "request_contact", "request_changed"):
        op.drop_index(name, TABLE)
    for name in (*reversed(MOMENTS), "contact_digest", "merged_into", "own_worker"):
        op.drop_column(TABLE, name)
