"""One import from beginning to end, in one transaction."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chassis.account.access_chain import AccessRecord
from chassis.account.access_log import append
from chassis.clock import Clock, ward_day
from chassis.storage.database import Database
from residency.domain.persons.personal_id import RegistrationCodes
from residency.domain.persons.sealing import NumberSeal
from residency.domain.places.address import Gazetteer
from residency.importer import loading
from residency.importer.files import Manifest
from residency.importer.register import COLUMNS, Register, Rules
from residency.operations.duplicates import DuplicateSearch
from residency.repository.households import codes_by_name
from residency.repository.residence import temporary_limit


@dataclass(frozen=True)
class Importer:
    """Loads folders of CSV files; `say` is told each step as it ends, in one line.

    `command` is what the account tells of it, to which the import adds how many rows of what it entered.
    """

    database: Database
    seal: NumberSeal
    codes: RegistrationCodes
    gazetteer: Gazetteer
    ward_code: str
    search: DuplicateSearch
    clock: Clock
    command: AccessRecord
    say: Callable[[str], object]

    async def load(self, directory: Path) -> None:
        """Load a folder and account for it, all of it or nothing; what was loaded before is left as it is.

        Raises ImportRefusedError, which names the file and the line.
        """
        manifest, now = Manifest.read(directory), self.clock()
        async with self.database.transaction() as tx:
            if not await loading.first_time(tx, manifest.digest, now):
                self.say("This ward is loaded already: nothing to do.")
                return
            limit = await temporary_limit(tx, ward_day(now))
            relationships = await codes_by_name(tx)
            register = Register(
                Rules(self.ward_code, self.codes, limit, relationships, ward_day(now))
            )
            for table, columns in COLUMNS.items():
                with self._step(f"{table} checked") as done:
                    for line in manifest.lines(table, columns):
                        register.add(table, line)
                    done(manifest.rows[table])
            with self._step("persons and registrations stored") as done:
                await loading.copy(tx, register, self.seal, self.gazetteer, now)
                done(len(register.persons) + len(register.registrations))
            with self._step("dwellings counted") as done:
                done(await loading.announce(tx, register, now))
            entered = [f"{table}:{manifest.rows[table]}" for table in COLUMNS]
            await append(tx, self.command._replace(fields=entered))
        with self._step("possible duplicates noted") as done:
            done(await self.search.search_imported())
        self.say(f"Loaded {len(register.persons)} persons in {len(register.dwellings)} dwellings.")

    @contextmanager
    def _step(self, what: str) -> Iterator[Callable[[int], None]]:
        started = time.perf_counter()

        def done(rows: int) -> None:
            self.say(f"{what}: {rows} rows, {time.perf_counter() - started:.1f} s")

        yield done
