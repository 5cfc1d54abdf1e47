"""A plain model of the register: what it says, day by day, copied whole after each change of what is known.

It has one month of days, numbered from 0; what is open lasts beyond it. It knows no terms that are split and fitted and
no rows that supersede others: what was known at an instant is the copy of then.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

DAYS = 30
HOUSEHOLDER = "HOUSEHOLDER"


class RefusedError(Exception):
    """The register must refuse this."""


@dataclass(frozen=True)
class Entry:
    """A registration: who, where, from a day on and until before another, and since when it is known."""

    person: int
    permanent: bool
    dwelling: int
    household: int
    start: int
    until: int | None
    recorded: datetime
    ended: int | None = None
    end_recorded: datetime | None = None
    corrects: int | None = None

    @property
    def days(self) -> range:
        """The days of the month on which it is so."""
        end = self.until if self.ended is None else self.ended
        return range(self.start, DAYS if end is None else end)


@dataclass(frozen=True)
class Belonging:
    """To which household somebody belongs on one day, as what, and by which registration."""

    household: int
    relationship: str | None
    registration: int


@dataclass
class Register:
    """All that the register says at one instant; people, registrations and households are numbered."""

    births: dict[int, int] = field(default_factory=dict)
    registrations: dict[int, Entry] = field(default_factory=dict)
    # The dwelling of each household, oldest first.
    households: dict[int, int] = field(default_factory=dict)
    belongs: dict[tuple[int, int], Belonging] = field(default_factory=dict)
    made: int = 0

    def copy(self) -> "Register":
        """Copy the whole."""
        return deepcopy(self)

    def register(self, born: int, entry: Entry, relationship: str | None, *, founds: bool) -> int:
        """Enter a registration into the household that is joined or founded; tell its number."""
        self._check_home(entry)
        household = None if founds else self._lived_in(entry)
        if household is None:
            relationship, household = HOUSEHOLDER, self._number()
            self.households[household] = entry.dwelling
        registration = self._number()
        self.registrations[registration] = replace(entry, household=household)
        self.births.setdefault(entry.person, born)
        for day in entry.days:
            if (entry.person, day) not in self.belongs:
                self._join(entry.person, day, Belonging(household, relationship, registration))
        return registration

    def end(self, registration: int, day: int, today: int, now: datetime) -> None:
        """End a registration, and what the person belonged to by it."""
        entry = self._current(registration)
        runs_out = DAYS if entry.until is None else entry.until
        if not entry.start <= day <= today or day >= runs_out or entry.ended is not None:
            raise RefusedError
        self.registrations[registration] = replace(entry, ended=day, end_recorded=now)
        self._leave(registration, day)

    def correct(self, registration: int, right: Entry, today: int) -> int:
        """Put a registration in the place of another; tell its number."""
        wrong = self._current(registration)
        if right.ended is not None:
            last = today if right.until is None else min(today, right.until)
            if not right.start <= right.ended <= last:
                raise RefusedError
        del self.registrations[registration]
        self._check_home(right)
        corrected = self._number()
        self.registrations[corrected] = replace(
            right, household=wrong.household, corrects=registration
        )
        was = self._leave(registration, 0)
        for day, belonging in _fitted(was, right.days).items():
            if (right.person, day) in self.belongs:
                raise RefusedError
            self._join(right.person, day, replace(belonging, registration=corrected))
        return corrected

    def annul(self, registration: int) -> None:
        """Have a registration never have been."""
        self._current(registration)
        del self.registrations[registration]
        self._leave(registration, 0)

    def rearrange(self, household: int, named: dict[int, str], day: int) -> None:
        """Say anew from a day on who is what in a household."""
        for key, one in self._members_from(household, named, day).items():
            self.belongs[key] = replace(one, relationship=named.get(key[0]))

    def split(self, household: int, named: dict[int, str], day: int) -> int:
        """Have members form a household of their own from a day on; tell it."""
        members = self._members_from(household, named, day)
        apart = self._number()
        self.households[apart] = self.households[household]
        for key, one in members.items():
            if key[0] in named:
                self.belongs[key] = replace(one, household=apart, relationship=named[key[0]])
        return apart

    def correct_birth(self, person: int, born: int) -> None:
        """Correct when somebody was born."""
        if person not in self.births:
            raise RefusedError
        self.births[person] = born

    def residents(self, dwelling: int, day: int) -> set[int]:
        """Tell who is registered in a dwelling on a day."""
        entries = self.registrations.values()
        return {one.person for one in entries if one.dwelling == dwelling and day in one.days}

    def said_of(self, day: int) -> object:
        """Tell all that is said of one day, to see whether it is the same."""
        entries = {key: one for key, one in self.registrations.items() if day in one.days}
        born = {one.person: self.births[one.person] for one in entries.values()}
        return entries, born, {key: one for key, one in self.belongs.items() if key[1] == day}

    def _number(self) -> int:
        self.made += 1
        return self.made

    def _current(self, registration: int) -> Entry:
        if registration not in self.registrations:
            raise RefusedError
        return self.registrations[registration]

    def _check_home(self, entry: Entry) -> None:
        """Refuse temporary residence without an end, and a second residence at a time.

        A permanent one anywhere, a temporary one in the same dwelling.
        """
        if not entry.permanent and entry.until is None:
            raise RefusedError
        for other in self.registrations.values():
            same = (other.person, other.permanent) == (entry.person, entry.permanent)
            here = entry.permanent or other.dwelling == entry.dwelling
            if same and here and set(other.days) & set(entry.days):
                raise RefusedError

    def _lived_in(self, entry: Entry) -> int | None:
        """Find the oldest household of a dwelling to which somebody belongs on a day of a registration."""
        lived_in = {one.household for (_, day), one in self.belongs.items() if day in entry.days}
        homes = self.households.items()
        here = (key for key, home in homes if home == entry.dwelling and key in lived_in)
        return next(here, None)

    def _join(self, person: int, day: int, belonging: Belonging) -> None:
        heads = replace(belonging, relationship=HOUSEHOLDER)
        for (_, other_day), other in self.belongs.items():
            headed = (other.household, other.relationship) == (heads.household, HOUSEHOLDER)
            if belonging.relationship == HOUSEHOLDER and headed and other_day == day:
                raise RefusedError
        self.belongs[person, day] = belonging

    def _leave(self, registration: int, day: int) -> dict[int, Belonging]:
        """Take away, and tell, what a registration brought from a day on."""
        left = {
            key: one
            for key, one in self.belongs.items()
            if one.registration == registration and key[1] >= day
        }
        for key in left:
            del self.belongs[key]
        return {key[1]: one for key, one in left.items()}

    def _members_from(
        self, household: int, named: dict[int, str], day: int
    ) -> dict[tuple[int, int], Belonging]:
        """Tell who belongs to a household from a day on.

        Refuse strangers, no or two householders, and one who does not belong to it on that day.
        """
        members = {
            key: one
            for key, one in self.belongs.items()
            if one.household == household and key[1] >= day
        }
        strangers = named.keys() - {person for person, _ in members}
        if strangers or list(named.values()).count(HOUSEHOLDER) != 1:
            raise RefusedError
        if not any(
            as_what == HOUSEHOLDER and (one, day) in members for one, as_what in named.items()
        ):
            raise RefusedError
        return members


def _fitted(was: dict[int, Belonging], days: range) -> dict[int, Belonging]:
    """Fit what somebody belonged to by a registration to the days of the one that corrects it.

    The first lasts from the first day, the last to the last one; in between it stays as it was.
    """
    if not was:
        return {}
    inside = [day for day in was if day in days] or [max(was)]
    nearest = {day: min(max(day, min(inside)), max(inside)) for day in days}
    return {day: was[near] for day, near in nearest.items() if near in was}
