"""Readings by day, hourly figures by month, and how long each is kept.

Revision ID: 0006
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_INSTANT = sa.DateTime(timezone=True)
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Make the tables and the functions that keep their partitions, and move what is stored."""
    op.execute("alter table readings rename to readings_before")
    op.execute("alter index readings_pkey rename to readings_before_pkey")
    _readings()
    _hourly()
    _rollups()
    _sequences()
    _policies()
    # What is in here has no other name for the service than that of the whole table: it has no right to look inside.
    op.execute("create schema partitions")
    op.execute(_ENSURE)
    op.execute(_DROP)
    _move()
    _rights()


def _readings() -> None:
    # Wide columns first, so that no byte is lost to alignment. No more than eight: with a ninth, the map of what is
    # null makes each row eight bytes longer.
    op.create_table(
        "readings",
        sa.Column("observed_at", _INSTANT, nullable=False),
        sa.Column("received_at", _INSTANT, nullable=False),
        sa.Column("conditions", sa.BigInteger, nullable=False),
        sa.Column("optical_density", sa.REAL),
        sa.Column("temperature", sa.REAL),
        sa.Column("battery", sa.REAL),
        sa.Column("carbon_monoxide", sa.REAL),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "observed_at", name="readings_pkey"),
        postgresql_partition_by="RANGE (observed_at)",
    )


def _hourly() -> None:
    measured = ("optical_density", "temperature", "carbon_monoxide")
    op.create_table(
        "readings_hourly",
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("hour", _INSTANT, primary_key=True),
        sa.Column("readings", sa.BigInteger, nullable=False),
        sa.Column("conditions", sa.BigInteger, nullable=False),
        sa.Column("battery_min", sa.REAL),
        *(column for name in measured for column in _measure(name)),
        postgresql_partition_by="RANGE (hour)",
    )


def _measure(name: str) -> list[sa.Column[object]]:
    return [
        sa.Column(f"{name}_count", sa.BigInteger, nullable=False),
        sa.Column(f"{name}_sum", sa.Double),
        sa.Column(f"{name}_min", sa.REAL),
        sa.Column(f"{name}_max", sa.REAL),
    ]


def _rollups() -> None:
    op.create_table(
        "rollup_due",
        sa.Column("hour", _INSTANT, nullable=False, index=True),
        sa.Column("device_ids", sa.ARRAY(sa.Text)),
    )


def _sequences() -> None:
    op.create_table(
        "reading_sequences",
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True),
        sa.Column("digest", sa.BigInteger, primary_key=True),
        sa.Column("observed_at", _INSTANT, nullable=False),
    )


