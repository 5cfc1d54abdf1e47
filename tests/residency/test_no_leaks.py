"""What the service and the gateway before it emit holds no number, no name and no telephone number of anybody.

Everything they write is collected while they work: logs, metrics, events with their headers, all else that the broker
was told, traces, addresses, error texts and problems, and all columns of the database but those that are meant to hold
a name. Each call is made over gRPC, and again over HTTP.
"""

import io
import json
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx2
import pytest
import structlog
from google.type import date_pb2
from grpc import aio
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import DeliverPolicy
from prometheus_client import generate_latest
from sqlalchemy import String, cast, select

from chassis.broker import jetstream
from chassis.clock import utc_now, ward_day
from chassis.lifecycle import Lifecycle
from chassis.telemetry import log
from gateway import app as gateway
from gateway.schemas.contracts import read_contracts
from gateway.settings import Settings as GatewaySettings
from residency import tables
from residency.domain.persons.personal_id import PersonalIdNumber
from tests.fixtures.barrier import taken_in
from tests.fixtures.collector import Collector
from tests.fixtures.servers import ISSUER_ADDRESS
from tests.gateway.calls import body_of, path_of, query_of
from tests.residency.conftest import Service
from tests.residency.desk import declared, temporary
from tests.residency.samples import SEAL, add_building, number
from tests.residency.test_break_glass import asking as breaking
from tests.residency.test_break_glass import tell_of_fire
from tests.residency.test_lookups import because
from tests.residency.test_service import registering, verifying
from tests.residency.test_stays_service import day_of, declaring
from ward.residency.v1 import account_pb2 as account
from ward.residency.v1 import assistance_pb2 as assistance
from ward.residency.v1 import cases_pb2 as cases
from ward.residency.v1 import citizens_pb2 as citizens
from ward.residency.v1 import data_subject_requests_pb2 as requests
from ward.residency.v1 import duplicates_pb2 as pairs
from ward.residency.v1 import lookups_pb2 as lookups
from ward.residency.v1 import register_pb2 as register
from ward.residency.v1 import residency_pb2 as pb
from ward.residency.v1 import stays_pb2 as stays

pytestmark = [pytest.mark.postgres, pytest.mark.nats, pytest.mark.http]

KNOWN, UNKNOWN, MALFORMED = number(424242).digits, number(535353).digits, "99909064646"
NAME, OTHER_NAME = "Quách Thị Khuynh Diệp", "Tôn Nữ Lệ Thu Vàng"
# One digit away from the known number.
TWIN = number(424243).digits
GUEST, GUEST_NAME = number(646464).digits, "Ông Ích Khách Vãng Lai"
PHONE, EMAIL = "+84100246813", "khuynh.diep@example.test"
PASSPORT = "C0717X717"
SECRETS = (
    *(KNOWN, TWIN, UNKNOWN, MALFORMED, GUEST, PASSPORT),
    *(NAME, OTHER_NAME, GUEST_NAME, PHONE, EMAIL),
)
# Where a name belongs; it is shown by the rules of disclosure only.
NAME_COLUMNS = {"persons.full_name", *map(str, tables.person_index.c)}
METHODS = {
    method.descriptor.name: method
    for method in read_contracts(frozenset({"ward.residency.v1"})).methods
}


@dataclass
class Ways:
    """The service by gRPC and through the gateway: what both answered who was refused, and the addresses asked."""

    service: Service
    http: httpx2.AsyncClient
    errors: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)

    async def call(
        self,
        method: str,
        request: Any,
        role: str = "residence_officer",
        *,
        misplaced: bool = False,
        **by: str,
    ) -> Any:
        """Call a method over gRPC, then over HTTP; tell what gRPC answered, None where it refused.

        `misplaced` says that the caller writes a secret where the contract has no place for one.
        """
        token = self.service.make_token(
            role, actor=by.get("actor", ""), personal_id_number=by.get("own_number", "")
        )
        try:
            return await self.service.call(method, request, role, **by)
        except aio.AioRpcError as error:
            self.errors.append(f"{error.details()} {error.trailing_metadata()}")
            return None
        finally:
            await self._again_over_http(method, request, token, misplaced=misplaced)

    async def _again_over_http(
        self, method: str, request: Any, token: str, *, misplaced: bool
    ) -> None:
        bindings = METHODS[method].bindings
        fitting = (
            one for one in bindings if all(getattr(request, part.name) for part in one.path_fields)
        )
        binding = next(fitting, bindings[0])
        answer = await self.http.request(
            binding.verb,
            path_of(binding, request),
            params=query_of(binding, request, json_names=True),
            content=body_of(binding, request),
            headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
        )
        if not misplaced:
            self.addresses.append(str(answer.request.url))
        if answer.status_code != HTTPStatus.OK:
            self.problems.append(f"{answer.headers} {answer.text}")


