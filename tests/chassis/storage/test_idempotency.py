"""Idempotency keys, on real PostgreSQL."""

import asyncio

import pytest

from chassis.clock import utc_now
from chassis.errors import FieldInvalidError, RequestIdReusedError
from chassis.storage import idempotency
from chassis.storage.database import Database
from tests.chassis.conftest import REQUESTS
from ward.incidents.v1 import incidents_pb2 as pb

ACKNOWLEDGE = pb.AcknowledgeIncidentRequest(incident_id="1", request_id="aaaaaaaa")


async def claim(
    database: Database, resource: str, digest: bytes = b"d", account: str = "demo"
) -> str | None:
    """Claim one request id in a transaction of its own."""
    async with database.transaction() as tx:
        return await idempotency.claim(
            tx,
            REQUESTS,
            account=account,
            request_id="request-1",
            digest=digest,
            resource_id=resource,
            now=utc_now(),
        )


@pytest.mark.postgres
async def test_a_repeat_gives_the_first_resource(database: Database) -> None:
    """New the first time, the first result ever after."""
    assert await claim(database, "first") is None
    assert await claim(database, "second") == "first"


@pytest.mark.postgres
async def test_of_many_at_once_one_is_first(database: Database) -> None:
    """All others wait for it and get its resource."""
    results = await asyncio.gather(*(claim(database, str(number)) for number in range(8)))
    first = [str(number) for number, result in enumerate(results) if result is None]

    assert len(first) == 1
    assert {result for result in results if result} == set(first)


@pytest.mark.postgres
async def test_another_content_under_the_same_id_is_refused(database: Database) -> None:
    """The caller has mixed two requests up."""
    await claim(database, "first")

    with pytest.raises(RequestIdReusedError):
        await claim(database, "second", digest=b"other")


@pytest.mark.postgres
async def test_two_accounts_do_not_share_ids(database: Database) -> None:
    """One caller's id tells another nothing."""
    await claim(database, "first")

    assert await claim(database, "second", account="other") is None


@pytest.mark.parametrize("request_id", ["", "short", "x" * 65, "with space", "đường-dài-quá"])
def test_a_malformed_key_is_refused(request_id: str) -> None:
    """8 to 64 plain characters."""
    with pytest.raises(FieldInvalidError):
        idempotency.check_request_id(request_id)


def test_the_digest_tells_type_and_content() -> None:
    """The same bytes of another method are another request."""
    same = pb.AcknowledgeIncidentRequest(incident_id="1", request_id="aaaaaaaa")
    other = pb.AssignIncidentRequest(incident_id="1", request_id="aaaaaaaa")

    assert idempotency.digest_of(ACKNOWLEDGE) == idempotency.digest_of(same)
    assert idempotency.digest_of(ACKNOWLEDGE) != idempotency.digest_of(other)
