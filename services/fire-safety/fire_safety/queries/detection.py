"""What detection starts from and is judged by."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Executable,
    RowMapping,
    Text,
    and_,
    any_,
    bindparam,
    case,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.storage.database import Database
from chassis.telemetry.log import logger
from fire_safety import tables
from fire_safety.detection.modes import Mode
from fire_safety.detection.standing import Raises, Standing
from fire_safety.domain.alarms.alarm import AlarmKind, AlarmState, Disposition, Suppression
from fire_safety.domain.devices.device import Device, DeviceKind, PayloadFormat
from fire_safety.domain.lanes.progress import Position, Progress
from fire_safety.domain.profiles import strict
from fire_safety.domain.profiles.profile import DetectionLimits, Profile
from fire_safety.domain.readings.limits import IngestionLimits
from fire_safety.domain.readings.reading import Batch, Reading
from fire_safety.repository.modes import policy_in_force, suppressed_devices
from fire_safety.repository.rows import device_of
from fire_safety.tables.metadata import INSTANT
from fire_safety.tables.versions import in_force

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_alarms = tables.alarms.c
_devices = tables.devices.c
_assigned = tables.profile_assignments.c

# The row that says most of the device comes first, of several the newest in force.
_ASSIGNED = (
    select(_assigned.profile_id)
    .where(
        _assigned.effective_from <= func.now(),
        or_(_assigned.device_kind.is_(None), _assigned.device_kind == _devices.kind),
        or_(_assigned.premises_kind.is_(None), _assigned.premises_kind == tables.premises.c.kind),
        or_(_assigned.premises_id.is_(None), _assigned.premises_id == _devices.premises_id),
    )
    .order_by(
        _assigned.premises_id.is_(None),
        _assigned.premises_kind.is_(None),
        _assigned.device_kind.is_(None),
        _assigned.effective_from.desc(),
        _assigned.assignment_id.desc(),
    )
    .limit(1)
    .correlate(tables.devices, tables.premises)
    .scalar_subquery()
)
_JUDGED_BY = case(
    (_devices.profile_id != "", _devices.profile_id), else_=func.coalesce(_ASSIGNED, "")
)
_DEVICES = tables.devices.outerjoin(
    tables.premises, tables.premises.c.premises_id == _devices.premises_id
)


class Entry(NamedTuple):
    """The version of a device on the register: when it was changed, and the profile that judges it."""

    changed_at: datetime
    judged_by: str


class Gateway(NamedTuple):
    """When a gateway was heard, by whomever, milliseconds since 1970, and whether it was told as lost."""

    device_id: str
    heard_ms: int
    is_lost: bool


class DetectionQueries:
    """Asks for limits, devices and where detection stood."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._told: set[str] = set()

    async def profiles(self, now: datetime) -> list[Profile]:
        """Give the version of each detection profile that is in force.

        Ask again from time to time: a version may come into force at any moment. One that cannot be read must not end
        detection: the version before it goes on, and it is told once.
        """
        profiles = tables.detection_profiles.c
        statement = (
            select(profiles.profile_id, profiles.version, profiles.limits)
            .where(in_force(profiles.effective_from, now))
            .order_by(profiles.profile_id, profiles.version)
        )
        found: dict[str, Profile] = {}
        for row in await self._rows(statement):
            try:
                found[row["profile_id"]] = profile_of(row)
            except strict.NonsenseError as error:
                self._tell_refused(str(error))
        return list(found.values())

    def _tell_refused(self, reason: str) -> None:
        if reason not in self._told:
            self._told.add(reason)
            logger().error("profile_refused", reason=reason)

    async def ingestion_limits(self, now: datetime) -> IngestionLimits:
        """Give the limits of ingestion that are in force."""
        limits = tables.ingestion_limits.c
        statement = (
            select(*(limits[name] for name in IngestionLimits.__dataclass_fields__))
            .where(in_force(limits.effective_from, now))
            .order_by(limits.version.desc())
            .limit(1)
        )
        (row,) = await self._rows(statement)
        return IngestionLimits(**row)

    async def entries(self, changed_since: datetime) -> dict[str, Entry]:
        """Give the versions of devices whose register entry, or assignment to a profile, changed since then."""
        changed = (
            select(_devices.device_id, _devices.changed_at, _JUDGED_BY.label("judged_by"))
            .select_from(_DEVICES)
            .where(
                or_(
                    _devices.changed_at >= changed_since,
                    exists().where(_assigned.effective_from.between(changed_since, func.now())),
                )
            )
            .subquery()
        )
        # In three arrays: this is asked again and again, and thousands of rows would hold others up for long.
        (row,) = await self._rows(
            select(*(func.array_agg(one).label(one.name) for one in changed.c))
        )
        columns = [row[one.name] or [] for one in changed.c]
        return {one: Entry(at, judged_by) for one, at, judged_by in zip(*columns, strict=True)}

    async def devices(self, device_ids: Sequence[str]) -> list[Device]:
        """Give devices; `profile_id` is the device's own, or the one assigned to its kind and premises."""
        statement = (
            select(tables.devices, _JUDGED_BY.label("judged_by"))
            .select_from(_DEVICES)
            .where(_devices.device_id == any_(bindparam("device_ids", device_ids, ARRAY(Text))))
        )
        rows = await self._rows(statement)
        return [
            replace(device_of(row), profile_id=row["judged_by"], entered_at=row["changed_at"])
            for row in rows
        ]

    async def payload_formats(self, changed_since: datetime) -> dict[str, PayloadFormat]:
        """Give the formats of the devices whose register entry changed since then, by device.

        One that only a newer version of this service knows is left out: its device is as good as unknown here.
        """
        devices = tables.devices.c
        # In two arrays, as the entries are.
        (row,) = await self._rows(
            select(
                func.array_agg(devices.device_id).label("device_ids"),
                func.array_agg(devices.payload_format).label("formats"),
            ).where(
                devices.changed_at >= changed_since,
                devices.payload_format.in_(list(PayloadFormat)),
            )
        )
        formats = zip(row["device_ids"] or [], row["formats"] or [], strict=True)
        return {device_id: PayloadFormat(one) for device_id, one in formats}

    async def stored_readings(self, gaps_ms: Mapping[str, int], until: datetime) -> list[Batch]:
        """Give what is stored of devices, received before a time and observed within so much before it, in order."""
        if not gaps_ms:
            return []
        readings, longest = tables.readings.c, timedelta(milliseconds=max(gaps_ms.values()))
        asked = (
            func.unnest(
                bindparam("device_ids", list(gaps_ms), ARRAY(Text)),
                bindparam("gaps_ms", list(gaps_ms.values()), ARRAY(BigInteger)),
            )
            .table_valued("device_id", column("gap_ms", BigInteger))
            .render_derived(name="asked")
        )
        within = asked.c.gap_ms * literal(_MILLISECOND)
        statement = (
            select(tables.readings)
            .join_from(asked, tables.readings, readings.device_id == asked.c.device_id)
            .where(
                # For the partitions, and for each device.
                readings.observed_at.between(until - longest, until),
                readings.observed_at >= literal(until) - within,
                readings.received_at < until,
            )
            .order_by(readings.device_id, readings.observed_at)
        )
        rows = groupby(await self._rows(statement), key=itemgetter("device_id"))
        return [_batch_of(device_id, list(some)) for device_id, some in rows]

    async def signalling(self) -> dict[str, dict[AlarmKind, Standing]]:
        """Give what detection raised and has not restored, by device.

        What was raised by no profile is another's: the register's dates, for one.
        """
        alarms = tables.alarms.c
        statement = select(tables.alarms).where(tables.SIGNALLING, alarms.profile != "")
        found: dict[str, dict[AlarmKind, Standing]] = {}
        for row in await self._rows(statement):
            found.setdefault(row["device_id"], {})[AlarmKind(row["kind"])] = _standing_of(row)
        return found

    async def raised_since(self, since: datetime) -> dict[str, Raises]:
        """Give when detection raised what, by device, oldest first; an alarm that signals again is raised again."""
        times = func.unnest(func.array_append(_alarms.signalled_again_at, _alarms.raised_at))
        each = times.table_valued(column("at", INSTANT)).render_derived(name="each").lateral()
        at = each.c.at
        statement = (
            select(_alarms.device_id, _alarms.kind, at)
            .join_from(tables.alarms, each, true())
            .where(
                at >= since,
                _alarms.profile != "",
                # For the indexes: what signalled since then was raised since, or reset by a person since if at all.
                or_(
                    _alarms.raised_at >= since,
                    tables.OPEN,
                    and_(
                        _alarms.reset_at >= since, _alarms.disposition != Disposition.UNSPECIFIED
                    ),
                ),
            )
            .order_by(at)
        )
        found: dict[str, dict[AlarmKind, tuple[int, ...]]] = {}
        for row in await self._rows(statement):
            raises, kind = found.setdefault(row["device_id"], {}), AlarmKind(row["kind"])
            raises[kind] = (*raises.get(kind, ()), _ms(row["at"]))
        return dict(found)

    async def suppressed(self, since: datetime) -> dict[str, Sequence[Mode]]:
        """Give the modes that reach each device and had not ended by then; those that have since are told too."""
        found: dict[str, list[Mode]] = {}
        for row in await self._rows(suppressed_devices(since)):
            mode = Mode(Suppression(row["kind"]), _ms(row["until"]), _ms(row["begins_at"]))
            found.setdefault(row["device_id"], []).append(mode)
        return {device_id: tuple(modes) for device_id, modes in found.items()}

    async def longest_test_ms(self, now: datetime) -> int:
        """Tell how long a test may last by the policy in force, milliseconds."""
        async with self._database.transaction() as tx:
            return (await policy_in_force(tx, now)).longest_test_s * 1000

    async def progress(self, ward_code: str, partitions: frozenset[int]) -> Progress:
        """Give how far detection has come in partitions of a ward."""
        positions = tables.detector_positions.c
        statement = select(tables.detector_positions).where(
            positions.ward_code == ward_code, positions.partition.in_(partitions)
        )
        rows = await self._rows(statement)
        found: dict[int, Position | None] = dict.fromkeys(partitions)
        for row in rows:
            found[row["partition"]] = Position(row["stream_sequence"], row["received_at"])
        return Progress(found, max((row["heard_since"] for row in rows), default=None))

    async def gateways(self) -> list[Gateway]:
        """Give each gateway that was ever heard."""
        lost = exists().where(
            _alarms.device_id == _devices.device_id,
            _alarms.kind == AlarmKind.SUPERVISION_LOST,
            tables.OPEN,
        )
        statement = select(_devices.device_id, _devices.last_seen_at, lost.label("is_lost")).where(
            _devices.kind == DeviceKind.GATEWAY, _devices.last_seen_at.is_not(None)
        )
        return [
            Gateway(row["device_id"], _ms(row["last_seen_at"]), row["is_lost"])
            for row in await self._rows(statement)
        ]

    async def _rows(self, statement: Executable) -> list[RowMapping]:
        async with self._database.transaction() as tx:
            return list((await tx.execute(statement)).mappings())


