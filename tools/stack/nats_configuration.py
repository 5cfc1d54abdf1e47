"""The broker's configuration: its accounts and what each may do, wherever the server listens."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SERVICES = "services"
SIMULATOR = "simulator"
# Answers who may sign in, and disconnects: the only user of the system account.
GATEKEEPER = "gatekeeper"
USERS = (SERVICES, SIMULATOR, GATEKEEPER)

# The simulator's client must ask for this inbox prefix: in the common one it could read the answers
# and the messages that services pull.
SIMULATOR_INBOX = "_INBOX_devices"
DEVICE_SUBJECTS = "ward.*.device.*.up"
COMMAND_SUBJECTS = "ward.*.device.*.down"
# Where the demonstration asks simulated detectors to fall silent.
SIMULATOR_SUBJECTS = "simulator.>"

SIGN_IN_SECONDS = 5
DEVICE_CONNECTIONS = 10_000
# A mebibyte, as `ingestion_limits` have it; and one subscription for each device behind a gateway, with many to spare.
DEVICE_PAYLOAD = 1024 * 1024
DEVICE_SUBSCRIPTIONS = 1_000
WARD_ACCOUNT = "WARD"
DEVICES_ACCOUNT = "DEVICES"

CONFIGURATION = """\
server_name: {name}
listen: "{host}:{port}"
http: "{host}:{http_port}"
# A whole mebibyte of noise is let in, so that it is dead-lettered rather than lost.
max_payload: 2MB
jetstream {{
  store_dir: {store}
  # What is acknowledged is on the disk.
  sync_interval: always{room}
}}
# One listener for both: a client that wants TLS gets it.
tls {{ cert_file: {certificate}, key_file: {certificate_key} }}
allow_non_tls: true
system_account: SYS
accounts {{
  SYS {{
    users: [
      {{
        user: {gatekeeper}, password: {gatekeeper_password}
        permissions {{
          publish: {{
            allow: ["$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.SERVER.PING.HEALTHZ", "$SYS.REQ.SERVER.*.KICK"]
          }}
          subscribe: {{ allow: ["$SYS.REQ.USER.AUTH", "_INBOX.>"] }}
          allow_responses: {{ max: 1, expires: "{sign_in_seconds}s" }}
        }}
      }}
    ]
  }}
  {ward_account} {{
    jetstream: enabled
    exports: [{{ service: {device_subjects} }}, {{ stream: {command_subjects} }}]
    users: [
      {{ user: {services}, password: {services_password} }}
      {{
        user: {simulator}, password: {simulator_password}
        permissions {{
          publish: {{ allow: [{device_subjects}, {simulator_subjects}] }}
          subscribe: {{ allow: [{simulator_inbox}, {simulator_subjects}] }}
          allow_responses: true
        }}
      }}
    ]
  }}
  # Where devices that speak NATS are: the broker acknowledges to any subject that a sender names, and whatever one
  # names, here it reaches nothing of the ward's but this. MQTT clients name none, and need JetStream beside them.
  {devices_account} {{
    # Far above any ward's devices: what the gatekeeper has not looked at yet takes no more of the broker than this. The
    # other two are of each connection: of a token that answers the callout the broker heeds no limit.
    limits {{
      max_connections: {device_connections}, max_payload: {device_payload}, max_subscriptions: {device_subscriptions}
    }}
    imports: [
      {{ service: {{ account: {ward_account}, subject: {device_subjects} }} }}
      {{ stream: {{ account: {ward_account}, subject: {command_subjects} }} }}
    ]
  }}
}}
authorization {{
  # How long a client may wait for the gatekeeper's answer.
  timeout: {sign_in_seconds}
  auth_callout {{
    issuer: {issuer}
    xkey: {xkey}
    account: SYS
    auth_users: [{gatekeeper}, {services}, {simulator}]
  }}
}}
{mqtt}{cluster}"""
MQTT = """\
mqtt {{
  listen: "{host}:{mqtt_port}"{tls}{replicas}
}}
"""
# How much streams may come to together. Without it the server takes three quarters of what is free when it starts, and
# makes no stream that might need more one day.
ROOM = """
  max_file_store: {bytes}"""
# MQTT has one listener. With these it speaks TLS, and plain as well, since that is allowed on the port of NATS:
# fire-safety refuses whoever comes without TLS (MQTT_TLS_ONLY).
MQTT_TLS = """
  tls {{ cert_file: {certificate}, key_file: {certificate_key} }}"""
# Several servers that keep the streams together; what MQTT clients leave there too.
CLUSTER = """\
cluster {{
  name: ward
  listen: "{host}:{port}"
  authorization {{ user: {cluster}, password: {password}, timeout: 2 }}
  routes: [{routes}]
}}
"""
CLUSTER_USER = "cluster"


@dataclass(frozen=True)
class Cluster:
    """The servers of a cluster: the port on which they speak with each other, their hosts and their password."""

    port: int
    hosts: tuple[str, ...]
    password: str

    def written(self, host: str) -> str:
        """Write the part of the configuration, for a server that listens at `host`."""
        signed_in = f"{CLUSTER_USER}:{self.password}"
        routes = (json.dumps(f"nats-route://{signed_in}@{one}:{self.port}") for one in self.hosts)
        return CLUSTER.format(
            host=host,
            port=self.port,
            cluster=CLUSTER_USER,
            password=json.dumps(self.password),
            routes=", ".join(routes),
        )


@dataclass(frozen=True)
class Place:
    """Where a server listens, and its files as it sees them; without `mqtt_port` it serves no MQTT."""

    host: str
    port: int
    http_port: int
    mqtt_port: int | None
    store: Path
    certificate: Path
    certificate_key: Path
    mqtt_tls: bool = False
    # How many bytes streams may come to; unset it is by the free disk.
    room: int | None = None
    # A word that begins with $ is a variable of the server's environment.
    name: str = "ward"
    cluster: Cluster | None = None


def configuration(place: Place, passwords: Mapping[str, str], issuer: str, xkey: str) -> str:
    """Write the configuration of a server.

    `passwords` are those of `USERS`; `issuer` and `xkey` the public keys that sign the gatekeeper's answers and for
    which the broker encrypts its questions.
    """
    return CONFIGURATION.format(
        name=place.name,
        host=place.host,
        port=place.port,
        http_port=place.http_port,
        store=json.dumps(str(place.store)),
        room="" if place.room is None else ROOM.format(bytes=place.room),
        **_certificate(place),
        **{user: user for user in USERS},
        **{f"{user}_password": json.dumps(passwords[user]) for user in USERS},
        ward_account=WARD_ACCOUNT,
        devices_account=DEVICES_ACCOUNT,
        command_subjects=json.dumps(COMMAND_SUBJECTS),
        simulator_subjects=json.dumps(SIMULATOR_SUBJECTS),
        device_subjects=json.dumps(DEVICE_SUBJECTS),
        simulator_inbox=json.dumps(f"{SIMULATOR_INBOX}.>"),
        sign_in_seconds=SIGN_IN_SECONDS,
        device_connections=DEVICE_CONNECTIONS,
        device_payload=DEVICE_PAYLOAD,
        device_subscriptions=DEVICE_SUBSCRIPTIONS,
        issuer=issuer,
        xkey=xkey,
        mqtt="" if place.mqtt_port is None else _mqtt(place),
        cluster=place.cluster.written(place.host) if place.cluster else "",
    )


def _mqtt(place: Place) -> str:
    tls = MQTT_TLS.format(**_certificate(place)) if place.mqtt_tls else ""
    replicas = f"\n  stream_replicas: {len(place.cluster.hosts)}" if place.cluster else ""
    return MQTT.format(host=place.host, mqtt_port=place.mqtt_port, tls=tls, replicas=replicas)


def _certificate(place: Place) -> dict[str, str]:
    return {
        "certificate": json.dumps(str(place.certificate)),
        "certificate_key": json.dumps(str(place.certificate_key)),
    }