def _policies() -> None:
    policies = op.create_table(
        "retention_policies",
        sa.Column("what", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("effective_from", _INSTANT, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("keep_days", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "what in ('readings', 'readings_hourly', 'reading_sequences')",
            name="retention_policies_what",
        ),
        # Late readings belong to figures of days that must still be there.
        sa.CheckConstraint(
            "keep_days >= case what when 'readings' then 15 else 1 end",
            name="retention_policies_keep_days",
        ),
    )
    op.bulk_insert(
        policies,
        [
            {
                "what": what,
                "version": 1,
                "effective_from": _FIRST_DAY,
                "source": source,
                "keep_days": days,
            }
            for what, (days, source) in _KEPT.items()
        ],
    )


def _move() -> None:
    """Keep what is stored, and have figures made of it."""
    op.execute(
        "select ensure_partition('readings', at) from generate_series("
        " now() - interval '8 days', now() + interval '2 days', interval '1 day') as at"
    )
    op.execute(
        "select ensure_partition('readings', day) from"
        " (select distinct date_trunc('day', observed_at, 'UTC') as day from readings_before) as days"
    )
    op.execute(
        "insert into readings (device_id, observed_at, received_at, conditions,"
        " optical_density, temperature, battery)"
        " select device_id, observed_at, received_at, conditions, optical_density, temperature, battery"
        " from readings_before"
    )
    op.execute(
        "insert into rollup_due (hour)"
        " select distinct date_trunc('hour', observed_at, 'UTC') from readings_before"
    )
    op.execute("drop table readings_before")


def _rights() -> None:
    """Let the service add readings, recompute figures, and take down neither; policies are the migrations' alone."""
    op.execute("revoke update, delete on readings from fire_safety_app")
    op.execute("revoke delete on readings_hourly from fire_safety_app")
    op.execute("revoke update on rollup_due, reading_sequences from fire_safety_app")
    op.execute("revoke insert, update, delete on retention_policies from fire_safety_app")
    op.execute(
        "create trigger retention_policies_are_kept before update or delete or truncate"
        " on retention_policies for each statement execute function refuse_change()"
    )
    for function in ("ensure_partition", "drop_expired_partition"):
        op.execute(f"revoke all on function {function} from public")
        op.execute(f"grant execute on function {function} to fire_safety_app")


_KEPT = {
    "readings": (90, "[own]. Long enough to look into an alarm that is disputed weeks later."),
    "readings_hourly": (
        1827,
        "[own]. Five years: the slow things, dust, ageing and batteries, show over years.",
    ),
    "reading_sequences": (
        1,
        # The longer a count is remembered, the sooner a device that counts anew is taken for repeating itself.
        "[own]. Nothing that lost its connection repeats what it sent longer than a day later.",
    ),
}

_ENSURE = """
create function ensure_partition(parent text, at timestamptz) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '5s'
as $$
declare
    span text := case parent when 'readings' then 'day' when 'readings_hourly' then 'month' end;
    first timestamptz := date_trunc(span, at);
    name text := format('%s_%s', parent, to_char(first, 'YYYYMMDD'));
begin
    if span is null then
        raise exception 'no partitions are kept of this table';
    end if;
    if to_regclass('partitions.' || name) is not null then
        return false;
    end if;
    -- Two recorders may miss the same one; the second sees in the catalogue what its own memory does not know yet.
    perform pg_advisory_xact_lock(hashtext('partitions'));
    if exists (
        select from pg_class where relname = name and relnamespace = to_regnamespace('partitions')
    ) then
        return false;
    end if;
    -- Attached, not created in place: that would stop all reading and writing for a moment.
    execute format('create table partitions.%I (like public.%I including all)', name, parent);
    execute format(
        'alter table public.%I attach partition partitions.%I for values from (%L) to (%L)',
        parent, name, first, first + ('1 ' || span)::interval
    );
    return true;
end $$
"""

# One at a time, the oldest: a clock gone mad takes little before somebody sees it. It has to be two clocks gone mad,
# the service's and the database's. Both must agree that the time is over.
_DROP = """
create function drop_expired_partition(parent text, at timestamptz) returns timestamptz
language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '500ms'
as $$
declare
    span text := case parent when 'readings' then 'day' when 'readings_hourly' then 'month' end;
    expired timestamptz;
    name text;
    first timestamptz;
    last timestamptz;
begin
    select least(at, now()) - make_interval(days => keep_days) into strict expired
      from public.retention_policies
     where what = parent and effective_from <= least(at, now())
     order by version desc limit 1;
    select relname, to_timestamp(right(relname, 8), 'YYYYMMDD') into name, first
      from pg_inherits join pg_class on pg_class.oid = inhrelid
     where inhparent = to_regclass('public.' || parent)
     order by 2 limit 1;
    last := first + ('1 ' || span)::interval;
    if name is null or last > expired then
        return null;
    end if;
    -- Who writes into it has finished, and nobody can begin: only now it is sure what is rolled up.
    execute format('lock table public.%I in access exclusive mode', parent);
    if parent = 'readings' and exists (
        select from public.rollup_due where hour >= first and hour < last
    ) then
        return null;
    end if;
    execute format('drop table partitions.%I', name);
    return first;
exception when lock_not_available then
    return null;
end $$
"""
