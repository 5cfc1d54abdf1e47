"""What is answered and published of cases."""

from collections.abc import Sequence
from uuid import UUID

from chassis.rpc import pages
from residency.domain.cases.machine import Caller, Case
from residency.domain.cases.notices import Notice, notices_of
from residency.domain.cases.told import HistoryEntry, WholeCase
from residency.domain.lookups.disclosure import Disclosure, PersonField
from residency.wire import fields, lookups
from residency.wire.cases.declarations import declaration_message, withhold
from ward.residency.v1 import cases_pb2 as pb


def case(one: Case) -> pb.ResidenceCase:
    """Write a case, without personal data."""
    ground = f"REFUSAL_GROUND_{one.refusal_ground or 'UNSPECIFIED'}"
    return pb.ResidenceCase(
        case_number=one.case_number,
        ward_code=one.ward_code,
        kind=pb.CaseKind.Value(f"CASE_KIND_{one.kind}"),
        state=pb.CaseState.Value(f"CASE_STATE_{one.state}"),
        channel=pb.CaseChannel.Value(f"CASE_CHANNEL_{one.channel}"),
        identity_check=pb.IdentityCheck.Value(f"IDENTITY_CHECK_{one.identity_check}"),
        created_at=fields.optional_timestamp(one.created_at),
        submitted_at=fields.optional_timestamp(one.submitted_at),
        accepted_at=fields.optional_timestamp(one.accepted_at),
        decided_at=fields.optional_timestamp(one.decided_at),
        due_on=fields.optional_date(one.due_on),
        refusal_ground=pb.RefusalGround.Value(ground),
        supplement_due_on=fields.optional_date(one.supplement_due_on),
    )


def whole_case(
    found: WholeCase, caller: Caller, disclosure: Disclosure | None, access_record_id: UUID
) -> pb.GetCaseResponse:
    """Write a case with what it holds of persons, as far as the caller may see it; None is all."""
    declaration = declaration_message(found.declaration)
    if disclosure:
        withhold(declaration, disclosure.fields)
    return pb.GetCaseResponse(
        case=case(found.case),
        declaration=declaration,
        history=[history_entry(entry, caller) for entry in found.history],
        notices=[notice(one) for one in notices_of(found.case, found.history)],
        registration_ids=[str(one) for one in found.registrations],
        withheld=lookups.withheld(disclosure) if disclosure else (),
        access_record_id=str(access_record_id),
    )


def compared(
    name: str, disclosure: Disclosure | None, access_record_id: UUID, *, matches: bool
) -> pb.CompareDocumentResponse:
    """Write whether a case names who has a document, and by which name where that may be shown."""
    named = disclosure and PersonField.FULL_NAME in disclosure.fields
    return pb.CompareDocumentResponse(
        matches=matches,
        full_name=name if named else "",
        access_record_id=str(access_record_id),
    )


def history_entry(entry: HistoryEntry, caller: Caller) -> pb.CaseHistoryEntry:
    """Write what was done with a case; a citizen is not told which officer did it."""
    by_caller = entry.account == caller.account
    return pb.CaseHistoryEntry(
        at=fields.optional_timestamp(entry.at),
        act=entry.act,
        state=pb.CaseState.Value(f"CASE_STATE_{entry.state}"),
        account=entry.account if caller.is_officer or by_caller else "",
        note=entry.note,
        due_on=fields.optional_date(entry.due_on),
    )


def notice(one: Notice) -> pb.CaseNotice:
    """Write a receipt or notice."""
    return pb.CaseNotice(
        form=pb.NoticeForm.Value(f"NOTICE_FORM_{one.form}"),
        issued_at=fields.optional_timestamp(one.issued_at),
        due_on=fields.optional_date(one.due_on),
        text=one.text,
    )


def cases_page(found: Sequence[Case], size: int) -> pb.ListCasesResponse:
    """Write a page of `size`; one case more than that was asked for, to see whether there is a next."""
    token = ""
    if len(found) > size:
        last = found[size - 1]
        token = pages.encode(last.created_at.isoformat(), str(last.case_id))
    return pb.ListCasesResponse(cases=[case(one) for one in found[:size]], next_page_token=token)


def case_moved(one: Case) -> pb.CaseMoved:
    """Write the event of a case that was moved."""
    return pb.CaseMoved(case=case(one))
