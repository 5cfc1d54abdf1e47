"""The commands of the account: `audit verify | export | expire`, the same for every service that has one.

Exit codes: 0 all is well; 1 the chain is broken; 2 it could not be looked at.
"""

import argparse
import csv
import json
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from nats.js import JetStreamContext

from chassis.account import access_account, console, witness
from chassis.account.access_chain import AccessRecord, ChainBrokenError, Fault, Linked, Witnesses
from chassis.broker import jetstream
from chassis.clock import Clock, utc_now
from chassis.command_line import say_both, show_progress, whole_number
from chassis.errors import BrokerUnavailableError, DatabaseUnavailableError
from chassis.settings import OWNER_NEEDED, ServiceSettings
from chassis.storage.database import Database, Lease
from chassis.telemetry.log import logger

SOUND, BROKEN, NOT_LOOKED_AT = 0, 1, 2
SUPERVISION = "SUPERVISION"
LEGAL_BASIS = "Law 91/2025/QH15 Art. 3"
_LEASE = "account audit"
# One connection holds the lease, the other does the work.
_CONNECTIONS = 2
_OWNER_ONLY = 0o600
_POSITION = whole_number(1, 2**63 - 1)
_COLUMNS = (
    "position",
    "recorded_at",
    "account",
    "actor",
    "roles",
    "method",
    "purpose",
    "legal_basis",
    "reference",
    "subject",
    "fields",
    "outcome",
    "request_id",
    "ward_code",
    "record_id",
    "previous_hash",
    "hash",
)
# What begins a formula where the file is opened in a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FAULTS = {
    Fault.CHANGED: ("bản ghi đã bị sửa", "the record was changed"),
    Fault.MISSING: ("bản ghi bị mất", "the record is missing"),
    Fault.REORDERED: ("bản ghi không ở đúng chỗ", "the record stood in another place"),
    Fault.REPLACED: (
        "bản ghi đã bị thay bằng bản ghi khác",
        "the record was replaced by another one",
    ),
    Fault.BEHIND_WITNESS: (
        "chuỗi ngắn hơn mốc đã làm chứng: phần cuối bị cắt",
        "the chain is behind its witness: its end was cut off",
    ),
    Fault.EXPIRED_UNWITNESSED: (
        "các bản ghi đến vị trí này bị xóa mà không có mốc làm chứng",
        "the records up to there were removed and no witness knows of it",
    ),
}


class FileUnwritableError(Exception):
    """The file for an export cannot be written; the text says why."""


class AuditRunsError(Exception):
    """Another audit of the same account is at work."""


