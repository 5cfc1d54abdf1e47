"""Loading a register from files: all of it or nothing, again without effect, errors with file and line."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict
from sqlalchemy import func, select

from chassis.broker.messages import subject_of
from chassis.clock import utc_now
from chassis.storage.database import Database
from fire_safety import tables
from fire_safety.app import commands
from fire_safety.importer.register import FILES, ImportRefusedError, read_register
from fire_safety.operations.register import RegisterOperations
from fire_safety.queries.premises import PremisesQueries
from fire_safety.wire import devices as devices_wire
from fire_safety.wire import premises as wire
from tests.fire_safety.conftest import MakeSettings
from tests.fire_safety.samples import APARTMENTS, MARKET, PLACED, UNPLACED, register
from ward.fire_safety.v1 import fire_safety_pb2 as pb

GROUPS = "group_id,residential_group,name\ng-1,3,Tổ liên gia 01\n"
MEMBERS = "group_id,dwelling_id\ng-1,d-1\ng-1,d-2\n"
FIRE_POINTS = (
    "fire_point_id,residential_group,address,latitude,longitude,equipment,custodian_function,"
    "access_width_m,last_inspected_on\n"
    "fp-1,3,cạnh ngõ 12,20.86,106.68,4 bình bột,tổ trưởng tổ dân phố 3,1.8,2026-09-01\n"
)


def lines(*messages: pb.Premises | pb.Device) -> str:
    """Write messages as the simulator does."""
    return "".join(json.dumps(MessageToDict(one), ensure_ascii=False) + "\n" for one in messages)


def contents() -> dict[str, str]:
    """Give the files of the small register."""
    return {
        "premises.jsonl": lines(wire.premises_in_full(APARTMENTS), wire.premises_in_full(MARKET)),
        "devices.jsonl": lines(devices_wire.device(PLACED), devices_wire.device(UNPLACED)),
        "fire_points.csv": FIRE_POINTS,
        "mutual_aid_groups.csv": GROUPS,
        "mutual_aid_members.csv": MEMBERS,
    }


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files under their manifest."""
    counts = {}
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
        counts[Path(name).stem] = len(content.splitlines()) - name.endswith(".csv")
    digests = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in files}
    manifest = {"version": 1, "counts": counts, "sha256": digests}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_the_files_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Every field of the register."""
    assert read_register(write(tmp_path, contents())) == register()


def test_a_coordinate_has_as_many_decimals_as_it_was_surveyed_with(tmp_path: Path) -> None:
    """Twelve of them are no person's number."""
    files = contents()
    files["fire_points.csv"] = FIRE_POINTS.replace("20.86", "20.861234567891")

    (point,) = read_register(write(tmp_path, files)).supply_points

    assert point.position.latitude == 20.861234567891


Change = Callable[[dict[str, str]], None]


