"""What is asked of cases."""

import re
from datetime import date, datetime
from uuid import UUID

from chassis.errors import FieldInvalidError, PageTokenInvalidError
from chassis.privacy import may_hold_id_number
from chassis.rpc import pages
from chassis.rules import KIND_OR_ALL, STATE_OR_ALL, Rule
from residency.domain.cases.declarations import CaseKind
from residency.domain.cases.machine import Caller, CaseNotFoundError
from residency.domain.cases.states import CaseState, RefusalGround
from residency.domain.cases.told import CaseFilter, CasePosition
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import PersonalIdNumber, RegistrationCodes
from residency.wire.account import passport
from residency.wire.fields import ONE_OF_THE_GROUNDS
from ward.residency.v1 import cases_pb2 as pb

_CASE_NUMBER = re.compile(r"[0-9]{1,8}-[0-9]{4}-[0-9]{6,9}")
_TEXT = range(3, 1001)
_GROUNDS = {pb.RefusalGround.Value(f"REFUSAL_GROUND_{one}"): one for one in RefusalGround}
_STATES = {pb.CaseState.Value(f"CASE_STATE_{one}"): one for one in CaseState}
_KINDS = {pb.CaseKind.Value(f"CASE_KIND_{one}"): one for one in CaseKind}


def case_number(text: str) -> str:
    """Read a case's number; what has not its form is the number of no case."""
    if not _CASE_NUMBER.fullmatch(text):
        raise CaseNotFoundError
    return text


def document(
    request: pb.CompareDocumentRequest,
    codes: RegistrationCodes,
    nationalities: Nationalities,
    today: date,
) -> PersonalIdNumber | PassportNumber:
    """Read the document that is compared; raises FieldInvalidError or PersonalIdInvalidError."""
    if request.HasField("passport"):
        return passport(request, nationalities)
    return PersonalIdNumber.parse(request.personal_id_number, codes, today)


def written(field: str, text: str) -> str:
    """Read what a person wrote to another: whole lines, without an identification number."""
    content = text.strip()
    if len(content) not in _TEXT or may_hold_id_number(content):
        raise FieldInvalidError(
            field,
            Rule(
                "3 đến 1000 ký tự, không có số định danh",
                "3 to 1000 characters, no identification number",
            ),
        )
    return content


def finding(request: pb.ApproveCaseRequest) -> str:
    """Read the finding of an identity in doubt; empty where none is given."""
    return written("finding", request.finding) if request.finding else ""


def withdrawal(request: pb.WithdrawCaseRequest) -> str:
    """Read why a case is taken back; empty where nothing is said."""
    return written("reason", request.reason) if request.reason else ""


def refusal_ground(request: pb.RefuseCaseRequest) -> RefusalGround:
    """Read why a case is refused."""
    ground = _GROUNDS.get(request.ground)
    if ground is None:
        raise FieldInvalidError("ground", ONE_OF_THE_GROUNDS)
    return ground


def case_filter(request: pb.ListCasesRequest, caller: Caller) -> CaseFilter:
    """Read which cases to list; a citizen's are their own whatever the request says."""
    if request.state and request.state not in _STATES:
        raise FieldInvalidError("state", STATE_OR_ALL)
    if request.kind and request.kind not in _KINDS:
        raise FieldInvalidError("kind", KIND_OR_ALL)
    return CaseFilter(
        account="" if caller.is_officer else caller.account,
        state=_STATES.get(request.state),
        kind=_KINDS.get(request.kind),
        overdue=request.overdue,
        due_soon=request.due_soon,
    )


def cases_after(token: str) -> CasePosition | None:
    """Read where a page of cases begins; None for the first page."""
    key = pages.decode(token, 2)
    if key is None:
        return None
    try:
        created_at, case_id = datetime.fromisoformat(key[0]), UUID(key[1])
    except ValueError:
        raise PageTokenInvalidError from None
    if created_at.tzinfo is None:
        raise PageTokenInvalidError
    return CasePosition(created_at, case_id)
