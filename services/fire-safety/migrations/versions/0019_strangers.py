"""How often a device reports of which the register knows nothing.

Revision ID: 0019
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_SOURCE = """\
As the version before it. A device that is not on the register is supposed to report once a minute [own]: what two of
its readings must be closer than to be in a row, and how many are too many, follow from that. Most detectors report
more often, so that nothing is lost; one that reports every few minutes still has gap_s."""


def upgrade() -> None:
    """Publish another version of the default profile, which judges such devices; the others suppose nothing of them."""
    statement = """
        insert into detection_profiles (profile_id, version, effective_from, source, limits)
        select profile_id, version + 1, :begins, :source || E'\\n' || source,
               limits || '{"strangers": {"interval_s": 60}}'
          from detection_profiles
         where profile_id = 'smoke-optical'
         order by version desc limit 1
    """
    begins = datetime(2026, 11, 27, tzinfo=UTC)
    op.execute(sa.text(statement).bindparams(begins=begins, source=_SOURCE))
