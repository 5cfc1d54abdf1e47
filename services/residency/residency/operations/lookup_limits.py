"""Limits of lookups: counted in memory where the call is, shared with the other replicas every second.

A call waits for no count: it is let in by what is known here, which is what all replicas counted up to their last
exchange, and this one since. So a caller passes a ceiling by at most what the other replicas let in within a second,
and what is under way. Calls that may show many persons wait for one another: else as many of them at once as there may
be calls in a minute would be let in by what all had shown before.
Whom a caller asked for at other replicas is read in the account of looks, so that numbers one after another are known
whichever replica each was asked for at. Who is counted twice (a person asked for at two replicas, or again after a
restart) makes a limit come sooner, never later.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import NamedTuple
from weakref import WeakValueDictionary

from chassis.clock import Clock, ward_day
from chassis.errors import DatabaseUnavailableError, FieldInvalidError, LimitReachedError
from chassis.rules import between
from chassis.storage.database import Database
from chassis.telemetry import metrics
from residency.domain.lookups.asked_persons import AskedPersons, Window
from residency.domain.lookups.disclosure import Asker
from residency.domain.lookups.limits import Ceiling, Pattern, ceilings_for
from residency.domain.persons.contact import PassportNumber
from residency.domain.persons.personal_id import PersonalIdNumber
from residency.domain.persons.sealing import NumberSeal, subject_of
from residency.repository import lookup_limits as repository
from residency.repository.lookup_limits import RecordedAsking, Usage


class AskedNumber(NamedTuple):
    """A number that was asked for, its pseudonym in the account, and whether somebody has it."""

    number: PersonalIdNumber
    subject: str
    found: bool


class LookupLimits:
    """Refuses callers who reached a ceiling, and counts what the others do."""

    def __init__(self, database: Database, clock: Clock, seal: NumberSeal) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        metrics.tell_from_the_start(metrics.LOOKUPS_LIMITED, Pattern)
        self._ceilings: list[Ceiling] = []
        # Those of each set of roles, worked out once an exchange.
        self._chosen: dict[frozenset[str], Mapping[Pattern, Ceiling]] = {}
        self._shared: dict[Usage, int] = {}
        self._own: Counter[Usage] = Counter()
        self._sending: Counter[Usage] = Counter()
        # Whom an account asked for in the present window of PERSONS.
        self._asked = AskedPersons()
        # The last access record that was read; None until there was an exchange.
        self._read_to: int | None = None
        # Of each account that has a call which may show many; gone with the last of them.
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def admit(self, asker: Asker, lookups: int = 1) -> None:
        """Count lookups that are about to be made; raises LimitReachedError instead if it is one too many.

        Whom they find is seen afterwards: a call of several passes the other ceilings by at most its own lookups.
        Raises FieldInvalidError for so many identities at once as no waiting would let in, and
        DatabaseUnavailableError as long as the ceilings are not known.
        """
        if not self._ceilings:
            raise DatabaseUnavailableError
        second, account = self._second(), asker.account
        ceilings = self._ceilings_of(asker.roles)
        for pattern, ceiling in ceilings.items():
            coming = lookups if pattern is Pattern.CALLS else 1
            if coming > ceiling.most > 0:
                raise FieldInvalidError("identities", between(1, ceiling.most))
            if self._used((account, pattern, ceiling.window(second))) + coming > ceiling.most:
                metrics.LOOKUPS_LIMITED.labels(pattern).inc()
                raise LimitReachedError(ceiling.left_s(second), pattern=pattern)
        self._count(asker, Pattern.CALLS, second, lookups)

    @asynccontextmanager
    async def listing(self, asker: Asker) -> AsyncGenerator[None]:
        """Let in a call that may show many persons, after the caller's others; raises as `admit` does.

        Whom it shows is noted inside.
        """
        turn = self._turns.setdefault(asker.account, asyncio.Lock())
        async with turn:
            self.admit(asker)
            yield

    def note_number(self, asker: Asker, number: PersonalIdNumber, *, found: bool) -> None:
        """Count whose number was asked for, if nobody has it, and if the one next to it was asked for too."""
        self.note_numbers(asker, [AskedNumber(number, self._seal.pseudonym(number), found)])

    def note_numbers(self, asker: Asker, asked: Iterable[AskedNumber]) -> None:
        """Count the numbers of one call as `note_number` does, one after the other."""
        second, counted = self._second(), Counter[Pattern]()
        window = self._window(asker.account, asker.roles, second)
        for number, subject, found in asked:
            if not found:
                counted[Pattern.MISSES] += 1
            if not self._asked.note(window, [subject]):
                continue
            if self._asked.follows(
                window, [self._seal.pseudonym(one) for one in number.neighbours]
            ):
                counted[Pattern.SEQUENCES] += 1
            counted[Pattern.PERSONS] += 1
        for pattern, times in counted.items():
            self._count(asker, pattern, second, times)

    def note_document(
        self, asker: Asker, document: PersonalIdNumber | PassportNumber, *, found: bool
    ) -> None:
        """Count whose document was asked for like a number; passports have no neighbours."""
        if isinstance(document, PersonalIdNumber):
            self.note_number(asker, document, found=found)
            return
        if not found:
            self._count(asker, Pattern.MISSES, self._second())
        self.note_persons(asker, [subject_of(self._seal.document_index(document))])

    def note_persons(self, asker: Asker, subjects: Collection[str]) -> None:
        """Count whom a lookup was about, by the pseudonyms of the access records."""
        second = self._second()
        new = self._asked.note(self._window(asker.account, asker.roles, second), subjects)
        self._count(asker, Pattern.PERSONS, second, len(new))

    async def exchange(self) -> None:
        """Tell the other replicas what was counted here, and learn what they counted and which ceilings hold."""
        now = self._clock()
        self._sending, self._own = self._own, Counter()
        try:
            async with self._database.transaction() as tx:
                ceilings = await repository.ceilings_in_force(tx, ward_day(now))
                await repository.add_usage(tx, self._sending)
                longest = max((ceiling.window_s for ceiling in ceilings), default=0)
                shared = await repository.usage_since(tx, now - timedelta(seconds=longest))
                asked, read_to = await repository.asked_since(tx, self._read_to)
        except BaseException:
            self._own.update(self._sending)
            raise
        finally:
            self._sending = Counter()
        self._ceilings, self._shared, self._chosen = ceilings, shared, {}
        self._learn(asked)
        self._read_to = read_to
        self._asked.turn(int(now.timestamp()) - longest)

    def _learn(self, asked: Iterable[RecordedAsking]) -> None:
        """Note whom callers asked for at any replica, and count the numbers that were next to one asked for here."""
        for one in asked:
            roles, second = frozenset(one.roles), int(one.recorded_at.timestamp())
            if self._asked.learn(self._window(one.account, roles, second), one.subject):
                self._count(Asker(one.account, roles, ""), Pattern.SEQUENCES, second)

    def _used(self, usage: Usage) -> int:
        return self._shared.get(usage, 0) + self._sending.get(usage, 0) + self._own.get(usage, 0)

    def _window(self, account: str, roles: frozenset[str], second: int) -> Window:
        """Tell in which window different persons are counted."""
        ceiling = self._ceilings_of(roles).get(Pattern.PERSONS)
        return account, ceiling.window(second) if ceiling else second

    def _count(self, asker: Asker, pattern: Pattern, second: int, times: int = 1) -> None:
        """Count what the caller did; what has no ceiling is not counted."""
        ceiling = self._ceilings_of(asker.roles).get(pattern)
        if ceiling and times:
            self._own[asker.account, pattern, ceiling.window(second)] += times

    def _second(self) -> int:
        return int(self._clock().timestamp())

    def _ceilings_of(self, roles: frozenset[str]) -> Mapping[Pattern, Ceiling]:
        chosen = self._chosen.get(roles)
        if chosen is None:
            chosen = self._chosen[roles] = ceilings_for(self._ceilings, roles)
        return chosen
