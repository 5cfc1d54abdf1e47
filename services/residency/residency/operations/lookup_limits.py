"""Limits of lookups: counted in memory where the call is, shared with the other replicas every second.

A call waits for no count: it is let in by what is known here, which is what all replicas counted up to their last
exchange, and this one since. So a caller passes a ceiling by at most what the other replicas let in within a second.
Who is counted twice (a person asked for at two replicas, or again after a restart) makes a limit come sooner, never
later.
"""

from collections import Counter, defaultdict
from collections.abc import Collection
from datetime import timedelta

from chassis import metrics
from chassis.clock import Clock, ward_day
from chassis.database import Database
from chassis.errors import DatabaseUnavailableError, LimitReachedError
from residency.domain.disclosure import Asker
from residency.domain.limits import Ceiling, Pattern, ceilings_for
from residency.domain.personal_id import PersonalIdNumber
from residency.domain.sealing import NumberSeal
from residency.repository import lookup_limits as repository
from residency.repository.lookup_limits import Usage


class LookupLimits:
    """Refuses callers who reached a ceiling, and counts what the others do."""

    def __init__(self, database: Database, clock: Clock, seal: NumberSeal) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._ceilings: list[Ceiling] = []
        self._shared: dict[Usage, int] = {}
        self._own: Counter[Usage] = Counter()
        self._sending: Counter[Usage] = Counter()
        # Whom an account asked for in the present window of PERSONS.
        self._seen: defaultdict[Usage, set[str]] = defaultdict(set)

    def admit(self, asker: Asker) -> None:
        """Count a lookup that is about to be made; raises LimitReachedError instead if it is one too many.

        Raises DatabaseUnavailableError as long as the ceilings are not known.
        """
        if not self._ceilings:
            raise DatabaseUnavailableError
        now = self._clock()
        for ceiling in ceilings_for(self._ceilings, asker.roles):
            if self._used((asker.account, ceiling.pattern, ceiling.window(now))) >= ceiling.most:
                metrics.LOOKUPS_LIMITED.labels(ceiling.pattern).inc()
                raise LimitReachedError(ceiling.left_s(now), pattern=ceiling.pattern)
        self._count(asker, Pattern.CALLS, 1)

    def note_number(self, asker: Asker, number: PersonalIdNumber, *, found: bool) -> None:
        """Count whose number was asked for, if nobody has it, and if the one next to it was asked for too."""
        neighbours = [self._seal.pseudonym(one) for one in number.neighbours]
        usage = self._usage(asker, Pattern.SEQUENCES)
        if usage and not self._seen_by(asker).isdisjoint(neighbours):
            self._own[usage] += 1
        if not found:
            self._count(asker, Pattern.MISSES, 1)
        self.note_persons(asker, [self._seal.pseudonym(number)])

    def note_persons(self, asker: Asker, subjects: Collection[str]) -> None:
        """Count whom a lookup was about, by the pseudonyms of the access records."""
        seen = self._seen_by(asker)
        new = set(subjects) - seen
        self._count(asker, Pattern.PERSONS, len(new))
        seen |= new

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
        except BaseException:
            self._own.update(self._sending)
            raise
        finally:
            self._sending = Counter()
        self._ceilings, self._shared = ceilings, shared
        for usage in [one for one in self._seen if one not in shared and one not in self._own]:
            del self._seen[usage]

    def _used(self, usage: Usage) -> int:
        return self._shared.get(usage, 0) + self._sending[usage] + self._own[usage]

    def _seen_by(self, asker: Asker) -> set[str]:
        usage = self._usage(asker, Pattern.PERSONS)
        return self._seen[usage] if usage else set()

    def _count(self, asker: Asker, pattern: Pattern, times: int) -> None:
        usage = self._usage(asker, pattern)
        if usage and times:
            self._own[usage] += times

    def _usage(self, asker: Asker, pattern: Pattern) -> Usage | None:
        """Name what is counted for the caller now; None where no ceiling is set for the pattern."""
        now = self._clock()
        for ceiling in ceilings_for(self._ceilings, asker.roles):
            if ceiling.pattern is pattern:
                return asker.account, pattern, ceiling.window(now)
        return None
