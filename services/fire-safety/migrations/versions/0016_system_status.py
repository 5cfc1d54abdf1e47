"""How long is kept what the ward's canary signals.

Revision ID: 0016
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_WHAT = ("readings", "readings_hourly", "reading_sequences", "system_status")


def upgrade() -> None:
    """Let retention speak of it, and add the first version."""
    listed = ", ".join(f"'{one}'" for one in _WHAT)
    op.drop_constraint("retention_policies_what", "retention_policies")
    op.create_check_constraint(
        "retention_policies_what", "retention_policies", f"what in ({listed})"
    )
    policies = sa.table(
        "retention_policies",
        sa.column("what", sa.Text),
        sa.column("version", sa.Integer),
        sa.column("effective_from", sa.DateTime(timezone=True)),
        sa.column("source", sa.Text),
        sa.column("keep_days", sa.Integer),
    )
    row = {
        "what": "system_status",
        "version": 1,
        "effective_from": datetime(2026, 1, 1, tzinfo=UTC),
        "source": "[own]. A day: how long each took is in the metrics.",
        "keep_days": 1,
    }
    op.bulk_insert(policies, [row])
    op.execute(_FORGET)
    op.execute("revoke all on function forget_system_status from public")
    op.execute("grant execute on function forget_system_status to fire_safety_app")


# The service may not delete alarms; this may delete the canary's, once two clocks agree that their time is over.
_FORGET = """
create function forget_system_status(at timestamptz) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    expired timestamptz;
    forgotten bigint;
begin
    select least(at, now()) - make_interval(days => keep_days) into strict expired
      from public.retention_policies
     where what = 'system_status' and effective_from <= least(at, now())
     order by version desc limit 1;
    delete from public.alarms
     where device_id = 'CANARY' and kind = 'SYSTEM_STATUS' and observed_at < expired;
    get diagnostics forgotten = row_count;
    return forgotten;
end $$
"""
