"""A second login step, the county's identity provider, devices of sessions; the access log's sealed end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context, op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Forward."""
    with op.batch_alter_table("staff") as batch:
        batch.add_column(sa.Column("external", sa.String(64), nullable=True))
        batch.add_column(sa.Column("sealed_totp", sa.LargeBinary(), nullable=True))
        batch.add_column(sa.Column("totp_step", sa.Integer(), nullable=True))
        batch.create_unique_constraint("staff_external", ["external"])
    with op.batch_alter_table("staff_session") as batch:
        batch.add_column(sa.Column("device", sa.String(80), nullable=False, server_default=""))
    op.create_table(
        "staff_recovery",
        sa.Column("code", sa.String(64), primary_key=True),
        sa.Column("staff_id", sa.String(36), sa.ForeignKey("staff.id", ondelete="CASCADE"), nullable=False),
    )
    op.create_index("ix_staff_recovery_staff_id", "staff_recovery", ["staff_id"])
    op.create_table(
        "erased_reference",
        sa.Column("reference", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(36), nullable=False),
    )
    # From here on a log without its seal counts as broken: what is there now is sealed once (bot.requests.access_log).
    last = op.get_bind().execute(sa.text("SELECT number, hash FROM access_log ORDER BY number DESC LIMIT 1")).first()
    if last is not None:
        end = f"{last.number}:{last.hash}"
        seal = context.config.attributes["box"].digest("access-log-end", end)
        meta = sa.table("meta", sa.column("key", sa.String), sa.column("value", sa.String))
        op.bulk_insert(meta, [{"key": "access-log-end", "value": f"{end}:{seal}"}])


def downgrade() -> None:
    """Back."""
    op.execute("DELETE FROM meta WHERE key = 'access-log-end'")
    op.drop_table("erased_reference")
    op.drop_index("ix_staff_recovery_staff_id", "staff_recovery")
    op.drop_table("staff_recovery")
    with op.batch_alter_table("staff_session") as batch:
        batch.drop_column("device")
    with op.batch_alter_table("staff") as batch:
        batch.drop_constraint("staff_external", type_="unique")
        batch.drop_column("totp_step")
        batch.drop_column("sealed_totp")
        batch.drop_column("external")
