"""The two lanes of readings: the detector's and the recorder's."""

from collections.abc import Callable

from chassis.lifecycle import Lifecycle
from chassis.service import Base, connect_broker
from chassis.storage.database import Database
from fire_safety.consumers.clocks import Clocks
from fire_safety.consumers.detector import Detector
from fire_safety.consumers.formats import Formats
from fire_safety.consumers.listening import Listening
from fire_safety.consumers.recorder import Recorder
from fire_safety.operations.detection import DetectionOperations
from fire_safety.operations.progress import ProgressOperations
from fire_safety.operations.recording import RecordingOperations
from fire_safety.queries.clock import ClockQueries
from fire_safety.queries.detection import DetectionQueries
from fire_safety.queries.recording import RecordingQueries
from fire_safety.settings import Lanes, Settings


async def start_lanes(life: Lifecycle, base: Base, settings: Settings) -> None:
    """Start the lanes of this process; a recorder beside a detector gives way to it."""
    # Connections of its own: however much is asked of the service, detection does not wait for one.
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=4)
    life.at_stop(database.close)
    formats = Formats(DetectionQueries(database), settings.ward_code, base.clock)
    life.background("formats", formats.keep())
    clocks = Clocks(base.broker, ClockQueries(base.database), settings.ward_code, base.clock)
    base.readiness.warn("clocks", clocks.check)
    life.background("clocks", clocks.run())
    lanes, must_wait = settings.lanes, lambda: False
    if lanes is not Lanes.RECORDER:
        listening = await _listening_of(life, base)
        detector = detector_of(base, database, formats, listening, clocks)
        base.readiness.watch("detector", detector.check)
        life.background("detector", detector.run())
        must_wait = lambda: detector.goes_first  # noqa: E731 - one line says it
    if lanes is not Lanes.DETECTOR:
        # Readings are on the disk when their place in the stream is: until then they would be stored again.
        bulk = Database.connect(
            settings.database_url.get_secret_value(), pool_size=3, flushes=False
        )
        life.at_stop(bulk.close)
        recorder = recorder_of(base, database, bulk, formats, must_wait)
        life.background("recorder", recorder.run())


async def _listening_of(life: Lifecycle, base: Base) -> Listening:
    settings = base.settings
    broker = await connect_broker(
        life, settings.nats_url, "listening", settings.nats_authority_file
    )
    return Listening(broker, settings.ward_code, base.clock)


def detector_of(
    base: Base, database: Database, formats: Formats, listening: Listening, clocks: Clocks
) -> Detector:
    """Make the detector lane."""
    ward_code = base.settings.ward_code
    return Detector(
        client=base.broker,
        listening=listening,
        jetstream=base.jetstream,
        database=database,
        ward_code=ward_code,
        queries=DetectionQueries(database),
        operations=DetectionOperations(base.relay, base.clock, ward_code),
        places=ProgressOperations(ward_code),
        formats=formats,
        clock=base.clock,
        broker_clock=clocks.of_broker,
        replicas=base.settings.nats_replicas,
    )


def recorder_of(
    base: Base,
    database: Database,
    bulk: Database,
    formats: Formats,
    must_wait: Callable[[], bool],
) -> Recorder:
    """Make the recorder lane."""
    ward_code = base.settings.ward_code
    return Recorder(
        client=base.broker,
        jetstream=base.jetstream,
        database=database,
        ward_code=ward_code,
        queries=DetectionQueries(database),
        recorded=RecordingQueries(database),
        operations=RecordingOperations(bulk),
        places=ProgressOperations(ward_code),
        formats=formats,
        clock=base.clock,
        must_wait=must_wait,
        replicas=base.settings.nats_replicas,
    )
