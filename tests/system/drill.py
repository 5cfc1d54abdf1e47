"""A drill of backup and restore: under load a backup, then a loss; what another installation made of it holds."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from chassis.clock import utc_now
from stack.backup import back_up, restore
from stack.child_process import ChildProcess
from stack.installation import Installation
from stack.plan import python_module
from stack.supervisor import Stack
from tests.system.ledger import Count, Ledger, Names, compare, stored_in, table
from tests.system.load import Load
from tests.system.officer import Officer
from tests.system.photos import not_given_back, send_of

# The services that account for looks.
AUDITED = ("residency", "incidents")
_PATIENCE_S = 90
_AUDIT_S = 60


@dataclass(frozen=True)
class Loss:
    """What was acknowledged before the backup began and until the loss, and the seconds between the two.

    Photos are by their id, with the SHA-256 of their content: those of before, and those of after.
    """

    before: Names
    until_loss: Names
    photos: dict[str, str]
    later_photos: dict[str, str]
    backup_s: float
    window_s: float


@dataclass(frozen=True)
class Recovery:
    """What is there of both afterwards, what is wrong with accounts of looks, and the seconds from the loss on.

    `answered_s` is until an officer was answered, `whole_s` until all of before the backup was there.
    """

    kept: list[Count]
    lost: list[Count]
    photos_missing: list[str]
    photos_lost: list[str]
    audits: dict[str, str]
    answered_s: float
    whole_s: float


async def lose(
    stack: Stack,
    load: Load,
    ledger: Ledger,
    folder: Path,
    *,
    before_s: float,
    after_s: float,
    destroy: Callable[[], Awaitable[None]],
) -> Loss:
    """Run the load, back up in the middle of it, go on, and destroy the installation."""
    async with Officer(stack.installation) as officer:
        async with load.running(officer):
            await asyncio.sleep(before_s)
            await load.until_told(officer)
            burning = load.burning
            photos = await send_of(officer, burning)
            before, began = ledger.until_now(), time.monotonic()
            await asyncio.to_thread(back_up, stack.installation, folder, utc_now)
            backup_s = time.monotonic() - began
            await asyncio.sleep(after_s)
            await load.until_told(officer)
            later_photos = await send_of(officer, load.burning[len(burning) :])
        window_s = time.monotonic() - began
    await destroy()
    return Loss(before, ledger.until_now(), photos, later_photos, backup_s, window_s)


async def recover(
    place: Installation, folder: Path, start: Callable[[], Awaitable[None]], loss: Loss
) -> Recovery:
    """Make the installation from the backup and start it; wait until it holds what was acknowledged before."""
    gone = time.monotonic()
    await asyncio.to_thread(restore, place, folder)
    await start()
    async with Officer(place) as officer:
        await officer.get("/v1/incidents", openOnly="true")
    answered_s = time.monotonic() - gone
    await until_whole(place, loss.before)
    async with Officer(place) as officer:
        photos_missing = await not_given_back(officer, loss.photos)
        photos_lost = await not_given_back(officer, loss.later_photos)
    whole_s = time.monotonic() - gone
    audits = await audits_of(place)
    stored = await stored_in(place)
    after = {kind: loss.until_loss[kind] - names for kind, names in loss.before.items()}
    return Recovery(
        list(compare(loss.before, stored)),
        list(compare(after, stored)),
        photos_missing,
        photos_lost,
        audits,
        answered_s,
        whole_s,
    )


def told(loss: Loss, recovery: Recovery) -> str:
    """Write the drill's account, in Vietnamese and English."""
    head = (
        "",
        "trước sao lưu · before the backup",
        "thiếu · missing",
        "trùng · doubled",
        "sau sao lưu · after it",
        "mất · lost",
    )
    rows = [
        (
            f"{kept.kind.vietnamese} · {kept.kind.english}",
            *(str(one) for one in (kept.acknowledged, len(kept.missing), len(kept.doubled))),
            *(str(one) for one in (lost.acknowledged, len(lost.missing))),
        )
        for kept, lost in zip(recovery.kept, recovery.lost, strict=True)
    ]
    photos = (loss.photos, recovery.photos_missing, (), loss.later_photos, recovery.photos_lost)
    rows.append(("ảnh · photos", *(str(len(one)) for one in photos)))
    audits = ", ".join(
        f"{name} {f'✗ {fault}' if fault else '✓'}" for name, fault in recovery.audits.items()
    )
    window, backup = f"{loss.window_s:.1f}", f"{loss.backup_s:.1f}"
    answered, whole = f"{recovery.answered_s:.1f}", f"{recovery.whole_s:.1f}"
    lines = (
        table(head, rows),
        "",
        f"Sao lưu trong lúc chạy mất {backup} giây · the backup took {backup} s, under load",
        f"RPO: {window} giây từ lúc bắt đầu sao lưu đến lúc hỏng · s from the backup's beginning to the loss",
        f"RTO: {answered} giây đến câu trả lời đầu tiên · s to the first answer",
        f"RTO: {whole} giây đến khi đủ · s until all of before the backup is there",
        f"Chuỗi ghi sổ tra cứu · chains of looks: {audits}",
    )
    return "\n".join(lines)


def require_sound(loss: Loss, recovery: Recovery) -> None:
    """Fail unless all that was acknowledged before is there once, and every chain of looks verifies."""
    for one in recovery.kept:
        assert one.acknowledged > 0, (
            f"no {one.kind.english} was acknowledged: the drill tells nothing"
        )
        assert not one.missing, f"{one.kind.english} missing: {one.missing[:5]}"
    assert loss.photos, "no photo was sent: the drill tells nothing"
    assert not recovery.photos_missing
    for one in (*recovery.kept, *recovery.lost):
        assert not one.doubled, f"{one.kind.english} doubled: {one.doubled[:5]}"
    assert recovery.audits == dict.fromkeys(AUDITED, "")


async def until_whole(place: Installation, names: Names) -> None:
    """Wait until nothing is missing; at the end of patience it is left to the count to say what is."""
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if not any(one.missing for one in compare(names, await stored_in(place))):
            return
        await asyncio.sleep(0.2)


async def audits_of(place: Installation) -> dict[str, str]:
    """Have each service's account of looks verified; tell what is wrong with it, nothing if it is sound."""
    return {name: await asyncio.to_thread(_verify, place, name) for name in AUDITED}


def _verify(place: Installation, service: str) -> str:
    """Run the auditor's own command."""
    audit = ChildProcess(
        f"{service}-audit",
        python_module(service, "audit", "verify"),
        place.run_dir / "log" / f"{service}-audit.log",
        place.environment_of(service),
    )
    audit.start()
    audit.wait(_AUDIT_S)
    # None where it has not ended in time, which says as little as a fault does.
    return "" if audit.exit_code == 0 else f"exit code {audit.exit_code}: {audit.last_lines(40)}"
