"""Making cases: a draft of who declares, or one that is handed in at once where an operation leaves it to officers."""

from datetime import datetime
from uuid import UUID

from chassis.clock import ward_day
from chassis.storage.database import Transaction
from residency.domain.cases.declarations import ResidenceDeclaration
from residency.domain.cases.machine import Case
from residency.domain.cases.states import CaseAct, CaseChannel
from residency.repository import cases
from residency.repository.cases import CaseSeal


async def draft(
    tx: Transaction,
    case_id: UUID,
    declaration: ResidenceDeclaration,
    account: str,
    channel: CaseChannel,
    seal: CaseSeal,
    ward_code: str,
    now: datetime,
) -> Case:
    """Make a draft with its number; of no account where officers alone see it."""
    take = cases.next_number if account else cases.next_hidden_number
    number = await take(tx, ward_code, ward_day(now).year)
    case = Case(
        case_id=case_id,
        case_number=str(number),
        ward_code=ward_code,
        kind=declaration.kind,
        channel=channel,
        account=account,
        created_at=now,
        written_by=frozenset({account}),
    )
    await cases.add(tx, case, declaration, seal)
    return case


async def hand_in(
    tx: Transaction,
    case_id: UUID,
    declaration: ResidenceDeclaration,
    account: str,
    channel: CaseChannel,
    seal: CaseSeal,
    ward_code: str,
    now: datetime,
) -> Case:
    """Make a case that officers can accept at once."""
    case = await draft(tx, case_id, declaration, account, channel, seal, ward_code, now)
    submitted = case.submit(now)
    await cases.save(tx, submitted, CaseAct.SUBMIT, account, now)
    return submitted
