"""The policy of disclosure: every read of persons asks it, and each role sees for each purpose what was signed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message
from grpc import aio
from sqlalchemy import select, text

from chassis.clock import utc_now, ward_day
from chassis.rpc.access import rule_of
from chassis.storage.database import Database
from residency import tables
from residency.domain.lookups.pseudonyms import Pseudonyms
from stack.issuer import Role
from tests.contracts.vocabulary import path_of
from tests.fixtures.servers import TestDatabase
from tests.residency.conftest import Service
from tests.residency.desk import temporary
from tests.residency.refusals import refusal_of
from tests.residency.samples import PSEUDONYM_KEY, SEAL, add_building, number
from tests.residency.test_data_subject_requests import Counter
from tests.residency.test_every_method_accounted import METHODS, writes
from tests.residency.test_lookups import NAME, PURPOSES, SIGNED, add_family, because, shown
from tests.residency.test_stays_service import day_of, declaring
from ward.residency.v1 import (
    assistance_pb2,
    cases_pb2,
    data_subject_requests_pb2,
    duplicates_pb2,
    lookups_pb2,
    register_pb2,
    stays_pb2,
)

pytestmark = [pytest.mark.postgres, pytest.mark.nats]

# Whose needs of assistance they are is seen by who keeps them; who is named in a case, by who decides it.
SIGNED_FOR_REVIEW = {
    ("residence_officer", "PURPOSE_PUBLIC_SERVICE"): {
        "full name",
        "birth year",
        "residences",
        "assistance",
    }
}
SIGNED_FOR_CASES = {
    ("residence_officer", "PURPOSE_RESIDENCE_CASE"): {
        "full name",
        "birth date",
        "sex",
        "masked number",
        "residences",
        "household",
        "phone",
    }
}
SIGNED_FOR_COMPARISON = {
    ("residence_officer", "PURPOSE_RESIDENCE_CASE"): {"full name", "masked number"}
}
# Reads of persons that ask no rule of disclosure, and why.
WITHOUT_A_RULE = {
    # They answer yes or no of what the caller says, and are limited by pattern.
    "VerifyIdentity",
    "VerifyIdentities",
    # Counts of dwellings, which name nobody: the roles that plan and rescue.
    "GetOccupancy",
    # One's own affairs.
    "ListOwnRequests",
    "GetOwnRequest",
    "ListOwnDwellings",
    # The account, and requests of data subjects, of the data protection officer's office: pseudonyms only.
    "ListAccesses",
    "ListAccessesToPerson",
    "ListAccessAnomalies",
    "GetDataSubjectRequest",
    # It asks the rules for the purpose of the request, and takes no other (test_data_subject_requests).
    "ExportPersonalData",
}


@dataclass(frozen=True)
class Read:
    """A read of persons: how it is asked, what was signed for it, and what it shows.

    `ask` is told purpose and account; `tells` is what the answer has a place for. `needs` is a field without which the
    answer itself would tell too much.
    """

    ask: Callable[[str, str], Message]
    shows: Callable[[Any], Iterable[str]]
    tells: frozenset[str] = frozenset()
    needs: str = ""
    signed: dict[tuple[str, str], set[str]] | None = None
    tells_withheld: bool = True

    def allows(self, role: str, purpose: str) -> set[str]:
        """Tell what was signed for a role and purpose; nothing if that is not enough."""
        signed = (SIGNED if self.signed is None else self.signed).get((role, purpose), set())
        return signed if not self.needs or self.needs in signed else set()


# What a message of a person has a place for; where they live only LookupPerson and SearchPersons tell.
PERSON = frozenset({"full name", "birth date", "sex", "masked number", "phone", "assistance"})
RESIDENT = PERSON | {"residences"}
GUEST = frozenset({"full name", "birth date", "masked number", "residences"})
NEEDING = frozenset({"full name", "birth year", "assistance"})
DECLARED = frozenset(
    {"full name", "birth date", "sex", "masked number", "residences", "household", "phone"}
)


def of_needing(answer: assistance_pb2.ListAssistanceNeedsResponse) -> set[str]:
    """Name what is shown of who needs help, of whose birth the year only may be."""
    person = answer.needs[0].person
    assert not person.birth_date.month
    return {name.replace("birth date", "birth year") for name in shown(person)}


def of_guest(answer: stays_pb2.ListGuestStaysResponse) -> set[str]:
    """Name what is shown of a guest; the reason of a stay goes with where it is."""
    told = {field.name for field, _ in answer.stays[0].ListFields()}
    names = {
        "full_name": "full name",
        "birth_date": "birth date",
        "sex": "sex",
        "masked_document": "masked number",
        "reason": "residences",
    }
    return {name for field, name in names.items() if field in told}


def of_case(answer: cases_pb2.GetCaseResponse) -> set[str]:
    """Name what is shown of a declarant, whose number must be masked."""
    declared = answer.declaration
    assert declared.declarant.personal_id_number == number(1).masked
    told = {field.name for field, _ in (*declared.ListFields(), *declared.declarant.ListFields())}
    names = {
        "full_name": "full name",
        "birth_date": "birth date",
        "sex": "sex",
        "personal_id_number": "masked number",
        "temporary_residence": "residences",
        "relationship_to_householder": "household",
        "phone": "phone",
    }
    return {name for field, name in names.items() if field in told}


def reads(person_id: UUID, home: str, case: str) -> dict[str, Read]:
    """Make every read by which persons are shown."""
    digits, names = number(1).digits, Pseudonyms(PSEUDONYM_KEY)
    return {
        "LookupPerson": Read(
            lambda purpose, _: lookups_pb2.LookupPersonRequest(
                purpose=because(purpose), personal_id_number=digits
            ),
            lambda answer: shown(answer.person),
            RESIDENT,
        ),
        "SearchPersons": Read(
            lambda purpose, _: lookups_pb2.SearchPersonsRequest(
                purpose=because(purpose), name=NAME
            ),
            lambda answer: shown(answer.matches[0].person),
            RESIDENT,
            needs="full name",
        ),
        "ListHousehold": Read(
            lambda purpose, account: lookups_pb2.ListHouseholdRequest(
                purpose=because(purpose), pseudonym=names.of(person_id, account)
            ),
            lambda answer: shown(answer.households[0].members[0].person),
            PERSON,
            needs="household",
        ),
        "ListGuestStays": Read(
            lambda purpose, _: stays_pb2.ListGuestStaysRequest(
                purpose=because(purpose), dwelling_id=home
            ),
            of_guest,
            GUEST,
        ),
        "ListAbsences": Read(
            lambda purpose, _: stays_pb2.ListAbsencesRequest(
                purpose=because(purpose), dwelling_id=home
            ),
            lambda answer: shown(answer.absences[0].person),
            PERSON,
        ),
        "ListAssistanceNeeds": Read(
            lambda purpose, _: assistance_pb2.ListAssistanceNeedsRequest(
                purpose=because(purpose), personal_id_number=digits
            ),
            of_needing,
            NEEDING,
            needs="assistance",
            signed=SIGNED_FOR_REVIEW,
        ),
        "GetResidence": Read(
            lambda purpose, _: register_pb2.GetResidenceRequest(
                purpose=because(purpose), personal_id_number=digits
            ),
            lambda answer: {"residences"} if answer.registrations else (),
            frozenset({"residences"}),
            needs="residences",
            tells_withheld=False,
        ),
        "GetCase": Read(
            lambda purpose, _: cases_pb2.GetCaseRequest(
                purpose=because(purpose, case), case_number=case
            ),
            of_case,
            DECLARED,
            signed=SIGNED_FOR_CASES,
        ),
        "CompareDocument": Read(
            lambda purpose, _: cases_pb2.CompareDocumentRequest(
                purpose=because(purpose, case), case_number=case, personal_id_number=digits
            ),
            lambda answer: {"full name"} if answer.full_name else (),
            frozenset({"full name"}),
            signed=SIGNED_FOR_COMPARISON,
            tells_withheld=False,
        ),
        "ListPersonCorrections": Read(
            lambda purpose, _: register_pb2.ListPersonCorrectionsRequest(
                purpose=because(purpose), personal_id_number=digits
            ),
            lambda _: (),
            tells_withheld=False,
        ),
        "ListPersonMerges": Read(
            lambda purpose, _: duplicates_pb2.ListPersonMergesRequest(
                purpose=because(purpose), personal_id_number=digits
            ),
            lambda _: (),
            tells_withheld=False,
        ),
        "GetDuplicateCandidate": Read(
            lambda purpose, _: duplicates_pb2.GetDuplicateCandidateRequest(
                purpose=because(purpose), candidate_id=str(uuid4())
            ),
            lambda _: (),
            needs="masked number",
            tells_withheld=False,
        ),
    }


async def populated(service: Service) -> dict[str, Read]:
    """Have persons, a guest, an absence and a case to look at."""
    await add_family(service)
    async with service.database.transaction() as tx:
        own = tables.persons.c.number_index == SEAL.blind_index(number(1))
        person_id: UUID = (await tx.scalars(select(tables.persons.c.person_id).where(own))).one()
        home = str((await tx.scalars(select(tables.dwellings.c.dwelling_id))).one())
    await service.call("DeclareLodging", declaring(home))
    absence = stays_pb2.Absence(
        ground=stays_pb2.ABSENCE_GROUND_LONG_ABSENCE,
        reason="đi làm xa",
        destination="tỉnh khác",
        valid_from=day_of(ward_day(utc_now())),
    )
    await service.call(
        "DeclareAbsence",
        stays_pb2.DeclareAbsenceRequest(
            purpose=because(),
            request_id=str(uuid4()),
            personal_id_number=number(1).digits,
            absence=absence,
            channel=stays_pb2.DECLARATION_CHANNEL_PHONE,
        ),
    )
    creating = cases_pb2.CreateCaseRequest(
        request_id=str(uuid4()), declaration=temporary(UUID(home))
    )
    case: str = (await service.call("CreateCase", creating)).case.case_number
    submitting = cases_pb2.SubmitCaseRequest(request_id=str(uuid4()), case_number=case)
    await service.call("SubmitCase", submitting)
    return reads(person_id, home, case)


async def answer_of(service: Service, method: str, read: Read, role: str, purpose: str) -> Any:
    """Ask in a role, by an account of the method's own; tell the answer, or the reason that there is none."""
    account = f"{method}-{role}".lower()
    metadata = (("authorization", f"Bearer {service.make_token(role, account=account)}"),)
    try:
        return await service.method(method)(read.ask(purpose, account), metadata=metadata)
    except aio.AioRpcError as error:
        return refusal_of(error).reason


