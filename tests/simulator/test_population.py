"""The simulated population database: true unless it is told to fail."""

from pathlib import Path

import pytest
from google.type import date_pb2
from grpc import aio

from simulator.population.people import Known, read_people
from simulator.population.server import Fault, PopulationServer
from ward.population.v1 import population_pb2 as pb
from ward.population.v1 import population_pb2_grpc

NUMBER = "999090000001"
PEOPLE = {NUMBER: Known("Phạm Thị Giả Định", (1990, 5, 0), "F")}
YES, NO, UNKNOWN = (
    pb.FIELD_ANSWER_MATCH,
    pb.FIELD_ANSWER_MISMATCH,
    pb.FIELD_ANSWER_NOT_FOUND,
)


@pytest.fixture
def database() -> PopulationServer:
    """Make a database of one person."""
    return PopulationServer(PEOPLE)


async def ask(
    database: PopulationServer, patience_s: float = 30, **fields: object
) -> pb.VerifyPersonResponse:
    """Ask the serving database about the person, with fields changed, and wait so long for its answer."""
    asked: dict[str, object] = {
        "correlation_id": "q/0/1",
        "personal_id_number": NUMBER,
        "full_name": "phạm thị  giả định",
        "birth_date": date_pb2.Date(year=1990, month=5, day=17),
        "sex": pb.PERSON_SEX_FEMALE,
    }
    server, port = await database.serve("127.0.0.1:0")
    try:
        async with aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            stub = population_pb2_grpc.PopulationServiceStub(channel)
            answer: pb.VerifyPersonResponse = await stub.VerifyPerson(
                pb.VerifyPersonRequest(**(asked | fields)),  # type: ignore[arg-type]
                timeout=patience_s,
            )
            return answer
    finally:
        await server.stop(None)


def fields_of(answer: pb.VerifyPersonResponse) -> list[int]:
    """Give the answers in the order of the form."""
    return [answer.personal_id_number, answer.full_name, answer.birth_date, answer.sex]


async def test_it_answers_field_by_field(database: PopulationServer) -> None:
    """Names without regard to case and spacing, birth dates as precisely as both know them."""
    assert fields_of(await ask(database)) == [YES, YES, YES, YES]
    assert fields_of(await ask(database, full_name="Phạm Thị Khác")) == [YES, NO, YES, YES]
    assert fields_of(await ask(database, sex=pb.PERSON_SEX_MALE)) == [YES, YES, YES, NO]
    assert fields_of(await ask(database, birth_date=date_pb2.Date(year=1991))) == [
        YES,
        YES,
        NO,
        YES,
    ]
    assert fields_of(await ask(database, personal_id_number="999090000009")) == [UNKNOWN] * 4


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.LYING, [UNKNOWN] * 4),
        (Fault.SHAPELESS, [UNKNOWN, YES, YES, 99]),
        (Fault.HALF, [YES, YES, pb.FIELD_ANSWER_UNAVAILABLE, pb.FIELD_ANSWER_UNSPECIFIED]),
    ],
)
async def test_it_answers_wrongly_as_told(
    database: PopulationServer, fault: Fault, expected: list[int]
) -> None:
    """Each fault is one that the real database may have."""
    database.fault = fault

    assert fields_of(await ask(database)) == expected


async def test_it_answers_another_question(database: PopulationServer) -> None:
    """The correlation id tells."""
    database.fault = Fault.STRAYING

    assert (await ask(database)).correlation_id != "q/0/1"


@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.SLOW])
async def test_it_gives_no_answer(database: PopulationServer, fault: Fault) -> None:
    """It is down, or slower than anybody waits."""
    database.fault = fault
    with pytest.raises(aio.AioRpcError):
        await ask(database, patience_s=0.5)


def test_it_knows_the_residents_of_a_synthetic_ward(small_ward: Path) -> None:
    """By number, with partial birth dates as they are."""
    people = read_people(small_ward)

    assert len(people) == 300
    assert all(number.startswith("999") for number in people)
    assert {known.sex for known in people.values()} == {"F", "M"}