@pytest.fixture
def logged() -> Generator[io.StringIO]:
    """Collect what is logged, as operators see it, down to the least important."""
    root, before = logging.getLogger(), structlog.get_config()
    handlers, level = list(root.handlers), root.level
    log.configure("residency", "DEBUG")
    written = io.StringIO()
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(written)
    yield written
    structlog.configure(**before)
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture
async def heard(broker: Client) -> AsyncGenerator[list[str]]:
    """Listen to all that the broker is told, within streams and beside them."""
    texts: list[str] = []

    async def hear(message: Msg) -> None:
        texts.append(
            f"{message.subject} {message.headers} {message.data.decode(errors='replace')}"
        )

    listening = await broker.subscribe(">", cb=hear)
    await taken_in(broker)
    yield texts
    await listening.unsubscribe()


@pytest.fixture
async def ways(service: Service) -> AsyncGenerator[Ways]:
    """Put the gateway before the service; the two others behind it are away."""
    nobody = "127.0.0.1:1"
    settings = GatewaySettings(
        http_listen="127.0.0.1:0",
        residency_target=service.target,
        fire_safety_target=nobody,
        incidents_target=nobody,
        auth_issuer=ISSUER_ADDRESS,
    )
    async with Lifecycle() as life:
        address = f"http://127.0.0.1:{await gateway.start(life, settings)}"
        async with httpx2.AsyncClient(base_url=address) as http:
            yield Ways(service, http)


@pytest.fixture
async def worked(ways: Ways, broker: Client) -> Ways:
    """Have the service do all it does with personal data, also what it refuses."""
    service, errors, call = ways.service, ways.errors, ways.call
    place = await add_building(service.database)
    dwelling = place.dwelling_ids[0]
    person = {"personal_id_number": KNOWN, "full_name": NAME}
    await call("RegisterResidence", registering(dwelling, **person))
    await call("RegisterResidence", registering(dwelling, **person))
    await call(
        "RegisterResidence",
        registering(dwelling, personal_id_number=KNOWN, full_name=OTHER_NAME),
    )
    for digits in (KNOWN, UNKNOWN, MALFORMED):
        await call("VerifyIdentity", verifying(personal_id_number=digits, full_name=OTHER_NAME))
        await call(
            "LookupPerson",
            lookups.LookupPersonRequest(purpose=because(), personal_id_number=digits),
        )
    await call("VerifyIdentity", verifying(full_name=f"{NAME} {KNOWN}"))
    await call("VerifyIdentity", verifying(birth_date=date_pb2.Date(year=3000), **person))
    await call(
        "GetOccupancy",
        pb.GetOccupancyRequest(purpose=because(), dwelling_id=KNOWN),
        misplaced=True,
    )
    reference = because()
    reference.reference = KNOWN
    await call("VerifyIdentity", verifying(purpose=reference))
    await call("LookupPerson", lookups.LookupPersonRequest(purpose=because(), pseudonym=KNOWN))
    found = await call(
        "LookupPerson", lookups.LookupPersonRequest(purpose=because(), personal_id_number=KNOWN)
    )
    await call(
        "ListHousehold",
        lookups.ListHouseholdRequest(purpose=because(), pseudonym=found.person.pseudonym),
    )
    await call(
        "ReceiveRequest",
        requests.ReceiveRequestRequest(
            request_id="request-of-subject",
            kind=requests.DATA_SUBJECT_REQUEST_KIND_VIEW,
            personal_id_number=KNOWN,
            content=f"Tôi là {NAME}, đề nghị được xem dữ liệu",
        ),
    )
    for name in (NAME, OTHER_NAME, f"{NAME} {KNOWN}", "Q"):
        await call("SearchPersons", lookups.SearchPersonsRequest(purpose=because(), name=name))
    await call("SearchPersons", lookups.SearchPersonsRequest(purpose=because(), address=KNOWN))
    await call("RegisterResidence", registering(dwelling, personal_id_number=TWIN, full_name=NAME))
    pair = (
        await call("ListDuplicateCandidates", pairs.ListDuplicateCandidatesRequest())
    ).candidates[0]
    chosen = {"purpose": because(), "candidate_id": pair.candidate_id}
    await call("GetDuplicateCandidate", pairs.GetDuplicateCandidateRequest(**chosen))
    for reason in (f"của {KNOWN}", "hai hồ sơ của một người"):
        await call(
            "DecideDuplicate",
            pairs.DecideDuplicateRequest(
                request_id="deciding-a-pair",
                verdict=pairs.DUPLICATE_VERDICT_FIRST_SURVIVES,
                reason=reason,
                **chosen,
            ),
        )
    other = service.make_token("residence_officer", account="officer-2")
    with pytest.raises(aio.AioRpcError) as conflict:
        await service.method("DecideDuplicate")(
            pairs.DecideDuplicateRequest(
                request_id="deciding-again",
                verdict=pairs.DUPLICATE_VERDICT_FIRST_SURVIVES,
                reason="đã đối chiếu bản gốc",
                **chosen,
            ),
            metadata=(("authorization", f"Bearer {other}"),),
        )
    assert "MERGE_CONFLICT" in str(conflict.value.trailing_metadata())
    errors.append(f"{conflict.value.details()} {conflict.value.trailing_metadata()}")
    await call(
        "ListPersonMerges",
        pairs.ListPersonMergesRequest(purpose=because(), personal_id_number=TWIN),
    )
    await of_guests_needs_and_cases(call, str(dwelling))
    await tell_of_fire(service, broker, place.building_id)
    await call("DiscloseOccupants", breaking(), "duty_officer", actor="incidents")
    await call("DiscloseOccupants", breaking(reason=f"cần tìm {KNOWN}"), "duty_officer")
    for serial in range(40):
        await call("VerifyIdentity", verifying(personal_id_number=number(700 + 2 * serial).digits))
    assert len(errors) > 25
    assert len(ways.problems) > 25
    return ways


