"""What dashboards may read: a schema of views, without contacts or anything else of persons.

Revision ID: 0017
"""

from alembic import op

revision = "0017"
down_revision = "0016"

_OPEN_ALARMS = """
create view dashboards.open_alarms as
select alarms.ward_code, alarms.raised_at, alarms.kind, alarms.state,
       alarms.acknowledged_at is not null as acknowledged,
       premises.code as premises_code, premises.name as premises, alarms.zone_name as zone,
       alarms.floor, premises.latitude, premises.longitude
  from public.alarms left join public.premises using (premises_id)
 where alarms.state <> 'RESET'
   and alarms.kind in ('SMOKE', 'HEAT', 'CO', 'MANUAL_CALL_POINT', 'INTERCONNECT', 'PANEL')
"""


def upgrade() -> None:
    """Make the schema, which nobody may read until deploy/grafana/role.sql says who, and its view."""
    op.execute("create schema dashboards")
    op.execute(_OPEN_ALARMS)
