"""The gate: which devices the broker lets in, and whom it puts out."""

from chassis.broker.nkey import CurveKey, SigningKey
from chassis.lifecycle import Lifecycle
from chassis.service import Base, connect_broker
from chassis.telemetry.log import logger
from fire_safety.consumers.auth_callout import AuthCallout
from fire_safety.consumers.broker_storage import BrokerStorage
from fire_safety.consumers.connections import Connections
from fire_safety.consumers.crowding import Crowding
from fire_safety.consumers.sign_outs import SignOuts
from fire_safety.operations.sign_in import SignInOperations
from fire_safety.queries.sign_in import SignInQueries
from fire_safety.settings import Settings
from fire_safety.wire.sign_in import Accounts, Answers


async def keep_gate(life: Lifecycle, base: Base, settings: Settings) -> None:
    """Let devices in and out, if this process was given the keys of the gate."""
    url, signing, curve = (
        settings.nats_gatekeeper_url,
        settings.nats_signing_seed,
        settings.nats_curve_seed,
    )
    if not (url and signing and curve):
        logger().warning("gate_not_kept", needed="NATS_GATEKEEPER_URL and its keys")
        return
    broker = await connect_broker(life, url, "gatekeeper", settings.nats_authority_file)
    queries = SignInQueries(base.database)
    operations = SignInOperations(base.database, base.clock)
    accounts = Accounts(settings.nats_devices_account, settings.nats_mqtt_account)
    answers = Answers(SigningKey(signing.get_secret_value()), accounts, settings.ward_code)
    key = CurveKey(curve.get_secret_value())
    connections = Connections(broker, accounts)
    crowding = Crowding(connections, queries, operations, base.clock)
    callout = AuthCallout(
        broker,
        key,
        answers,
        queries,
        operations,
        crowding,
        base.clock,
        mqtt_tls_only=settings.mqtt_tls_only,
    )
    sign_outs = SignOuts(connections, queries, operations, base.clock)
    await callout.listen()
    life.background("auth_callout", callout.run())
    life.background("crowding", crowding.run())
    life.background("sign_outs", sign_outs.run())
    storage = BrokerStorage(broker)
    base.readiness.warn("broker_storage", storage.check)
    life.background("broker_storage", storage.run())