async def of_guests_needs_and_cases(call: Callable[..., Awaitable[Any]], dwelling: str) -> None:
    """Declare a guest, an absence, a need, a contact and a case, read them, and have each refused once."""
    guest = {"personal_id_number": GUEST, "full_name": GUEST_NAME}
    await call("DeclareLodging", declaring(dwelling, **guest))
    await call("DeclareLodging", declaring(dwelling, **guest))
    await call("ListGuestStays", stays.ListGuestStaysRequest(purpose=because()))
    absence = stays.Absence(
        ground=stays.ABSENCE_GROUND_LONG_ABSENCE,
        reason="đi làm xa",
        destination="tỉnh khác",
        valid_from=date_pb2.Date(year=2026, month=11, day=2),
    )
    asked_again = ward_day(utc_now()) + timedelta(days=90)
    consent = assistance.AssistanceStatement(
        basis=assistance.ASSISTANCE_BASIS_CONSENT,
        proxy=assistance.AssistanceProxy(full_name=GUEST_NAME, personal_id_number=GUEST),
        review_on=day_of(asked_again),
    )
    for digits in (KNOWN, UNKNOWN):
        person = {"purpose": because(), "personal_id_number": digits}
        contact = register.SetContactRequest(
            request_id=str(uuid4()), phone=PHONE, email=EMAIL, **person
        )
        away = stays.DeclareAbsenceRequest(
            request_id=str(uuid4()),
            absence=absence,
            channel=stays.DECLARATION_CHANNEL_PHONE,
            **person,
        )
        need = assistance.DeclareAssistanceNeedRequest(
            request_id=str(uuid4()),
            type=pb.ASSISTANCE_TYPE_OXYGEN,
            statement=consent,
            **person,
        )
        await call("SetContact", contact)
        await call("DeclareAbsence", away)
        await call("DeclareAssistanceNeed", need)
        await call(
            "GetResidence",
            register.GetResidenceRequest(purpose=because(), personal_id_number=digits),
        )
    declaration = temporary(
        UUID(dwelling), declared(personal_id_number=TWIN, full_name=OTHER_NAME), phone=PHONE
    )
    declaration.declarant.personal_id_number, declaration.declarant.full_name = KNOWN, NAME
    creating = cases.CreateCaseRequest(request_id="case-of-known", declaration=declaration)
    number_ = (await call("CreateCase", creating)).case.case_number
    for request_id in ("submit-case-1", "submit-case-2"):
        submitting = cases.SubmitCaseRequest(request_id=request_id, case_number=number_)
        await call("SubmitCase", submitting)
    own = because(reference=number_)
    await call("GetCase", cases.GetCaseRequest(purpose=own, case_number=number_))
    await call(
        "GetCase", cases.GetCaseRequest(purpose=because(), case_number=KNOWN), misplaced=True
    )
    for document in (
        {"personal_id_number": TWIN},
        {"passport": account.Passport(issuer="FRA", number=PASSPORT)},
    ):
        comparing = {"purpose": own, "case_number": number_, **document}
        await call("CompareDocument", cases.CompareDocumentRequest(**comparing))
    filing = citizens.FileOwnRequestRequest(
        request_id="own-request-1",
        kind=requests.DATA_SUBJECT_REQUEST_KIND_VIEW,
        content=f"Tôi là {NAME}, điện thoại {PHONE}",
    )
    await call("FileOwnRequest", filing, "citizen", own_number=KNOWN)
    await call("ListOwnDwellings", citizens.ListOwnDwellingsRequest(), "citizen", own_number=KNOWN)