def replaced(name: str, old: str, new: str) -> Change:
    """Change one file."""

    def change(files: dict[str, str]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            replaced("premises.jsonl", '"code": "CS-0002"', '"code": ""'),
            "premises.jsonl, dòng / line 2, code: giá trị không trống / not empty",
        ),
        (
            replaced("premises.jsonl", '"code"', '"cod"'),
            "premises.jsonl, dòng / line 1: không đọc được / cannot be read",
        ),
        (replaced("premises.jsonl", "20.86", "920.86"), "premises.jsonl, dòng / line 1, position"),
        (
            replaced("premises.jsonl", "2026-05-04", "04/05/2026"),
            "premises.jsonl, dòng / line 2, suspension",
        ),
        (
            replaced("premises.jsonl", "07:30", "7.30"),
            "workplace: giờ như 07:30 / hours like 07:30",
        ),
        (
            replaced("premises.jsonl", "2027-05-04", "soon"),
            "inspection_due_on: một ngày, viết như 2026-11-27 / a day like 2026-11-27",
        ),
        (
            replaced("devices.jsonl", '"intervalS": 10', '"intervalS": 0'),
            "line 1, interval_s: từ 1",
        ),
        (
            replaced("devices.jsonl", "CS0001-D02", "CS 2"),
            "devices.jsonl, dòng / line 2, device_id",
        ),
        (
            replaced("devices.jsonl", "{", "["),
            "devices.jsonl, dòng / line 1: không đọc được / cannot be read",
        ),
        (
            replaced("fire_points.csv", "1.8", "wide"),
            "fire_points.csv, dòng / line 2: không đọc được / cannot be read",
        ),
        (replaced("fire_points.csv", "2026-09-01", "soon"), "fire_points.csv, dòng / line 2"),
        (replaced("fire_points.csv", "1.8", "nan"), "line 2, access_width_m: một số, không quá"),
        (replaced("fire_points.csv", "20.86", "nan"), "line 2, position: tọa độ WGS 84"),
        (replaced("fire_points.csv", ",3,", ",2147483648,"), "line 2, residential_group: một số"),
        (
            replaced("fire_points.csv", "cạnh ngõ 12", "cạnh nhà 999099000001"),
            "line 2, address: một dòng không quá 1000 ký tự, không có số định danh",
        ),
        (
            replaced("fire_points.csv", "4 bình bột", "4 bình\0bột"),
            "line 2, equipment: một dòng",
        ),
        (
            replaced("fire_points.csv", ",2026-09-01", ""),
            "fire_points.csv, dòng / line 2: không đọc được / cannot be read",
        ),
        (
            replaced("fire_points.csv", ",2026-09-01", ",2026-09-01,more"),
            "fire_points.csv, dòng / line 2: không đọc được / cannot be read",
        ),
        (
            replaced("mutual_aid_groups.csv", "Tổ liên gia 01", "999 099 000 001"),
            "mutual_aid_groups.csv, dòng / line 2, name: một dòng",
        ),
        (
            replaced("premises.jsonl", "Chợ", "999.099.000.001"),
            "premises.jsonl, dòng / line 2, name: một dòng",
        ),
        (
            replaced("premises.jsonl", '"widthM": 3.5', '"widthM": "NaN"'),
            "premises.jsonl, dòng / line 1, access.width_m: một số",
        ),
        (
            replaced("mutual_aid_groups.csv", "group_id", "id"),
            "thiếu cột / column missing: 'group_id'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, change: Change, told: str) -> None:
    """File, line and field, in Vietnamese and English; never the content."""
    files = contents()
    change(files)
    write(tmp_path, files)

    with pytest.raises(ImportRefusedError) as refused:
        read_register(tmp_path)

    assert told in str(refused.value)
    assert "Nguyễn" not in str(refused.value)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_or_another_is_refused(tmp_path: Path, name: str) -> None:
    """The manifest says which files it means."""
    write(tmp_path, contents())
    (tmp_path / name).write_text("something else", encoding="utf-8")
    with pytest.raises(ImportRefusedError, match="sha256"):
        read_register(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(ImportRefusedError, match=f"{name}: không đọc được / cannot be read"):
        read_register(tmp_path)


@pytest.mark.parametrize(
    "manifest", ["", "[]", "{}", '{"version": 2, "counts": {}, "sha256": {}}']
)
def test_a_folder_without_a_manifest_is_none(tmp_path: Path, manifest: str) -> None:
    """Nothing is guessed."""
    write(tmp_path, contents())
    (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")

    with pytest.raises(ImportRefusedError, match="manifest"):
        read_register(tmp_path)


def test_a_count_that_differs_is_refused(tmp_path: Path) -> None:
    """Something was lost on the way."""
    write(tmp_path, contents())
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    manifest["counts"]["devices"] = 3
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    with pytest.raises(ImportRefusedError, match="2 entries, but"):
        read_register(tmp_path)


# ---------------------------------------------------------------- into the database


async def count(database: Database, name: str) -> int:
    """Count the rows of a table."""
    async with database.transaction() as tx:
        return int(
            await tx.scalar(select(func.count()).select_from(tables.metadata.tables[name])) or 0
        )


async def versions_told(database: Database) -> list[tuple[str, int]]:
    """Read the events of premises: ids and versions."""
    async with database.transaction() as tx:
        told = tables.outbox.c.subject == subject_of(pb.PremisesChanged)
        rows = await tx.execute(
            select(tables.outbox).where(told).order_by(tables.outbox.c.position)
        )
    events = [pb.PremisesChanged.FromString(row.payload).premises for row in rows]
    return [(one.premises_id, one.version) for one in events]


@pytest.mark.postgres
async def test_the_command_enters_everything_and_again_changes_nothing(
    tmp_path: Path,
    make_settings: MakeSettings,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One event for each premises, the first time only."""
    write(tmp_path, contents())
    for _ in range(2):
        await commands.import_ward(make_settings(), tmp_path)

    assert await versions_told(database) == [("p-apartments", 1), ("p-market", 1)]
    names = ("premises", "zones", "devices", "supply_points", "mutual_aid_members")
    assert [await count(database, name) for name in names] == [2, 2, 2, 1, 2]
    first, second = capsys.readouterr().out.splitlines()
    assert "2 mới hoặc thay đổi" in first
    assert "0 mới hoặc thay đổi" in second


@pytest.mark.postgres
async def test_the_command_says_what_is_wrong_and_enters_nothing(
    tmp_path: Path, make_settings: MakeSettings, database: Database
) -> None:
    """One sentence, in Vietnamese and English."""
    files = contents()
    replaced("devices.jsonl", '"intervalS": 10', '"intervalS": 0')(files)
    write(tmp_path, files)

    with pytest.raises(SystemExit, match="Không nạp được dữ liệu"):
        await commands.import_ward(make_settings(), tmp_path)

    assert await count(database, "premises") == 0


@pytest.mark.postgres
async def test_a_change_makes_a_new_version_and_old_zones_go(database: Database) -> None:
    """Only the changed premises are told; devices move before their old zone goes."""
    operations = RegisterOperations(database, utc_now, "11002")
    await operations.enter(register())
    kitchen, hall = APARTMENTS.zones
    moved = replace(APARTMENTS, name="Tên mới", zones=(hall,))
    changed = await operations.enter(
        replace(
            register(),
            premises=[moved, MARKET],
            devices=[replace(PLACED, zone_id=hall.zone_id), UNPLACED],
        )
    )

    found = await PremisesQueries(database).get_premises(APARTMENTS.premises_id)
    assert changed == 1
    assert found == replace(moved, version=2)
    assert kitchen not in found.zones
    assert (await versions_told(database))[2:] == [("p-apartments", 2)]


@pytest.mark.postgres
async def test_entering_a_device_again_keeps_what_is_known_of_its_life(
    database: Database, owner: Database
) -> None:
    """Unchanged it is not even touched."""
    operations = RegisterOperations(database, utc_now, "11002")
    await operations.enter(register())
    seen = utc_now()
    devices = tables.devices
    async with owner.transaction() as tx:
        await tx.execute(devices.update().values(last_seen_at=seen, clean_air=0.5))
        before = (await tx.execute(select(devices).order_by(devices.c.device_id))).all()
    await operations.enter(register())
    await operations.enter(replace(register(), devices=[replace(PLACED, interval_s=20)]))
    async with owner.transaction() as tx:
        after = (await tx.execute(select(devices).order_by(devices.c.device_id))).all()

    assert after[1] == before[1]
    assert (after[0].interval_s, after[0].last_seen_at, after[0].clean_air) == (20, seen, 0.5)
    assert after[0].changed_at > before[0].changed_at
