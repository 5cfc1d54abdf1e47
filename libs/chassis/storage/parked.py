"""The commands of the outbox: `outbox list | retry`, the same for every service.

They tell of events that the broker refused, and have parked ones tried again once the cause is mended: a subject
without a stream, a message larger than the broker takes. Exit codes: 0 done; 2 the database could not be asked.
"""

import argparse
from uuid import UUID

from sqlalchemy import Table, func, select, update

from chassis.command_line import say
from chassis.errors import DatabaseUnavailableError
from chassis.settings import ServiceSettings
from chassis.storage.database import Database

DONE, NOT_ASKED = 0, 2


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `outbox` and what follows it to a service's commands."""
    actions = commands.add_parser(
        "outbox", help="sự kiện bị NATS từ chối · events that the broker refused"
    ).add_subparsers(dest="action", required=True)
    actions.add_parser(
        "list", help="liệt kê, không kèm nội dung · tell of them; what they say is not shown"
    )
    retry = actions.add_parser("retry", help="gửi lại · have parked events tried again")
    retry.add_argument(
        "event_ids",
        nargs="*",
        type=UUID,
        metavar="EVENT_ID",
        help="chỉ các sự kiện này · only these, not all",
    )


async def run(arguments: argparse.Namespace, settings: ServiceSettings, table: Table) -> int:
    """Run one of the commands; tell the exit code."""
    url = settings.database_url.get_secret_value()
    try:
        async with Database.connect(url, pool_size=1) as database:
            if arguments.action == "list":
                await _list(database, table)
            else:
                await _retry(database, table, arguments.event_ids)
    except DatabaseUnavailableError as error:
        say(error.said, of_failure=True)
        return NOT_ASKED
    return DONE


async def _list(database: Database, table: Table) -> None:
    columns = table.c
    refused = (
        select(
            columns.event_id,
            columns.subject,
            columns.refusal,
            columns.refusals,
            columns.created_at,
            columns.parked_at,
            func.octet_length(columns.payload).label("bytes"),
        )
        .where(columns.refusals > 0)
        .order_by(columns.position)
    )
    async with database.transaction() as tx:
        rows = (await tx.execute(refused)).all()
    for row in rows:
        state = "để riêng / parked" if row.parked_at else "đang thử lại / retried"
        say(
            f"{row.event_id}  {row.created_at:%Y-%m-%d %H:%M:%S%z}  {row.subject}  {row.bytes} byte"
            f"  {row.refusal} ({row.refusals})  {state}"
        )
    say(f"{len(rows)} sự kiện bị từ chối / refused events")


async def _retry(database: Database, table: Table, event_ids: list[UUID]) -> None:
    statement = update(table).where(table.c.parked_at.is_not(None))
    if event_ids:
        statement = statement.where(table.c.event_id.in_(event_ids))
    again = statement.values(refusals=0, refusal="", retry_at=None, parked_at=None)
    async with database.transaction() as tx:
        count = (await tx.execute(again)).rowcount
    say(f"{count} sự kiện sẽ được gửi lại / events will be sent again")
