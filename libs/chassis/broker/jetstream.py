"""The broker: the connection, and the streams of the platform."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from nats.aio.client import Client
from nats.aio.transport import TcpTransport
from nats.errors import Error as NatsError
from nats.errors import UnexpectedEOF
from nats.js import JetStreamContext
from nats.js.api import (
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
    StreamSource,
    SubjectTransform,
)
from nats.js.errors import BadRequestError

from chassis.broker.frames import FrameParser
from chassis.broker.partitions import PARTITIONS
from chassis.errors import BrokerUnavailableError
from chassis.telemetry import metrics
from chassis.telemetry.log import logger

# Where the broker itself keeps what MQTT clients publish with QoS 1 or 2 before it acknowledges them. Made by us,
# before any client comes: its own would keep only what somebody waits for, and the stream of readings begins to wait
# late, eight seconds after the broker.
_MQTT = "$MQTT_msgs"
MQTT = StreamConfig(
    name=_MQTT,
    subjects=["$MQTT.msgs.>"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    discard=DiscardPolicy.OLD,
    max_age=timedelta(days=2).total_seconds(),
    max_bytes=1 * 2**30,
)
# Where the broker keeps what MQTT clients publish with QoS 2 until they release it. Its own has no bound: one client
# that releases nothing could fill the disk with its 65,535 packet ids. Once full, it takes nothing more with QoS 2.
MQTT_UNRELEASED = StreamConfig(
    name="$MQTT_qos2in",
    subjects=["$MQTT.qos2.in.>"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    discard=DiscardPolicy.NEW,
    discard_new_per_subject=True,
    max_msgs_per_subject=1,
    max_age=timedelta(days=2).total_seconds(),
    max_bytes=256 * 2**20,
)
# The rest of what the broker keeps for MQTT clients, by itself without a bound: the newest state of each session, the
# newest retained message of each topic, and what confirms commands of QoS 2. Full, each leaves out its oldest.
MQTT_SESSIONS = StreamConfig(
    name="$MQTT_sess",
    subjects=["$MQTT.sess.>"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    discard=DiscardPolicy.OLD,
    max_msgs_per_subject=1,
    max_bytes=64 * 2**20,
)
MQTT_RETAINED = StreamConfig(
    name="$MQTT_rmsgs",
    subjects=["$MQTT.rmsgs.>"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    discard=DiscardPolicy.OLD,
    max_msgs_per_subject=1,
    max_bytes=256 * 2**20,
)
MQTT_CONFIRMATIONS = StreamConfig(
    name="$MQTT_out",
    subjects=["$MQTT.out.>"],
    retention=RetentionPolicy.INTEREST,
    storage=StorageType.FILE,
    discard=DiscardPolicy.OLD,
    max_bytes=64 * 2**20,
)
# What happened, as the services tell it. Subject = full name of the event message.
EVENTS = StreamConfig(
    name="EVENTS",
    subjects=["ward.residency.v1.>", "ward.fire_safety.v1.>", "ward.incidents.v1.>"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    discard=DiscardPolicy.OLD,
    max_age=timedelta(days=30).total_seconds(),
    max_bytes=8 * 2**30,
    duplicate_window=timedelta(minutes=10).total_seconds(),
)
# How long who takes them remembers which: a day longer than they are kept, so that none that can still be delivered is
# forgotten.
EVENTS_REMEMBERED = timedelta(seconds=EVENTS.max_age or 0) + timedelta(days=1)
# What no retry could make good, with the reason in a header.
DEAD_LETTERS = StreamConfig(
    name="DEAD_LETTERS",
    subjects=["dead.>"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    discard=DiscardPolicy.OLD,
    max_age=timedelta(days=30).total_seconds(),
    max_bytes=1 * 2**30,
)
# The heads of the chains of access records. No age, no size, and nobody can delete or purge.
ACCESS_WITNESS = StreamConfig(
    name="ACCESS_WITNESS",
    subjects=["witness.>"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    deny_delete=True,
    deny_purge=True,
    duplicate_window=timedelta(minutes=10).total_seconds(),
)
STREAMS = (
    MQTT,
    MQTT_UNRELEASED,
    MQTT_SESSIONS,
    MQTT_RETAINED,
    MQTT_CONFIRMATIONS,
    EVENTS,
    DEAD_LETTERS,
    ACCESS_WITNESS,
)
_RETRY_S = 0.5
# What the broker says where another stream has some of the subjects.
_SUBJECTS_OVERLAP = 10065
_TAKEN = (
    "Luồng khác (bản trước có luồng READINGS chung cho mọi phường) đang giữ các chủ đề này. Dừng mọi tiến trình của bản"
    " trước, rồi chạy: python -m fire_safety streams --migrate (thêm --dry-run để xem trước)."
    " / Another stream (earlier versions had READINGS for all wards) holds these subjects. Stop all processes of the"
    " earlier version, then run: python -m fire_safety streams --migrate (with --dry-run to look first)."
)


def readings_stream(ward_code: str) -> str:
    """Name the stream of what a ward's sensors send."""
    return f"READINGS_{ward_code}"