async def test_every_read_shows_each_role_for_each_purpose_what_was_signed(
    service: Service,
) -> None:
    """All reads, roles and purposes: exactly the signed fields, the rest told as withheld; else a refusal."""
    everything = set(lookups_pb2.PersonField.keys()) - {"PERSON_FIELD_UNSPECIFIED"}
    by_name = {method.name: method for method in METHODS}
    for method, read in (await populated(service)).items():
        roles = rule_of(path_of(by_name[method])).roles
        for role, purpose in product(Role, PURPOSES):
            signed = read.allows(role, purpose)
            answer = await answer_of(service, method, read, role, purpose)
            asked = (method, role, purpose)
            # A citizen has cases of their own, and this is not one.
            if role not in roles or (role, method) == ("citizen", "GetCase"):
                assert answer in {"ROLE_NOT_ALLOWED", "CASE_NOT_FOUND"}, asked
            elif not signed:
                assert answer == "DISCLOSURE_NOT_ALLOWED", asked
            elif method == "GetDuplicateCandidate":
                assert answer == "DUPLICATE_CANDIDATE_NOT_FOUND", asked
            else:
                assert not isinstance(answer, str), (asked, answer)
                assert {*read.shows(answer)} == signed & read.tells, asked
                if read.tells_withheld:
                    withheld = {lookups_pb2.PersonField.Name(one) for one in answer.withheld}
                    told = {f"PERSON_FIELD_{name.upper().replace(' ', '_')}" for name in signed}
                    assert withheld == everything - told, asked