def profile_of(row: RowMapping) -> Profile:
    """Read a version of a profile; raises NonsenseError."""
    name = f"{row['profile_id']}/{row['version']}"
    return Profile(
        profile_id=row["profile_id"],
        version=row["version"],
        limits=strict.read(DetectionLimits, row["limits"], name),
    )


def _batch_of(device_id: str, rows: Sequence[RowMapping]) -> Batch:
    readings = [
        Reading(
            observed_ms=_ms(row["observed_at"]),
            received_ms=_ms(row["received_at"]),
            optical_density=row["optical_density"],
            temperature=row["temperature"],
            battery=row["battery"],
            conditions=row["conditions"],
            carbon_monoxide=row["carbon_monoxide"],
        )
        for row in rows
    ]
    return Batch(device_id, readings[-1].received_ms, readings)


def _standing_of(row: RowMapping) -> Standing:
    shelved_until = row["shelved_until"]
    return Standing(
        since_ms=_ms(row["raised_at"]),
        pre_alarm=row["state"] == AlarmState.PRE_ALARM,
        measured=row["threshold"] != 0,
        shelved_until_ms=_ms(shelved_until) if shelved_until else 0,
        observed_ms=_ms(row["observed_at"]),
    )


def _ms(moment: datetime) -> int:
    """Cut a time to milliseconds, as the broker's are: what came in the one in which a mode began came after that."""
    return (moment - _EPOCH) // _MILLISECOND
