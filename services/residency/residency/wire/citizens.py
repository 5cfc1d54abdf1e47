"""What citizens ask and declare in their own affairs."""

from datetime import date

from chassis.errors import FieldInvalidError
from chassis.rules import Rule
from residency.domain.persons.nationality import Nationalities
from residency.domain.persons.personal_id import RegistrationCodes
from residency.domain.residence.stays import StayDeclaration
from residency.wire import stays
from ward.residency.v1 import citizens_pb2 as pb


def guest(
    request: pb.DeclareOwnGuestRequest,
    codes: RegistrationCodes,
    nationalities: Nationalities,
    today: date,
) -> StayDeclaration:
    """Read who is declared as a guest; raises FieldInvalidError, PersonalIdInvalidError or DwellingNotFoundError."""
    match request.WhichOneof("guest"):
        case "lodging":
            return stays.lodging(request.lodging, codes, today)
        case "foreign_stay":
            return stays.foreign_stay(request.foreign_stay, nationalities, today)
        case _:
            raise FieldInvalidError(
                "guest", Rule("lodging hoặc foreign_stay", "a lodging or a foreign_stay")
            )
