"""Needs of assistance, as an operation loads and saves them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from chassis.storage.database import Transaction
from residency.domain.persons.identity import RegisteredPerson
from residency.domain.persons.sealing import ParticularsSeal
from residency.domain.residence.assistance import (
    AssistanceBasis,
    AssistanceNeedExistsError,
    AssistanceNeedNotFoundError,
    Need,
    NeedStatement,
    ReviewLimit,
)
from residency.domain.residence.occupancy import Assistance
from residency.domain.residence.registrations import Origin, Term
from residency.repository import entries, persons
from residency.repository.limits import limit_in_force
from residency.repository.occupancy import lock_dwellings
from residency.tables import assistance_needs
from residency.tables import persons as persons_table


async def review_limit(tx: Transaction, day: date) -> ReviewLimit:
    """Load the longest time until a review, as in force on a day."""
    return ReviewLimit(await limit_in_force(tx, "assistance_review_term", day))


async def lock_person(tx: Transaction, index: bytes) -> tuple[RegisteredPerson, list[UUID]]:
    """Lock who has a number, and the dwellings where they are or were registered or a guest.

    Raises PersonNotRegisteredError.
    """
    homes = await lock_dwellings(tx, await persons.whereabouts_of(tx, index))
    return await persons.find(tx, index), homes


async def add(
    tx: Transaction,
    need: Need,
    statement: NeedStatement,
    origin: Origin,
    now: datetime,
    seal: ParticularsSeal,
    corrects: UUID | None = None,
) -> None:
    """Enter a need; raises AssistanceNeedExistsError if the person has it already."""
    proxy = statement.proxy
    proxy_sealed = proxy and seal.seal(
        {"full_name": proxy.full_name.text, "personal_id_number": proxy.number.digits},
        need.need_id,
    )
    entering = insert(assistance_needs).values(
        need_id=need.need_id,
        person_id=need.person_id,
        type=need.type,
        basis=statement.grounds.basis,
        legal_basis=statement.grounds.legal_basis,
        proxy_sealed=proxy_sealed,
        review_on=statement.review_on,
        corrects=corrects,
        **entries.times(Term(need.valid_from, None), origin, now),
    )
    try:
        await tx.execute(entering)
    except IntegrityError as error:
        if entries.violated(error) == "assistance_needs_one":
            raise AssistanceNeedExistsError from error
        raise


async def load(tx: Transaction, need_id: UUID) -> tuple[Need, list[UUID]]:
    """Load a need with its person and their dwellings locked, as above; raises AssistanceNeedNotFoundError."""
    which = assistance_needs.c.need_id == need_id
    whose = select(persons_table.c.number_index).join(assistance_needs).where(which)
    index: bytes | None = await tx.scalar(whose)
    if index is None:
        raise AssistanceNeedNotFoundError
    _, homes = await lock_person(tx, index)
    row = (await tx.execute(select(assistance_needs).where(which))).one()
    need = Need(
        need_id=row.need_id,
        person_id=row.person_id,
        type=Assistance(row.type),
        valid_from=row.valid_from,
        superseded=row.superseded_at is not None,
        withdrawn=row.ended_on is not None,
    )
    return need, homes


async def on_no_law(tx: Transaction, person_id: UUID) -> list[UUID]:
    """Tell which needs of a person count and are kept on consent, or on nothing that was ever said."""
    needs = assistance_needs.c
    statement = select(needs.need_id).where(
        needs.person_id == person_id,
        needs.basis.is_distinct_from(AssistanceBasis.LAW.value),
        needs.superseded_at.is_(None),
        needs.ended_on.is_(None),
    )
    return list((await tx.scalars(statement.order_by(needs.need_id))).all())


async def supersede(tx: Transaction, need_id: UUID, now: datetime) -> None:
    """Record that another entry takes a need's place."""
    await entries.supersede(tx, assistance_needs, need_id, now)


async def withdraw(tx: Transaction, need_id: UUID, day: date, now: datetime) -> None:
    """Record that a need counts no longer, from a day on."""
    await entries.end(tx, assistance_needs, need_id, day, now)