def add_commands(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> "argparse._SubParsersAction[argparse.ArgumentParser]":
    """Add `audit` and what follows it to a service's commands; give what a service's own actions are added to."""
    actions = commands.add_parser(
        "audit", help="nhật ký mọi lần tra cứu · the account of every look"
    ).add_subparsers(dest="action", required=True)
    verify = actions.add_parser(
        "verify",
        help="kiểm tra chuỗi và chỉ ra chỗ đứt đầu tiên · walk the chain and name the first break",
    )
    verify.add_argument(
        "--from",
        dest="begin",
        type=_POSITION,
        metavar="POSITION",
        help="bắt đầu từ vị trí này, không từ đầu · begin here, not at the start",
    )
    verify.add_argument(
        "--without-stream",
        action="store_true",
        help="không hỏi NATS các mốc làm chứng · do not ask the broker for its witnesses",
    )
    export = actions.add_parser(
        "export",
        help="ghi các bản ghi cho cán bộ bảo vệ dữ liệu · write the records for the data protection officer",
    )
    export.add_argument(
        "file",
        type=Path,
        help="tên tệp kết thúc bằng .csv hoặc .jsonl · a name that ends in .csv or .jsonl",
    )
    console.add_reference(
        export, "số của cuộc rà soát; được ghi lại · number of the review; it is recorded"
    )
    export.add_argument("--from", dest="begin", type=_POSITION, default=1, metavar="POSITION")
    expire = actions.add_parser(
        "expire",
        help="xóa các bản ghi đã hết hạn lưu, bằng quyền chủ sở hữu"
        " · remove records whose time is over, as their owner",
    )
    expire.add_argument(
        "--dry-run",
        action="store_true",
        help="chỉ xem những gì sẽ xóa · only tell what would be removed",
    )
    console.add_operator(export)
    console.add_operator(expire)
    return actions


async def run(
    arguments: argparse.Namespace, service: str, settings: ServiceSettings, clock: Clock = utc_now
) -> int:
    """Run one of the commands; tell the exit code."""
    try:
        match arguments.action:
            case "verify":
                return await _verify(arguments, service, settings, clock())
            case "export":
                return await _export(arguments, settings, clock())
            case _:
                return await _expire(arguments, service, settings, clock())
    except AuditRunsError:
        return _failed(
            "Một lượt kiểm tra nhật ký khác đang chạy", "Another audit of this account is at work"
        )
    except DatabaseUnavailableError as error:
        return _failed(error.vi, error.en)
    except BrokerUnavailableError:
        return _failed(
            "Không đọc được mốc làm chứng (hoặc dùng --without-stream)",
            "The witnesses cannot be read (or use --without-stream)",
        )
    except FileUnwritableError as error:
        return _failed(f"Không ghi được tệp ({error})", f"The file cannot be written ({error})")
    except witness.FileUnreadableError as error:
        return _failed(
            f"Không đọc được tệp làm chứng: {error}",
            f"The file of witnesses cannot be read: {error}",
        )
    except Exception:  # noqa: BLE001 - Python's own exit code for it is that of a broken chain
        logger().exception("audit_failed", action=arguments.action)
        return _failed("Lỗi ngoài dự kiến, xem nhật ký", "An unexpected error, see the log")


async def _verify(
    arguments: argparse.Namespace, service: str, settings: ServiceSettings, now: datetime
) -> int:
    stream, owner = not arguments.without_stream, settings.migration_database_url
    url = (owner or settings.database_url).get_secret_value()
    async with Database.connect(url, pool_size=_CONNECTIONS) as database, _alone(database):
        witnesses = await _witnesses(service, settings, stream=stream)
        whole = arguments.begin is None and stream and owner is not None
        return await _walk(database, witnesses, arguments.begin, now, whole=whole)


@asynccontextmanager
async def _alone(database: Database) -> AsyncGenerator[Lease]:
    """Keep other audits of the account away; raises AuditRunsError.

    Whoever knows the witnesses of before, and walks along a chain that another has shortened since, finds a break
    where there is none.
    """
    async with database.lease(_LEASE) as lease:
        if lease is None:
            raise AuditRunsError
        yield lease


async def _walk(
    database: Database, witnesses: Witnesses, begin: int | None, now: datetime, *, whole: bool
) -> int:
    """Walk the chain and tell how it is.

    Only a walk along all of it, with its witnesses and by the owner, counts as verifying (`whole`).
    """
    try:
        head = await access_account.verify(database, witnesses, begin, _show_position)
    except ChainBrokenError as broken:
        await access_account.mark_broken(database, broken.position, now)
        vietnamese, english = _FAULTS[broken.fault]
        say_both(
            f"Chuỗi đứt ở vị trí {broken.position}: {vietnamese}",
            f"The chain breaks at position {broken.position}: {english}",
        )
        return BROKEN
    except access_account.PositionUnknownError:
        return _failed("Không có bản ghi ở vị trí ấy", "There is no record at that position")
    if whole:
        await access_account.mark_verified(database, head, now)
    say_both(
        f"Chuỗi nguyên vẹn đến vị trí {head.position}; {len(witnesses.heads)} mốc làm chứng khớp",
        f"The chain holds up to position {head.position}; {len(witnesses.heads)} witnesses agree",
    )
    return SOUND


async def _witnesses(service: str, settings: ServiceSettings, *, stream: bool) -> Witnesses:
    file = settings.access_witness_file
    found = witness.read_file(file) if file else Witnesses()
    if stream:
        async with _broker(settings) as jetstream_:
            subject = witness.subject_of(settings.ward_code, service)
            found = found.and_of(await witness.read_stream(jetstream_, subject))
    return found


@asynccontextmanager
async def _broker(settings: ServiceSettings) -> AsyncGenerator[JetStreamContext]:
    broker = await jetstream.connect_once(
        settings.nats_url.get_secret_value(), "audit", settings.nats_authority_file
    )
    try:
        yield broker.jetstream()
    finally:
        await broker.close()


async def _export(arguments: argparse.Namespace, settings: ServiceSettings, now: datetime) -> int:
    writers: dict[str, Callable[[TextIO], Callable[[Linked], object]]] = {
        ".csv": _csv,
        ".jsonl": _jsonl,
    }
    if (make := writers.get(arguments.file.suffix)) is None:
        return _failed("Tên tệp phải kết thúc bằng .csv hoặc .jsonl", "Name a .csv or .jsonl file")
    url, written = settings.database_url.get_secret_value(), 0
    async with Database.connect(url, pool_size=1) as database:
        own = _own_record("audit export", arguments.operator, arguments.reference, settings, now)
        await console.account_for(database, own)
        with _opened(arguments.file) as opened:
            write = make(opened)
            async for one in access_account.read(database, arguments.begin):
                write(one)
                written += 1
    say_both(f"Đã xuất {written} bản ghi", f"{written} records exported")
    return SOUND


def _opened(file: Path) -> TextIO:
    """Open a file to write that only its owner reads; raises FileUnwritableError."""
    try:
        return open(file, "w", encoding="utf-8", newline="", opener=_private)
    except OSError as error:
        raise FileUnwritableError(error.strerror) from error


def _private(file: str, flags: int) -> int:
    descriptor = os.open(file, flags, _OWNER_ONLY)
    # Whoever could read what stood in its place.
    os.fchmod(descriptor, _OWNER_ONLY)
    return descriptor


async def _expire(
    arguments: argparse.Namespace, service: str, settings: ServiceSettings, now: datetime
) -> int:
    if settings.migration_database_url is None:
        return _failed(*OWNER_NEEDED)
    url = settings.migration_database_url.get_secret_value()
    try:
        async with Database.connect(url, pool_size=_CONNECTIONS) as owner:
            if arguments.dry_run:
                _tell_expiry(await access_account.expired(owner, now))
                return SOUND
            async with _alone(owner) as lease:
                what = await access_account.expired(owner, now)
                # Evidence of a break must not be removed with it.
                witnesses = await _witnesses(service, settings, stream=True)
                if (code := await _walk(owner, witnesses, None, now, whole=True)) != SOUND:
                    return code
                await lease.touch()
                await _remove(owner, what, arguments.operator, service, settings, now)
    except access_account.LimitMissingError:
        return _failed(
            "Không có thời hạn lưu trong legal_limits", "No retention is stated in legal_limits"
        )
    _tell_expiry(what)
    return SOUND


async def _remove(
    owner: Database,
    what: access_account.Expiry | None,
    operator: str | None,
    service: str,
    settings: ServiceSettings,
    now: datetime,
) -> None:
    """Remove what has expired, once that is witnessed; or the rest of what was begun to be removed."""
    if what is None:
        await access_account.remove_expired(owner)
        return
    subject, file = witness.subject_of(settings.ward_code, service), settings.access_witness_file
    async with _broker(settings) as jetstream_:
        await witness.tell(jetstream_, subject, file, what.until, now, expired=True)
    reference = f"{what.until.position - what.records + 1}-{what.until.position}"
    own = _own_record("audit expire", operator, reference, settings, now)
    await access_account.expire(owner, what, own)


def _tell_expiry(what: access_account.Expiry | None) -> None:
    if what is None:
        say_both("Chưa có bản ghi nào hết hạn lưu", "No record's time is over")
        return
    say_both(
        f"Hết hạn lưu: {what.records} bản ghi, đến vị trí {what.until.position}",
        f"Time is over for {what.records} records, up to position {what.until.position}",
    )


def _own_record(
    command: str, operator: str | None, reference: str, settings: ServiceSettings, now: datetime
) -> AccessRecord:
    return console.record_of(
        command,
        operator,
        purpose=SUPERVISION,
        legal_basis=LEGAL_BASIS,
        subject="access_records",
        ward_code=settings.ward_code,
        now=now,
        reference=reference,
    )


def _csv(opened: TextIO) -> Callable[[Linked], object]:
    writer = csv.writer(opened)
    writer.writerow(_COLUMNS)

    def write(one: Linked) -> None:
        told = _told(one)
        told |= {"roles": " ".join(told["roles"]), "fields": " ".join(told["fields"])}
        writer.writerow([_no_formula(told[column]) for column in _COLUMNS])

    return write


def _no_formula(value: object) -> object:
    """Keep a spreadsheet from taking for a formula what a caller chose, as an account or a reference."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _jsonl(opened: TextIO) -> Callable[[Linked], object]:
    return lambda one: opened.write(json.dumps(_told(one), ensure_ascii=False) + "\n")


def _told(one: Linked) -> dict[str, Any]:
    told = {
        **one.record._asdict(),
        "position": one.position,
        "recorded_at": one.record.recorded_at.isoformat(),
        "record_id": str(one.record.record_id),
        "previous_hash": one.previous_hash.hex(),
        "hash": one.hash.hex(),
    }
    return {column: told[column] for column in _COLUMNS}


def _show_position(position: int) -> None:
    show_progress(f"{position:>12,}", ended=False)


def _failed(vietnamese: str, english: str) -> int:
    say_both(vietnamese, english, of_failure=True)
    return NOT_LOOKED_AT
