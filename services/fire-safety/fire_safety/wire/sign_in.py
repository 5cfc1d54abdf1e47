"""The broker's question who may sign in, and the answer: a token with exact subjects, or a refusal."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from chassis.broker.nkey import SigningKey
from fire_safety.domain.devices.device import DEVICE_ID
from fire_safety.domain.gate.sign_in import Attempt, Grant
from fire_safety.wire import nats_jwt

_AUDIENCE = "nats-authorization-request"
_MQTT = "mqtt"
# What the broker itself needs to deliver commands with QoS 1 and 2; no client can subscribe to it over MQTT.
_MQTT_INTERNALS = ["$MQTT.sub.>", "$MQTT.deliver.pubrel.>"]


@dataclass(frozen=True)
class Question:
    """An attempt, the key that the broker gave the connection, the broker that asks, and how long it waits."""

    attempt: Attempt
    user_key: str
    server_id: str
    over_mqtt: bool
    patience_s: float


def question(token: bytes) -> Question:
    """Read the broker's question; raises MalformedTokenError."""
    claims = nats_jwt.decode(token)
    try:
        asked = claims["nats"]
        client, options = asked["client_info"], asked["connect_opts"]
        server_id = str(asked["server_id"]["id"])
        if claims["aud"] != _AUDIENCE or claims["iss"] != server_id:
            raise nats_jwt.MalformedTokenError
        over_mqtt = client.get("type") == _MQTT
        attempt = Attempt(
            name=str(options.get("user", "")),
            secret=str(options.get("pass", "")),
            client_id=str(client.get("mqtt_id", "")) if over_mqtt else None,
            host=str(client.get("host", "")),
            encrypted=bool(asked.get("client_tls")),
        )
        # Both are the broker's times: its clock may be another than ours.
        patience_s = float(claims["exp"]) - float(claims["iat"])
        return Question(attempt, str(asked["user_nkey"]), server_id, over_mqtt, patience_s)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise nats_jwt.MalformedTokenError from error


def could_be_device(name: str) -> bool:
    """Tell whether a name has the form of a device's id; what has not is the name of nothing."""
    return DEVICE_ID.fullmatch(name) is not None


class Accounts(NamedTuple):
    """The broker's accounts of devices: of those that speak NATS, and of those that speak MQTT.

    A NATS client may have its message acknowledged to any subject. So what such clients can reach there is their own
    account, without streams; MQTT clients can name no subject, and their broker keeps its streams beside them.
    """

    nats: str
    mqtt: str


class Answers:
    """Writes answers, signed with the key that the broker trusts, for devices of one ward."""

    def __init__(self, key: SigningKey, accounts: Accounts, ward_code: str) -> None:
        self._key = key
        self._accounts = accounts
        self._ward_code = ward_code

    def granted(self, asked: Question, grant: Grant, now: datetime) -> bytes:
        """Let the client in."""
        user = nats_jwt.encode(self._user(asked, grant), self._key, now)
        return self._answer(asked, {"jwt": user}, now)

    def refused(self, asked: Question, now: datetime) -> bytes:
        """Turn the client away; the broker logs the sentence and tells it nobody."""
        return self._answer(asked, {"error": "not these credentials"}, now)

    def _answer(self, asked: Question, result: dict[str, str], now: datetime) -> bytes:
        said = {"type": "authorization_response", "version": 2, **result}
        claims = {"sub": asked.user_key, "aud": asked.server_id, "nats": said}
        return nats_jwt.encode(claims, self._key, now).encode()

    def _user(self, asked: Question, grant: Grant) -> nats_jwt.Claims:
        device_id = grant.credential.device_id
        own = _MQTT_INTERNALS if asked.over_mqtt else [f"_INBOX_{device_id}.>"]
        commands = [self._subject(one, "down") for one in grant.speaks_for]
        return {
            "sub": asked.user_key,
            "aud": self._accounts.mqtt if asked.over_mqtt else self._accounts.nats,
            "name": device_id,
            "exp": int(grant.until.timestamp()),
            "nats": {
                "type": "user",
                "version": 2,
                "pub": {"allow": [self._subject(one, "up") for one in grant.speaks_for]},
                "sub": {"allow": commands + own},
                # None of its own: the broker heeds none of a token that answers the callout, its account bounds all.
                "subs": -1,
                "payload": -1,
                "data": -1,
            },
        }

    def _subject(self, device_id: str, direction: str) -> str:
        return f"ward.{self._ward_code}.device.{device_id}.{direction}"