def device_subjects(ward_code: str) -> str:
    """Name what a ward's devices publish under."""
    return f"ward.{ward_code}.device.*.up"


def readings(ward_code: str) -> StreamConfig:
    """Describe that stream: kept long enough to rebuild detection and to wait for a database that is away.

    Each ward has its own, so that lanes read all of it: to choose subjects among those of thousands of devices takes
    the broker sixty microseconds a message, to give the next one four (docs/bench-ingest.md).
    """
    return StreamConfig(
        name=readings_stream(ward_code),
        subjects=[device_subjects(ward_code)],
        # What is stored says which share of the devices it belongs to, in one more token.
        subject_transform=by_partition(device_subjects(ward_code), ward_code),
        # What is published with QoS 1 or 2 comes a second time, from where it was kept before it was acknowledged: the
        # direct copy is lost with a broker that is killed, this one is not.
        sources=[from_mqtt(ward_code)],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=timedelta(days=2).total_seconds(),
        max_bytes=8 * 2**30,
        # As short as the broker allows: message ids are not bound to a subject, so that one device could choose those
        # of another and have its readings dropped. Both lanes tell repeated readings by device and time instead.
        duplicate_window=timedelta(milliseconds=100).total_seconds(),
    )


def by_partition(subject: str, ward_code: str) -> SubjectTransform:
    """Describe under which subject that stream stores what comes under one whose first wildcard is the device."""
    return SubjectTransform(
        src=subject,
        dest=f"ward.{ward_code}.device.{{{{wildcard(1)}}}}.up.{{{{partition({PARTITIONS},1)}}}}",
    )


def from_mqtt(ward_code: str) -> StreamSource:
    """Describe what that stream takes from where the broker keeps messages of MQTT clients."""
    return StreamSource(
        name=_MQTT,
        subject_transforms=[
            SubjectTransform(
                src=f"$MQTT.msgs.{device_subjects(ward_code)}",
                dest=f"ward.{ward_code}.device.{{{{wildcard(1)}}}}.up",
            )
        ],
    )


class HardenedClient(Client):
    """nats-py's client, made to survive messages whose subject or headers are not text, and to insist on TLS.

    It stops reading for ever when it cannot decode one, and a stream would deliver that one again to each new
    connection: a single device could silence every consumer. Here such a message arrives without its headers, with
    replacement characters in its subject.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ps = FrameParser(self)

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes
    ) -> None:
        try:
            await super()._process_msg(sid, subject, reply, data, headers)
        except (ValueError, IndexError):
            logger().warning("message_not_text")
            await super()._process_msg(sid, _as_text(subject), _as_text(reply), data, b"")

    async def _process_info(
        self,
        info: dict[str, Any],
        initial_connection: bool = False,  # noqa: FBT001, FBT002 - the library's
    ) -> None:
        """Speak TLS with an address that says so, whatever the broker says or somebody between.

        The client itself would send its password in the clear to one that only offers TLS.
        """
        server = self._current_server
        if initial_connection and server and server.uri.scheme == "tls":
            info["tls_required"] = True
        await super()._process_info(info, initial_connection)

    async def _close(self, status: int, do_cbs: bool = True) -> None:  # noqa: FBT001, FBT002 - the library's
        """Close, and drop what waits for a connection that is gone already.

        The client writes it to that connection; asyncio lets it fall, uvloop raises, and what follows is not done.
        """
        writer = self._transport._io_writer if isinstance(self._transport, TcpTransport) else None  # noqa: SLF001 - nobody else knows
        if writer and writer.is_closing():
            self._pending, self._pending_data_size = [], 0
        await super()._close(status, do_cbs)


def _as_text(written: bytes) -> bytes:
    return bytes(written).decode(errors="replace").encode()


class _Telling:
    """Tells of a connection that it is lost and that it is back, once each.

    All errors are counted: while the broker is away, each of five attempts a second is one. Of those while it is there
    each kind is told once.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_here = self._is_told = False
        self._causes: set[str] = set()

    async def on_disconnected(self) -> None:
        metrics.READY.labels("broker").set(0)
        self._away("broker_disconnected")

    async def on_connected(self) -> None:
        metrics.READY.labels("broker").set(1)
        if self._is_told:
            logger().info("broker_reconnected", connection=self._name)
        self._is_here, self._is_told = True, False
        self._causes.clear()

    async def on_error(self, error: Exception) -> None:
        cause = type(error).__name__
        metrics.BROKER_ERRORS.labels(cause).inc()
        if not self._is_here:
            self._away("broker_unreachable", cause=cause)
        elif cause not in self._causes and not isinstance(error, UnexpectedEOF):
            self._causes.add(cause)
            logger().warning("broker_error", connection=self._name, cause=cause)

    def _away(self, event: str, **more: str) -> None:
        if not self._is_told:
            logger().warning(event, connection=self._name, **more)
        self._is_here, self._is_told = False, True


