"""What most of the service is made of: its seals, and all that is made of them and of the settings once."""

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

from chassis.account import witness
from chassis.clock import Clock
from chassis.sealing import Seal, read_key
from chassis.service import Base
from chassis.storage.database import Database
from chassis.storage.outbox import Relay
from residency.app.reference import gazetteer, nationalities, registration_codes
from residency.domain.lookups.pseudonyms import Pseudonyms
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import RegistrationCodes
from residency.domain.persons.sealing import NumberSeal, ParticularsSeal
from residency.domain.places.address import Gazetteer
from residency.operations.decoys import DecoyOperations
from residency.operations.keys import KeysDoNotFitError, check_keys
from residency.operations.lookup_limits import LookupLimits
from residency.queries.persons import PersonQueries
from residency.repository.cases import CaseSeal
from residency.repository.data_subject_requests import NoteSeal
from residency.servicer.naming import Naming
from residency.servicer.showing import Showing
from residency.settings import Settings

_WRONG_KEYS = (
    "Khóa không khớp với sổ: ID_INDEX_KEY, ID_ENCRYPTION_KEY hoặc thiếu khóa cũ trong ID_ENCRYPTION_OLD_KEYS"
    " / The register was written under other keys: ID_INDEX_KEY, ID_ENCRYPTION_KEY, or an old one is missing in"
    " ID_ENCRYPTION_OLD_KEYS."
)


@dataclass(frozen=True)
class Parts:
    """What several of the service's rooms are made of."""

    database: Database
    relay: Relay
    clock: Clock
    ward_code: str
    seal: NumberSeal
    particulars: ParticularsSeal
    case_seal: CaseSeal
    note_seal: NoteSeal
    pseudonyms: Pseudonyms
    naming: Naming
    showing: Showing
    codes: RegistrationCodes
    nations: Nationalities
    units: Gazetteer
    limits: LookupLimits
    decoys: DecoyOperations
    # Asks the broker's stream up to where the account is witnessed.
    witnessed: Callable[[], Awaitable[witness.Told | None]]

    @classmethod
    def of(cls, base: Base, settings: Settings) -> Self:
        """Make them of what the chassis gives and of the settings."""
        seal, content = number_seal(settings), content_seal(settings)
        pseudonyms = Pseudonyms(read_key(settings.pseudonym_key.get_secret_value()))
        return cls(
            database=base.database,
            relay=base.relay,
            clock=base.clock,
            ward_code=settings.ward_code,
            seal=seal,
            particulars=ParticularsSeal(content),
            case_seal=CaseSeal(content),
            note_seal=NoteSeal(content),
            pseudonyms=pseudonyms,
            naming=Naming(pseudonyms, PersonQueries(base.database)),
            showing=Showing(seal, pseudonyms),
            codes=registration_codes(),
            nations=nationalities(),
            units=gazetteer(settings.ward_code),
            limits=LookupLimits(base.database, base.clock, seal),
            decoys=DecoyOperations(
                base.database, base.relay, base.clock, seal, settings.ward_code
            ),
            witnessed=partial(
                witness.last_told,
                base.jetstream,
                witness.subject_of(settings.ward_code, "residency"),
            ),
        )


async def refuse_wrong_keys(database: Database, numbers: NumberSeal) -> None:
    """End a process in words, before it answers or writes anything, whose keys are not those of the register."""
    try:
        await check_keys(database, numbers)
    except KeysDoNotFitError as error:
        raise SystemExit(_WRONG_KEYS) from error


def number_seal(settings: Settings) -> NumberSeal:
    """Make the seal of identification numbers from the keys."""
    return NumberSeal(content_seal(settings), read_key(settings.id_index_key.get_secret_value()))


def content_seal(settings: Settings) -> Seal:
    """Make the seal of what is stored sealed."""
    return Seal(settings.encryption_keys, os.urandom)
