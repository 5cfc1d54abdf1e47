"""The passwords of detectors that sign in as themselves, kept as a detector keeps its own: in a file that is its alone.

Which are not there are asked for as an administrator does, when the first of them has something to say. Fleet and demo
may begin together: one of them asks, and the other reads.
"""

import asyncio
import fcntl
import json
import os
import socket
import ssl
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from uuid import uuid4

from simulator.demo.gateway import Gateway, RefusedError
from stack.installation import Installation
from stack.issuer import Role
from stack.ports import LOOPBACK
from ward.fire_safety.v1 import credentials_pb2 as pb

FILE = "device-secrets.json"
PATIENCE_S = 10.0
_EXISTS = "CREDENTIAL_EXISTS"


@dataclass(frozen=True)
class Gate:
    """Where devices sign in on this machine, and with what: their passwords by id."""

    nats_port: int
    mqtt_port: int
    # By what devices trust the port of MQTT; None where it speaks no TLS.
    mqtt_trust: ssl.SSLContext | None
    ward_code: str
    secrets: dict[str, str] = field(repr=False)


class Keyring:
    """The passwords of some detectors of a platform that `make up` started in a run directory."""

    def __init__(self, run_dir: Path, ward_code: str, device_ids: Sequence[str]) -> None:
        self._run_dir = run_dir
        self._ward_code = ward_code
        self._device_ids = device_ids
        self._gate: Gate | None = None
        self._one_at_a_time = asyncio.Lock()

    async def gate(self) -> Gate:
        """Give what is needed to sign in; raises GatewayDownError or RefusedError."""
        async with self._one_at_a_time:
            if self._gate is None:
                self._gate = await self._opened()
            return self._gate

    async def _opened(self) -> Gate:
        place = Installation.of_run(self._run_dir)
        token = place.issuer.token(Role.ADMINISTRATOR, time.time())
        async with Gateway(place.gateway_address, token, PATIENCE_S) as gateway:
            secrets = await secrets_of(self._run_dir / FILE, gateway, self._device_ids)
        port = place.ports.mqtt_port
        trust = await asyncio.to_thread(trust_of, port, place.nats.certificates.authority_file)
        return Gate(place.ports.nats_port, port, trust, self._ward_code, secrets)


def trust_of(port: int, authority_file: Path) -> ssl.SSLContext | None:
    """Tell by what a port is trusted that speaks TLS, or None; raises OSError where nobody listens."""
    trust = ssl.create_default_context(cafile=authority_file)
    with socket.create_connection((LOOPBACK, port), timeout=PATIENCE_S) as connection:
        try:
            trust.wrap_socket(connection, server_hostname=LOOPBACK).close()
        except (ssl.SSLError, ConnectionError):
            return None
    return trust


async def secrets_of(path: Path, gateway: Gateway, device_ids: Sequence[str]) -> dict[str, str]:
    """Give the devices' passwords; raises GatewayDownError or RefusedError."""
    async with _opened(path) as file:
        written = file.read()
        secrets: dict[str, str] = json.loads(written) if written else {}
        try:
            for device_id in device_ids:
                if device_id not in secrets:
                    secrets[device_id] = await _issued(gateway, device_id)
        finally:
            file.seek(0)
            file.truncate()
            json.dump(secrets, file)
    return secrets


@asynccontextmanager
async def _opened(path: Path) -> AsyncGenerator[IO[str]]:
    """Open the file, which nobody else may read, and keep others out of it."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8") as file:
        await asyncio.to_thread(fcntl.flock, file, fcntl.LOCK_EX)
        yield file


async def _issued(gateway: Gateway, device_id: str) -> str:
    """Ask for a password; where one is in force that nobody knows any longer, for another in its place."""
    asked = {"requestId": str(uuid4())}
    path = f"/v1/devices/{device_id}/credentials"
    try:
        return (await gateway.post(path, pb.IssueCredentialResponse(), asked)).secret
    except RefusedError as refused:
        if refused.reason != _EXISTS:
            raise
    listed = await gateway.get(path, pb.ListCredentialsResponse())
    in_force = next(one for one in listed.credentials if not one.replaced_by)
    path = f"/v1/credentials/{in_force.credential_id}:rotate"
    return (await gateway.post(path, pb.RotateCredentialResponse(), asked)).secret
