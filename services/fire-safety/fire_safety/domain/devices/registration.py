"""Entering devices on the register: what an entry changes, and the rules that the register keeps."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from chassis import sheets
from fire_safety.domain.devices.device import CANARY, DEVICE_ID, LIVED, Device, DeviceKind
from fire_safety.domain.devices.wording import Wording

MAX_INTERVAL_S = 7 * 86400
MAX_TEXT = 200
# A transmitter behind a radio gateway behind a router are three.
MAX_GATEWAYS = 8
# The broker gives a connection of a device 1,000 subscriptions: a gateway has one for the commands to each of these,
# its own, and those that it needs beside.
MAX_REPORTING = 900
FLOORS = range(-9, 201)
_TEXTS = {"model", "firmware"}


class Fault(Wording):
    """Why a value is refused."""

    DEVICE_ID = (
        "cần 1 đến 64 ký tự A-Z a-z 0-9 _ -, không phải CANARY",
        "1 to 64 characters A-Z a-z 0-9 _ -, and not CANARY",
    )
    TWICE = ("trùng với một dòng trước trong tệp", "a line before it in the file has the same")
    SHIFTED = sheets.SHIFTED
    TEXT = (
        "dài quá 200 ký tự, có ký tự lạ, hoặc là lỗi của công thức (như #N/A)",
        "longer than 200 characters, not printable, or the error of a formula (such as #N/A)",
    )
    KIND = ("không phải loại thiết bị được biết", "not a known kind of device")
    PROTOCOL = ("cần NATS hoặc MQTT", "NATS or MQTT is needed")
    FORMAT = ("không phải định dạng dữ liệu được biết", "not a known payload format")
    YES_OR_NO = ("cần «có» hoặc «không»", "'yes' or 'no' is needed")
    INTERVAL = ("cần số giây từ 1 đến 604800 (7 ngày)", "1 to 604800 seconds (7 days) are needed")
    FLOOR = ("cần số tầng từ -9 đến 200", "a floor from -9 to 200 is needed")
    DATE = ("cần ngày dạng 2026-11-27 hoặc 27/11/2026", "a day like 2026-11-27 or 27/11/2026")
    FUTURE = ("ngày này chưa đến", "this day is still to come")
    BEFORE_INSTALLED = ("trước ngày lắp đặt", "before the day of installation")
    PROFILE = ("không có hồ sơ phát hiện này", "there is no such detection profile")
    PREMISES = ("không có cơ sở này", "there are no such premises")
    ZONE_UNPLACED = ("có vùng nhưng chưa có cơ sở", "has a zone, but no premises")
    ZONE_ELSEWHERE = (
        "vùng này không thuộc cơ sở đó",
        "this zone does not belong to those premises",
    )
    GROUP = ("không có tổ liên gia này", "there is no such mutual-aid group")
    GATEWAY_UNKNOWN = ("không có thiết bị truyền tin này", "there is no such gateway")
    NOT_A_GATEWAY = ("thiết bị đó không phải loại GATEWAY", "that device is not of kind GATEWAY")
    GATEWAY_RETIRED = ("thiết bị truyền tin đó đã ngừng dùng", "that gateway is retired")
    GATEWAY_LOOP = ("thiết bị truyền tin qua chính nó", "the device would report through itself")
    GATEWAY_FAR = (
        "qua quá 8 thiết bị truyền tin nối tiếp nhau",
        "the device would report through more than 8 gateways, one behind another",
    )
    GATEWAY_FULL = (
        "quá 900 thiết bị sẽ truyền tin qua thiết bị đó",
        "more than 900 devices would report through that gateway",
    )
    GATEWAY_IN_USE = (
        "còn thiết bị khác truyền tin qua nó",
        "other devices still report through it",
    )
    RETIRED = (
        "thiết bị này đã ngừng dùng; chỉ đưa lại vào sổ từng thiết bị một",
        "this device is retired; a file does not bring it back",
    )


class Refusal(NamedTuple):
    """A field whose value is refused, and why."""

    field: str
    fault: Fault


@dataclass(frozen=True)
class Entry:
    """What is entered for one device: values by field of `Device`; what is not named stays as it is.

    `number` is its row in a table, 0 where there is none; `refusals` were found when it was read. Only by hand is a
    test taken back: a file may have been written before it.
    """

    device_id: str
    values: Mapping[str, Any]
    number: int = 0
    by_hand: bool = False
    refusals: tuple[Refusal, ...] = ()


def whole(device: Device) -> Entry:
    """Enter the whole of a device as a file has it, which does not bring a retired one back."""
    left_out = {"device_id", *LIVED} if device.retired else {"device_id", "retired", *LIVED}
    values = {name: value for name, value in vars(device).items() if name not in left_out}
    return Entry(device.device_id, values)


@dataclass(frozen=True)
class Surroundings:
    """What entries are judged against: premises by id and by code, the premises of each zone, and so on.

    `devices` has those entered, every gateway, and whoever reports through those entered; `reporting` is how many
    devices in service report through each gateway that those entered have or name.
    """

    devices: Mapping[str, Device] = field(default_factory=dict)
    reporting: Mapping[str, int] = field(default_factory=dict)
    premises: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)
    groups: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()


class Outcome(StrEnum):
    """What became of an entry."""

    NEW = "NEW"
    CHANGED = "CHANGED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Verdict:
    """What an entry comes to: the device before and after it, or why it is refused."""

    entry: Entry
    before: Device | None
    after: Device
    refusals: tuple[Refusal, ...]

    @property
    def outcome(self) -> Outcome:
        """Tell what becomes of it."""
        if self.refusals:
            return Outcome.REFUSED
        if self.before is None:
            return Outcome.NEW
        return Outcome.UNCHANGED if self.after == self.before else Outcome.CHANGED

    @property
    def changes(self) -> bool:
        """Tell whether there is something to save."""
        return self.outcome in {Outcome.NEW, Outcome.CHANGED}


def judge(entries: Sequence[Entry], known: Surroundings, today: date) -> list[Verdict]:
    """Judge entries as if all that are allowed were entered at once: a gateway may come behind its devices.

    Whoever leans on a refused entry is refused with it, so this goes on until nobody more is: some rounds, since ways
    through gateways are short. A row without an id is nobody's gateway, least of all of those that name none.
    """
    verdicts = _drafts(entries, known)
    while True:
        allowed = (one.after for one in verdicts if not one.refusals)
        accepted = {one.device_id: one for one in allowed if one.device_id}
        view = _View({**known.devices, **accepted}, known, today)
        judged = [_judged(one, view) for one in verdicts]
        if judged == verdicts:
            return judged
        verdicts = judged


def _drafts(entries: Sequence[Entry], known: Surroundings) -> list[Verdict]:
    seen: set[str] = set()
    drafts = []
    for entry in entries:
        refusals = entry.refusals
        if entry.device_id in seen:
            refusals = (*refusals, Refusal("device_id", Fault.TWICE))
        seen.add(entry.device_id)
        before = known.devices.get(entry.device_id)
        if entry.number and before and before.retired:
            refusals = (*refusals, Refusal("device_id", Fault.RETIRED))
        drafts.append(Verdict(entry, before, _after(entry, before, known), refusals))
    return drafts


def _after(entry: Entry, before: Device | None, known: Surroundings) -> Device:
    values = dict(entry.values)
    if "premises_id" in values:
        named = values["premises_id"]
        values["premises_id"] = known.premises.get(named, named)
    for name in _TEXTS & values.keys():
        # However it was typed or came in: what looks the same is the same, by hand and in a table.
        values[name] = unicodedata.normalize("NFC", values[name]).strip()
    after = replace(before or blank(entry.device_id), **values)
    tested = before.last_tested_on if before and not entry.by_hand else None
    return (
        after
        if _is_order(tested, after.last_tested_on or date.min)
        else replace(after, last_tested_on=tested)
    )


def blank(device_id: str) -> Device:
    """Give a device of which nothing is known; without an interval it is not fit for the register."""
    return Device(
        device_id=device_id,
        premises_id="",
        zone_id="",
        model="",
        mains_powered=False,
        interval_s=0,
        profile_id="",
    )


@dataclass(frozen=True)
class _View:
    """The register as it would be, and who reports through whom then."""

    devices: Mapping[str, Device]
    known: Surroundings
    today: date
    in_use: frozenset[str] = field(init=False)
    reporting: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        now = Counter(_gateways(self.devices.values()))
        object.__setattr__(self, "in_use", frozenset(now))
        # Of whoever is not among these devices only the number is known.
        now.subtract(_gateways(self.known.devices.values()))
        now.update(self.known.reporting)
        object.__setattr__(self, "reporting", now)

    def gateway_of(self, device: Device) -> Device | None:
        return self.devices.get(device.gateway_id)

    def gateways_of(self, device: Device) -> list[str]:
        """Name whom it reports through, one behind another, and one more than are allowed at most."""
        names: list[str] = []
        above = self.gateway_of(device)
        while above and len(names) <= MAX_GATEWAYS:
            names.append(above.device_id)
            above = self.gateway_of(above)
        return names

    def reports_through_itself(self, device: Device) -> bool:
        passed = [device.device_id, *self.gateways_of(device)]
        return len(set(passed)) < len(passed)


def _judged(verdict: Verdict, view: _View) -> Verdict:
    """Add what the rules refuse in fields that were not refused before, so that all of it is corrected at once."""
    refused = {name for name, _ in verdict.refusals}
    more = tuple(one for one in _refusals(verdict.after, view) if one.field not in refused)
    return replace(verdict, refusals=verdict.refusals + more) if more else verdict


def _refusals(device: Device, view: _View) -> Iterator[Refusal]:
    """Give the first refusal of each field."""
    refused = set()
    for name, fault, holds in _RULES:
        if name not in refused and not holds(device, view):
            refused.add(name)
            yield Refusal(name, fault)


def _is_text(text: str) -> bool:
    return len(text) <= MAX_TEXT and (text.isprintable() or not text)


def _is_order(earlier: date | None, later: date | None) -> bool:
    return earlier is None or later is None or earlier <= later


def _has_own_zone(one: Device, view: _View) -> bool:
    return not one.zone_id or view.known.zones.get(one.zone_id) == one.premises_id


def _gateways(devices: Iterable[Device]) -> Iterator[str]:
    """Name the gateway of each device in service that reports through one."""
    return (one.gateway_id for one in devices if one.gateway_id and not one.retired)


def _has_room(one: Device, view: _View) -> bool:
    """Tell whether its gateway does not report for too many, or did for this one before."""
    before = view.known.devices.get(one.device_id)
    if one.retired or (before and not before.retired and before.gateway_id == one.gateway_id):
        return True
    return view.reporting.get(one.gateway_id, 0) <= MAX_REPORTING


def _is_near(one: Device, view: _View) -> bool:
    """Tell whether few gateways are before a device, or no other than it had: those may have been moved since."""
    before = view.known.devices.get(one.device_id)
    is_moved = before is None or before.gateway_id != one.gateway_id
    return not is_moved or len(view.gateways_of(one)) <= MAX_GATEWAYS


def _has_gateway(one: Device, view: _View) -> bool:
    gateway = view.gateway_of(one)
    return gateway is None or gateway.kind is DeviceKind.GATEWAY


def _has_live_gateway(one: Device, view: _View) -> bool:
    gateway = view.gateway_of(one)
    return one.retired or gateway is None or not gateway.retired


_RULES: tuple[tuple[str, Fault, Callable[[Device, _View], bool]], ...] = (
    (
        "device_id",
        Fault.DEVICE_ID,
        lambda one, _: bool(DEVICE_ID.fullmatch(one.device_id)) and one.device_id != CANARY,
    ),
    ("interval_s", Fault.INTERVAL, lambda one, _: 0 < one.interval_s <= MAX_INTERVAL_S),
    ("floor", Fault.FLOOR, lambda one, _: one.floor in FLOORS),
    ("model", Fault.TEXT, lambda one, _: _is_text(one.model)),
    ("firmware", Fault.TEXT, lambda one, _: _is_text(one.firmware)),
    (
        "profile_id",
        Fault.PROFILE,
        lambda one, view: not one.profile_id or one.profile_id in view.known.profiles,
    ),
    (
        "premises_id",
        Fault.PREMISES,
        lambda one, view: not one.premises_id or one.premises_id in view.known.premises,
    ),
    ("zone_id", Fault.ZONE_UNPLACED, lambda one, _: bool(one.premises_id) or not one.zone_id),
    ("zone_id", Fault.ZONE_ELSEWHERE, _has_own_zone),
    (
        "mutual_aid_group_id",
        Fault.GROUP,
        lambda one, view: (
            not one.mutual_aid_group_id or one.mutual_aid_group_id in view.known.groups
        ),
    ),
    (
        "gateway_id",
        Fault.GATEWAY_UNKNOWN,
        lambda one, view: not one.gateway_id or one.gateway_id in view.devices,
    ),
    ("gateway_id", Fault.NOT_A_GATEWAY, _has_gateway),
    ("gateway_id", Fault.GATEWAY_RETIRED, _has_live_gateway),
    ("gateway_id", Fault.GATEWAY_LOOP, lambda one, view: not view.reports_through_itself(one)),
    ("gateway_id", Fault.GATEWAY_FAR, _is_near),
    ("gateway_id", Fault.GATEWAY_FULL, _has_room),
    (
        "kind",
        Fault.GATEWAY_IN_USE,
        lambda one, view: one.kind is DeviceKind.GATEWAY or one.device_id not in view.in_use,
    ),
    (
        "retired",
        Fault.GATEWAY_IN_USE,
        lambda one, view: not one.retired or one.device_id not in view.in_use,
    ),
    ("installed_on", Fault.FUTURE, lambda one, view: _is_order(one.installed_on, view.today)),
    (
        "end_of_life_on",
        Fault.BEFORE_INSTALLED,
        lambda one, _: _is_order(one.installed_on, one.end_of_life_on),
    ),
    ("last_tested_on", Fault.FUTURE, lambda one, view: _is_order(one.last_tested_on, view.today)),
    (
        "last_tested_on",
        Fault.BEFORE_INSTALLED,
        lambda one, _: _is_order(one.installed_on, one.last_tested_on),
    ),
)
