"""What a look could cost at least, and what would be written first: a bare echo, and a look and its record by request.

`python -m bench.floor_server`: reads a line of JSON on standard input, tells its port on standard output, and serves
until its input ends. With a `database_url` it looks up by request, without one it echoes. With an `issuer` it does so
behind the product's own edge and into its chain: what the product would be if each look had a transaction of its own.
"""

import asyncio
import hmac
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import grpc
import uvloop
from grpc import aio

from chassis.account.access_log import APPEND, OK, entry_of, record_of
from chassis.clock import utc_now
from chassis.context import current_access
from chassis.rpc.grpc_server import AccessGuard, grpc_server
from chassis.rpc.tokens import TokenVerifier
from chassis.telemetry.health import Readiness
from ward.residency.v1 import residency_pb2 as pb

TABLE = """
    create table bench_accesses as
    select record_id, recorded_at, account, roles, method, purpose, reference, subject, outcome
      from access_records with no data
"""
_LOOK = "select full_name, birth_year, birth_month, birth_day from persons where number_index = $1"
_RECORD = """
    insert into bench_accesses
    values ($1, now(), 'bench', '{service}', 'VerifyIdentity', 'RESIDENCE_CASE', 'BENCH-1', $2, 'OK')
"""
_CONNECTIONS = 10
_FIELDS = ("NUMBER", "FULL_NAME", "BIRTH_DATE")
_SERVICE = pb.DESCRIPTOR.services_by_name["ResidencyService"].full_name
_LISTEN = "127.0.0.1:0"

Handler = Callable[[pb.VerifyIdentityRequest, Any], Awaitable[pb.VerifyIdentityResponse]]


async def echo(request: pb.VerifyIdentityRequest, _: Any) -> pb.VerifyIdentityResponse:  # noqa: ANN401 - grpc's context
    """Answer without looking."""
    return _answer(request.full_name, pb.FIELD_MATCH_YES)


def by_request(pool: asyncpg.Pool, index_key: bytes) -> Handler:
    """Make a handler that looks, records and commits for each request by itself."""

    async def verify(request: pb.VerifyIdentityRequest, _: Any) -> pb.VerifyIdentityResponse:  # noqa: ANN401
        digits = request.personal_id_number.encode()
        index = hmac.digest(index_key, b"number\0" + digits, "sha256")
        async with pool.acquire() as connection, connection.transaction():
            found = await connection.fetchrow(_LOOK, index)
            await connection.execute(_RECORD, uuid4(), index[:16].hex())
        same = found is not None and found["full_name"] == request.full_name
        match = pb.FIELD_MATCH_YES if same else pb.FIELD_MATCH_NO
        return _answer(str(uuid4()), match)

    return verify


def by_request_in_chain(pool: asyncpg.Pool, index_key: bytes) -> Handler:
    """Make a handler that does the same with the product's own record, which goes into its chain."""

    async def verify(request: pb.VerifyIdentityRequest, _: Any) -> pb.VerifyIdentityResponse:  # noqa: ANN401
        access, digits = current_access(), request.personal_id_number.encode()
        index = hmac.digest(index_key, b"number\0" + digits, "sha256")
        access.subject, access.fields = index[:16].hex(), _FIELDS
        record = record_of(access, access.record_id, OK, utc_now())
        async with pool.acquire() as connection, connection.transaction():
            found = await connection.fetchrow(_LOOK, index)
            await connection.execute(APPEND, [entry_of(record)])
        access.accounted = True
        same = found is not None and found["full_name"] == request.full_name
        match = pb.FIELD_MATCH_YES if same else pb.FIELD_MATCH_NO
        return _answer(str(access.record_id), match)

    return verify


def _answer(record: str, match: pb.FieldMatch.ValueType) -> pb.VerifyIdentityResponse:
    return pb.VerifyIdentityResponse(
        personal_id_number=match, full_name=match, birth_date=match, access_record_id=record
    )


async def _serve(orders: dict[str, str]) -> None:
    handler: Handler = echo
    if url := orders.get("database_url"):
        pool = await asyncpg.create_pool(url, min_size=_CONNECTIONS, max_size=_CONNECTIONS)
        made = by_request_in_chain if "issuer" in orders else by_request
        handler = made(pool, bytes.fromhex(orders["index_key"]))
    server, port = _behind_the_edge(orders) if "issuer" in orders else _bare()
    method = grpc.unary_unary_rpc_method_handler(
        handler, pb.VerifyIdentityRequest.FromString, pb.VerifyIdentityResponse.SerializeToString
    )
    server.add_generic_rpc_handlers(
        [grpc.method_handlers_generic_handler(_SERVICE, {"VerifyIdentity": method})]
    )
    await server.start()
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.stop(None)


def _bare() -> tuple[aio.Server, int]:
    server = aio.server()
    return server, server.add_insecure_port(_LISTEN)


def _behind_the_edge(orders: dict[str, str]) -> tuple[aio.Server, int]:
    verifier = TokenVerifier(
        orders["issuer"], orders["audience"], orders["jwks"], ward_code=orders["ward_code"]
    )
    server = grpc_server(AccessGuard(verifier, None, utc_now), Readiness({}), [_SERVICE])
    pair = Path(orders["key_file"]).read_bytes(), Path(orders["certificate_file"]).read_bytes()
    return server, server.add_secure_port(_LISTEN, grpc.ssl_server_credentials([pair]))


if __name__ == "__main__":
    uvloop.run(_serve(json.loads(sys.stdin.readline())))
