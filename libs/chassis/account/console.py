"""Commands that tell or enter personal data: who gives them, and the record by which they are accounted for.

Whoever is at a console has no token. A record names the account that `--operator` says and, as who acts for it, the
account of the machine; without the option, the machine's account alone. What is said at a console can be mistaken for
no token's account: it begins with `console:`.
"""

import argparse
import os
import pwd
import re
from datetime import datetime

from chassis.account.access_chain import AccessRecord
from chassis.account.access_log import append
from chassis.account.record_ids import record_id
from chassis.privacy import may_hold_id_number
from chassis.storage.database import Database

_OPERATOR = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Longer than any number of a case or decision.
_LONGEST_REFERENCE = 64


def add_operator(command: argparse.ArgumentParser) -> None:
    """Let a command be told who gives it."""
    command.add_argument(
        "--operator",
        type=_operator,
        metavar="ACCOUNT",
        help="tài khoản của người ra lệnh; được ghi lại cùng tài khoản của máy này"
        " · the account of who gives the command; it is recorded, beside that of this machine",
    )


def add_reference(command: argparse.ArgumentParser, what: str) -> None:
    """Have a command be told the case, review or decision for which it is given; `what` says which."""
    command.add_argument("--reference", required=True, type=_reference, help=what)


def record_of(
    command: str,
    operator: str | None,
    *,
    purpose: str,
    legal_basis: str,
    subject: str,
    ward_code: str,
    now: datetime,
    reference: str = "",
) -> AccessRecord:
    """Write down that a command was given."""
    machine = f"console:{_machine_account()}"
    return AccessRecord(
        record_id=record_id(now),
        recorded_at=now,
        account=f"console:{operator}" if operator else machine,
        actor=machine if operator else "",
        roles=(),
        method=command,
        purpose=purpose,
        legal_basis=legal_basis,
        reference=reference,
        subject=subject,
        fields=(),
        outcome="OK",
        request_id="",
        ward_code=ward_code,
    )


async def account_for(database: Database, *records: AccessRecord) -> None:
    """Make records durable: only then may the command tell anything."""
    async with database.transaction() as tx:
        await append(tx, *records)


def _operator(text: str) -> str:
    if not _OPERATOR.fullmatch(text) or may_hold_id_number(text):
        raise argparse.ArgumentTypeError("letters, digits, '.', '_' and '-'; no personal number")
    return text


def _reference(text: str) -> str:
    # It is kept in the clear, in records that nobody can change.
    fits = 0 < len(text.strip()) <= len(text) <= _LONGEST_REFERENCE and text.isprintable()
    if not fits or may_hold_id_number(text):
        raise argparse.ArgumentTypeError(
            f"1 đến {_LONGEST_REFERENCE} ký tự trên một dòng, không có số định danh"
            f" · 1 to {_LONGEST_REFERENCE} characters on a line, no personal number"
        )
    return text


def _machine_account() -> str:
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid-{uid}"
