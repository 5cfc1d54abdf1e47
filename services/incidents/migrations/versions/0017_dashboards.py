"""What dashboards may read: a schema of views with counts, and nothing of persons.

Revision ID: 0017
"""

from alembic import op

revision = "0017"
down_revision = "0016"

_BY_YEAR = """
create view dashboards.incidents_by_year as
select ward_code, extract(year from opened_at at time zone 'Asia/Ho_Chi_Minh')::integer as year, kind,
       count(*) as opened,
       count(*) filter (where ended_at is not null) as ended,
       count(*) filter (where state = 'FALSE_ALARM') as false_alarms,
       count(*) filter (where acknowledged_at is not null) as acknowledged,
       percentile_cont(0.5) within group (order by extract(epoch from acknowledged_at - opened_at))
         as median_acknowledge_s
  from public.incidents
 where duplicate_of is null and not exercise
 group by 1, 2, 3
"""


def upgrade() -> None:
    """Make the schema, which nobody may read until deploy/grafana/role.sql says who, and its view."""
    op.execute("create schema dashboards")
    op.execute(_BY_YEAR)
