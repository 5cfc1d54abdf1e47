"""The command that enters a table of devices, as whoever runs the service sees it."""

import asyncio
import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from chassis.broker.messages import subject_of
from chassis.clock import utc_now
from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.app import commands
from fire_safety.domain.devices.device import DeviceKind
from fire_safety.domain.devices.registration import Entry
from fire_safety.operations.devices import ImportOperations
from fire_safety.queries.detection import DetectionQueries
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.stored import devices_since
from ward.fire_safety.v1 import devices_pb2 as pb

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("entered")]

TABLE = """\
Mã thiết bị,Chu kỳ báo (giây),Loại thiết bị,Mã cơ sở,Mã thiết bị truyền tin
T-1,60,khói,CS-0001,GW-1
GW-1,60,thiết bị truyền tin,CS-0001,
"""


async def count(database: Database, name: str) -> int:
    """Count the rows of a table."""
    async with database.transaction() as tx:
        table = tables.metadata.tables[name]
        return int(await tx.scalar(select(func.count()).select_from(table)) or 0)


async def test_a_table_with_faults_is_told_and_not_entered(
    tmp_path: Path,
    make_settings: MakeSettings,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In both languages, with the row as the table program numbers it; the report has every row."""
    file, report = tmp_path / "thiet-bi.csv", tmp_path / "report.csv"
    file.write_text(TABLE + "T-2,mười,khói,CS-0001,\n", encoding="utf-8-sig")
    before = await count(database, "devices")

    with pytest.raises(SystemExit, match="Sửa các dòng bị từ chối"):
        await commands.import_devices(
            make_settings(), file, report, dry_run=False, allowed_only=False
        )

    told = capsys.readouterr().out
    assert "row 4 · 'T-2' · interval_s: cần số giây" in told
    assert "2 mới / new · 0 thay đổi / changed · 0 như cũ / unchanged · 1 bị từ chối" in told
    assert "nothing was entered" in told
    lines = list(csv.reader(io.StringIO(report.read_text(encoding="utf-8-sig"))))
    assert [line[:3] for line in lines[1:]] == [
        ["2", "T-1", "NEW"],
        ["3", "GW-1", "NEW"],
        ["4", "T-2", "REFUSED"],
    ]
    assert await count(database, "devices") == before


async def test_a_table_is_entered_once(
    tmp_path: Path,
    make_settings: MakeSettings,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A gateway may stand behind its devices; the detector learns of them; again nothing changes."""
    file = tmp_path / "devices.csv"
    file.write_text(TABLE, encoding="utf-8")
    since = utc_now()

    for _ in range(2):
        await commands.import_devices(
            make_settings(), file, None, dry_run=False, allowed_only=False
        )

    changed = {
        one.device_id: one for one in await devices_since(DetectionQueries(database), since)
    }
    assert changed["T-1"].gateway_id == "GW-1"
    assert changed["T-1"].premises_id == "p-apartments"
    assert changed["GW-1"].kind is DeviceKind.GATEWAY
    assert await count(database, "device_changes") == 4  # the small register's two, and these
    told = capsys.readouterr().out
    assert "0 mới / new · 0 thay đổi / changed · 2 như cũ / unchanged" in told
    assert "the register stays as it is" in told


async def test_a_wrong_file_is_told_in_a_sentence(
    tmp_path: Path, make_settings: MakeSettings
) -> None:
    """One that is not there, and one that is no table of devices."""
    wrong = tmp_path / "notes.csv"
    wrong.write_text("hello\n", encoding="utf-8")

    for file, said in ((tmp_path / "none.csv", "cannot be read"), (wrong, "hello")):
        with pytest.raises(SystemExit, match=said):
            await commands.import_devices(
                make_settings(), file, None, dry_run=True, allowed_only=False
            )


async def test_a_report_that_cannot_be_written_keeps_the_table_out(
    tmp_path: Path, make_settings: MakeSettings, database: Database
) -> None:
    """It was entered, and all that was told was that the report is not there; or the report took the table's place."""
    file = tmp_path / "devices.csv"
    file.write_text(TABLE, encoding="utf-8")
    before = await count(database, "devices")

    for report, said in (
        (tmp_path / "none" / "report.csv", "cannot be written"),
        (tmp_path / "." / "devices.csv", "báo cáo sẽ ghi đè lên chính bảng này"),
    ):
        with pytest.raises(SystemExit, match=said):
            await commands.import_devices(
                make_settings(), file, report, dry_run=False, allowed_only=False
            )

    assert file.read_text(encoding="utf-8") == TABLE
    assert await count(database, "devices") == before


def test_a_template_takes_no_files_place(tmp_path: Path) -> None:
    """Whoever gives the command again has filled the first in; a name that no template has is refused."""
    file = tmp_path / "devices.xlsx"
    commands.device_template(file)
    file.write_bytes(b"filled in")

    with pytest.raises(SystemExit, match="đã có tệp này, không ghi đè"):
        commands.device_template(file)
    with pytest.raises(SystemExit, match=r"phải kết thúc bằng \.xlsx hoặc \.csv"):
        commands.device_template(tmp_path / "devices.ods")

    assert file.read_bytes() == b"filled in"
    assert not (tmp_path / "devices.ods").exists()


async def test_many_devices_travel_in_few_events(database: Database) -> None:
    """An alarm that is raised meanwhile does not wait behind each of them."""
    entries = [Entry(f"M-{number}", {"interval_s": 60}, number) for number in range(2, 1502)]
    told: list[tuple[int, int]] = []

    _, entered = await ImportOperations(database, utc_now).enter(
        entries,
        dry_run=False,
        allowed_only=False,
        progress=lambda done, of: told.append((done, of)),
    )

    events = select(func.count()).where(tables.outbox.c.subject == subject_of(pb.DevicesChanged))
    async with database.transaction() as tx:
        assert await tx.scalar(events) == 1 + 15
    assert entered
    assert told == [(1000, 1500), (1500, 1500)]


async def test_two_changes_that_are_each_allowed_are_not_allowed_together(
    database: Database,
) -> None:
    """Two gateways that are put behind each other at the same time do not make a ring."""
    importing = ImportOperations(database, utc_now)

    async def enter(*entries: Entry) -> bool:
        _, entered = await importing.enter(
            entries, dry_run=False, allowed_only=False, progress=lambda _done, _of: None
        )
        return entered

    gateway = Entry("A", {"interval_s": 60, "kind": DeviceKind.GATEWAY})
    await enter(gateway, replace(gateway, device_id="B"))

    both = await asyncio.gather(
        enter(Entry("A", {"gateway_id": "B"})), enter(Entry("B", {"gateway_id": "A"}))
    )

    assert sorted(both) == [False, True]


@pytest.mark.parametrize(
    "change", ["update device_changes set note = 'x'", "delete from device_changes"]
)
async def test_nobody_rewrites_the_history(
    database: Database, owner: Database, change: str
) -> None:
    """The service has no right to, and the owner does not do it in passing."""
    for role, told in ((database, "permission denied"), (owner, "never changed")):
        with pytest.raises(DBAPIError, match=told):
            async with role.transaction() as tx:
                await tx.execute(text(change))
