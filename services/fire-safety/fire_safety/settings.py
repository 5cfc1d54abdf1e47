"""What the service reads from the environment, once."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, SecretStr, model_validator

from chassis.addresses import BrokerUrl
from chassis.broker.nkey import BadKeyError, CurveKey, SigningKey
from chassis.settings import ServiceSettings


def _signing(seed: SecretStr) -> SecretStr:
    try:
        SigningKey(seed.get_secret_value())
    except BadKeyError:
        raise ValueError("an account seed of NATS is needed: SA…") from None
    return seed


def _curve(seed: SecretStr) -> SecretStr:
    try:
        CurveKey(seed.get_secret_value())
    except BadKeyError:
        raise ValueError("a curve seed of NATS is needed: SX…") from None
    return seed


class Lanes(StrEnum):
    """What a process does with readings; large wards give each lane processes of its own."""

    BOTH = "both"
    DETECTOR = "detector"
    RECORDER = "recorder"


class Settings(ServiceSettings):
    """Settings of fire safety; each names its environment variable in upper case.

    The three of the gate go together; without them this process lets no device in and disconnects none.
    """

    lanes: Lanes = Lanes.BOTH
    # The user of the broker's system account that answers who may sign in.
    nats_gatekeeper_url: BrokerUrl | None = None
    # Signs the answers; its public key is the `issuer` of the broker's `auth_callout`.
    nats_signing_seed: Annotated[SecretStr, AfterValidator(_signing)] | None = None
    # Opens the broker's questions; its public key is the `xkey` of the broker's `auth_callout`.
    nats_curve_seed: Annotated[SecretStr, AfterValidator(_curve)] | None = None
    # The accounts that devices are let into: over NATS one of their own, over MQTT the one in which the services are.
    nats_devices_account: str = "DEVICES"
    nats_mqtt_account: str = "WARD"
    # Whether devices are let in over MQTT with TLS only; a broker that takes clients without TLS anywhere takes them
    # on its port of MQTT as well.
    mqtt_tls_only: bool = False

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        gate = (self.nats_gatekeeper_url, self.nats_signing_seed, self.nats_curve_seed)
        if any(gate) and not all(gate):
            raise ValueError(
                "nats_gatekeeper_url, nats_signing_seed and nats_curve_seed go together"
            )
        return self
