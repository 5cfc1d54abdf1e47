"""How persons are shown to who may see something of them."""

from residency.domain.lookups.disclosure import Asker, Disclosure, PersonField
from residency.domain.lookups.pseudonyms import Pseudonyms
from residency.domain.persons.sealing import NumberSeal
from residency.domain.residence.found import FoundPerson, OccupiedDwelling
from residency.wire import answers, lookups
from ward.residency.v1 import lookups_pb2 as pb


class Showing:
    """Writes persons as their asker may see them."""

    def __init__(self, seal: NumberSeal, pseudonyms: Pseudonyms) -> None:
        self._seal = seal
        self._pseudonyms = pseudonyms

    def person(self, found: FoundPerson, disclosure: Disclosure, asker: Asker) -> pb.Person:
        """Write of a person what may be shown; what is sealed is opened only where it or its mask is shown."""
        masked = phone = ""
        if PersonField.MASKED_NUMBER in disclosure.fields:
            masked = self._seal.open(found.number_sealed, found.person_id).masked
        if PersonField.PHONE in disclosure.fields and found.phone_sealed:
            phone = self._seal.open_phone(found.phone_sealed, found.person_id).text
        pseudonym = self._pseudonyms.of(found.person_id, asker.account)
        return lookups.person(found, disclosure, pseudonym, masked, phone)

    def dwelling(
        self, found: OccupiedDwelling, disclosure: Disclosure, asker: Asker
    ) -> pb.DisclosedDwelling:
        """Write who is in a dwelling in an emergency."""
        return pb.DisclosedDwelling(
            dwelling=answers.dwelling(found.dwelling),
            people=[self.person(person, disclosure, asker) for person in found.people],
            absent=[
                self._pseudonyms.of(person.person_id, asker.account)
                for person in found.people
                if person.person_id in found.absent
            ],
            guests=[lookups.guest(guest, disclosure) for guest in found.guests],
        )