async def published(broker: Client) -> str:
    """Read all that is in the streams, subjects and headers too."""
    texts = []
    for stream in (jetstream.EVENTS.name, jetstream.DEAD_LETTERS.name):
        subscription = await broker.jetstream().subscribe(
            ">", stream=stream, deliver_policy=DeliverPolicy.ALL
        )
        state = (await broker.jetstream().stream_info(str(stream))).state
        for _ in range(state.messages):
            message = await subscription.next_msg(30)
            payload = message.data.decode(errors="replace")
            texts.append(f"{message.subject} {message.headers} {payload}")
    return "\n".join(texts)


async def stored(service: Service, but: Collection[str]) -> str:
    """Read the database as text, but for some columns."""
    texts = []
    async with service.database.transaction() as tx:
        for table in tables.metadata.sorted_tables:
            for column in table.columns:
                name = f"{table.name}.{column.name}"
                if name in but:
                    continue
                values = (await tx.scalars(select(cast(column, String)))).all()
                texts += [f"{name}: {value}" for value in values if value is not None]
    return "\n".join(texts)


def spellings(secret: str) -> set[str]:
    """Give a secret as it could be written: plain, in escapes, in hexadecimal, in other cases."""
    encoded = secret.encode()
    return {
        secret,
        secret.casefold(),
        secret.upper(),
        secret.encode("unicode_escape").decode(),
        json.dumps(secret)[1:-1],
        quote(secret),
        encoded.hex(),
        repr(encoded)[2:-1],
        "".join(chr(one) if one < 0x80 else f"\\{one:03o}" for one in encoded),
    }


async def test_nothing_that_is_emitted_tells_a_number_or_a_name(
    logged: io.StringIO, heard: list[str], collector: Collector, broker: Client, worked: Ways
) -> None:
    """Whatever service, gateway and broker wrote anywhere, after all that the service can be asked."""
    service = worked.service
    events, spans = await published(broker), await collector.spans()
    database = await stored(service, NAME_COLUMNS)
    emitted = {
        "logs": logged.getvalue(),
        "metrics": generate_latest().decode(),
        "streams": events,
        "subjects": "\n".join(heard),
        "traces": collector.text,
        "addresses": "\n".join(worked.addresses),
        "errors": "\n".join(worked.errors),
        "problems": "\n".join(worked.problems),
        "database": database,
    }

    assert all(emitted.values())
    assert "population_not_asked" in emitted["logs"]
    assert "LookupService/LookupPerson" in emitted["metrics"]
    assert {"POST /v1/persons:lookup", "ward.residency.v1.LookupService/LookupPerson"} <= set(
        spans
    )
    assert "/v1/residence-cases/{case_number}" in emitted["logs"]
    assert "/v1/residence-cases/11002-" in emitted["addresses"]
    assert "$JS.API" in emitted["subjects"]
    assert "GlassBroken" in events
    assert NAME in await stored(service, ())
    assert SEAL.pseudonym(PersonalIdNumber(KNOWN)) in database
    for place, text in emitted.items():
        for secret in SECRETS:
            leaked = [one for one in spellings(secret) if one in text]
            assert not leaked, f"{place} tells {secret}"
    for place in emitted.keys() - {"database"}:
        assert not re.search(r"(?<![0-9a-f.])999090[0-9]{6}(?![0-9a-f])", emitted[place]), place