def test_no_read_of_persons_is_without_a_rule() -> None:
    """Each method that records a look is in the table of reads, or is listed with the reason why it asks no rule."""
    reading = {
        method.name
        for method in METHODS
        if rule_of(path_of(method)).personal_data and not writes(method)
    }

    assert reading == {*reads(UUID(int=1), "", "")} | WITHOUT_A_RULE


async def test_a_restricted_person_is_kept_back_from_every_read(
    service: Service, test_database: TestDatabase
) -> None:
    """For a purpose that no law demands nothing is told of what was entered, corrected or merged, or listed."""
    asked, counter = await populated(service), Counter(service)
    elsewhere = (await add_building(service.database)).dwelling_ids[0]
    staying = declaring(str(elsewhere), personal_id_number=number(1).digits)
    await service.call("DeclareLodging", staying)
    lists = {"ListAbsences": "absences", "ListAssistanceNeeds": "needs"}

    async def listed(purpose: str) -> dict[str, int]:
        guests = stays_pb2.ListGuestStaysRequest(
            purpose=because(purpose), dwelling_id=str(elsewhere)
        )
        found = {"guests": len((await service.call("ListGuestStays", guests)).stays)}
        for method, name in lists.items():
            answer = await answer_of(service, method, asked[method], "residence_officer", purpose)
            found[name] = 0 if isinstance(answer, str) else len(getattr(answer, name))
        return found

    before = await listed("PURPOSE_PUBLIC_SERVICE")
    request = await counter.receive(data_subject_requests_pb2.DATA_SUBJECT_REQUEST_KIND_RESTRICT)
    await counter.act("VerifyRequester", request, "residence_officer", means="Căn cước bản gốc")
    await counter.act("AnswerRequest", request, answer="Đồng ý")
    await allow(test_database, "PUBLIC_SERVICE", "RESIDENCES", "HOUSEHOLD")
    reading = ("GetResidence", "ListPersonCorrections", "ListPersonMerges", "ListHousehold")
    for method in reading:
        free, withheld = [
            await answer_of(service, method, asked[method], "residence_officer", purpose)
            for purpose in ("PURPOSE_RESIDENCE_CASE", "PURPOSE_PUBLIC_SERVICE")
        ]
        assert not isinstance(free, str), (method, free)
        assert withheld == "DISCLOSURE_NOT_ALLOWED", method
    assert before == {"guests": 1, "absences": 1, "needs": 1}
    assert await listed("PURPOSE_PUBLIC_SERVICE") == {"guests": 0, "absences": 0, "needs": 0}
    assert await listed("PURPOSE_RESIDENCE_CASE") == {"guests": 1, "absences": 1, "needs": 0}


async def allow(where: TestDatabase, purpose: str, *fields: str) -> None:
    """Have officers see more for a purpose from today on."""
    owner = Database.connect(where.owner_url)
    rule = text(
        "insert into disclosure_rules (purpose, role, way, effective_from, fields, source)"
        " values (:purpose, 'residence_officer', 'LOOKUP', current_date, :fields, 'test')"
    )
    async with owner.transaction() as tx:
        await tx.execute(rule, {"purpose": purpose, "fields": list(fields)})
    await owner.close()
