"""Messages of public warnings."""

from sqlalchemy import exists, select, tuple_

from chassis.storage.database import Database
from incidents import tables
from incidents.domain.public_alerts import AlertListing, PublicAlert
from incidents.repository.public_alerts import alert_of, load_alert, whole_alerts


class PublicAlertQueries:
    """Asks for the warnings of a ward."""

    def __init__(self, database: Database, ward_code: str) -> None:
        self._database = database
        self._ward_code = ward_code

    async def alert(self, number: str) -> PublicAlert:
        """Tell one message; raises PublicAlertNotFoundError."""
        columns = tables.public_alerts.c
        async with self._database.transaction() as tx:
            return await load_alert(
                tx, (columns.ward_code == self._ward_code) & (columns.number == number)
            )

    async def in_force(self, listing: AlertListing) -> list[PublicAlert]:
        """Tell a page of the messages in force: of each warning the last, until it expires; and one more."""
        columns, later = tables.public_alerts.c, tables.public_alerts.alias("later").c
        page = (
            select(tables.public_alerts)
            .where(
                columns.ward_code == self._ward_code,
                columns.exercise == listing.exercise,
                columns.expires_at > listing.now,
                ~exists().where(later.replaces == columns.alert_id),
            )
            .order_by(columns.sent_at.desc(), columns.alert_id.desc())
            .limit(listing.size + 1)
        )
        if listing.after is not None:
            page = page.where(tuple_(columns.sent_at, columns.alert_id) < tuple_(*listing.after))
        async with self._database.transaction() as tx:
            return [alert_of(row) for row in await tx.execute(whole_alerts(page))]