async def connect(
    url: str,
    name: str,
    on_closed: Callable[[], None] = lambda: None,
    *,
    authority_file: Path | None = None,
) -> Client:
    """Connect, waiting for the broker as long as it takes; later outages are healed by reconnecting.

    `on_closed` is called when the connection has ended for good: by us, or by an error that the client does not heal.
    With a `tls://` address the broker must have a certificate of `authority_file`, or of the system's authorities.
    """
    trusted, telling = _trusted(authority_file), _Telling(name)

    async def told_closed() -> None:
        on_closed()

    while True:
        client = HardenedClient()
        try:
            await client.connect(
                url,
                name=name,
                connect_timeout=2,
                tls=trusted,
                allow_reconnect=True,
                max_reconnect_attempts=-1,
                reconnect_time_wait=0.2,  # type: ignore[arg-type] # a float works
                ping_interval=5,
                max_outstanding_pings=2,
                # Nothing of ours may wait unseen while the broker is away: publishing fails and is retried.
                pending_size=8 * 2**20,
                **_credentials(url),
                disconnected_cb=telling.on_disconnected,
                reconnected_cb=telling.on_connected,
                error_cb=telling.on_error,
                closed_cb=told_closed,
            )
        except (OSError, TimeoutError, NatsError) as error:
            await telling.on_error(error)
            await asyncio.sleep(_RETRY_S)
        else:
            await telling.on_connected()
            return client


def _credentials(url: str) -> dict[str, Any]:
    """Read the user and password, or the token, of an address; the client takes what is written as %XX as it stands."""
    parts = urlsplit(url)
    if not parts.username:
        return {}
    if parts.password is None:
        return {"token": unquote(parts.username)}
    return {"user": unquote(parts.username), "password": unquote(parts.password)}


def _trusted(authority_file: Path | None) -> ssl.SSLContext | None:
    return ssl.create_default_context(cafile=authority_file) if authority_file else None


async def connect_once(url: str, name: str, authority_file: Path | None = None) -> Client:
    """Connect for a command that does not wait; raises BrokerUnavailableError."""
    client = HardenedClient()
    try:
        await client.connect(
            url,
            name=name,
            connect_timeout=2,
            tls=_trusted(authority_file),
            allow_reconnect=False,
            # Without a bound here the client tries its only server for minutes.
            max_reconnect_attempts=1,
            reconnect_time_wait=0.1,  # type: ignore[arg-type] # a float works
            # The command tells it in a sentence; nats-py's own way is a trace for each attempt.
            error_cb=_untold,
            **_credentials(url),
        )
    except (OSError, TimeoutError, NatsError) as error:
        raise BrokerUnavailableError from error
    return client


async def _untold(_: Exception) -> None:
    pass


async def ensure_streams(jetstream: JetStreamContext, ward_code: str, replicas: int = 1) -> None:
    """Create the streams or bring them to their present settings; any service may come first.

    Each is kept on `replicas` servers of the broker's cluster.
    """
    await asyncio.gather(*(_ensure_in_time(jetstream, one, replicas) for one in STREAMS))
    # It takes in what another has stored, which must be there first.
    await _ensure_in_time(jetstream, readings(ward_code), replicas)


async def _ensure_in_time(
    jetstream: JetStreamContext, stream: StreamConfig, replicas: int
) -> None:
    config = stream.evolve(num_replicas=replicas)
    told = set[_Delay]()
    while (delay := await _delay(jetstream, config)) is not None:
        # For as long as it lasts once is enough; often only a person can end it.
        if delay not in told:
            told.add(delay)
            _tell_delay(config, delay)
        await asyncio.sleep(_RETRY_S)


class _Delay(NamedTuple):
    """Why a stream cannot be made yet: as the broker says, and whether another stream has some of its subjects."""

    cause: str
    subjects_taken: bool = False


async def _delay(jetstream: JetStreamContext, config: StreamConfig) -> _Delay | None:
    """Make a stream or bring it to its settings; tell why that must be tried again, or nothing."""
    try:
        await _ensure(jetstream, config)
    except BadRequestError as error:
        return _Delay(str(error), error.err_code == _SUBJECTS_OVERLAP)
    except (OSError, TimeoutError, NatsError) as error:
        # For instance that its disk has no room for what the stream may come to.
        return _Delay(str(error) or type(error).__name__)
    return None


def _tell_delay(config: StreamConfig, delay: _Delay) -> None:
    if delay.subjects_taken:
        logger().error("stream_subjects_taken", stream=config.name, what_to_do=_TAKEN)
    else:
        logger().warning("stream_delayed", stream=config.name, cause=delay.cause)


async def _ensure(jetstream: JetStreamContext, config: StreamConfig) -> None:
    try:
        await jetstream.add_stream(config)
    except BadRequestError as error:
        if error.err_code == _SUBJECTS_OVERLAP:
            raise
        await jetstream.update_stream(config)  # it exists with other settings
