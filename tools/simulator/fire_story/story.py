"""What happens: a fire among parked motorbikes, and what officers do about it until it has been learnt from."""

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

from chassis.clock import utc_now, ward_day
from simulator.fire_story.sensor import CLEAN_AIR, SMOKE, TEMPERATURE, SmokeDetector
from simulator.fire_story.teller import Caller, Step, Teller, picked
from stack.installation import Installation
from stack.issuer import Role

# Accounts of this story alone, so that nobody else's work is in it.
DUTY = Caller(Role.DUTY_OFFICER, "truc-ban-an")
RESPONDER = Caller(Role.RESPONDER, "dan-phong-binh")
FIRE_OFFICER = Caller(Role.FIRE_OFFICER, "pccc-chi")
REVIEWER = Caller(Role.DATA_PROTECTION_OFFICER, "bao-ve-du-lieu-dung")
EXECUTIVE = Caller(Role.WARD_EXECUTIVE, "lanh-dao-giang")
# Of all figures the page shows these, as a whole and by their parts.
_COUNTED = frozenset({"fires", "acknowledged_late", "time_to_arrive"})
_REASON = "Khói lên hành lang tầng hai, cần gọi từng người"


async def tell(place: Installation, premises_code: str) -> list[Step]:
    """Have a fire at premises of the register of a running platform, and tell it step by step."""
    async with AsyncExitStack() as stack:
        teller = await stack.enter_async_context(Teller(place))
        premises_id, devices = await _premises(teller, premises_code)
        first, second = [
            await stack.enter_async_context(SmokeDetector(place, device)) for device in devices[:2]
        ]
        incident = await _alarm(teller, first, premises_id)
        path = f"/v1/incidents/{incident['incidentId']}"
        await _brief(teller, path)
        await _taken_on(teller, path, second)
        disclosed = await _names(teller, path)
        task_path = await _help(teller, path)
        await _roll_call(teller, path, disclosed)
        await _out(teller, path, task_path)
        await _reset(teller, premises_id, (first, second))
        await _closed(teller, path, disclosed["reviewId"])
        await _learnt(teller, path)
        await _counted(teller, path)
        return teller.steps


async def _premises(teller: Teller, code: str) -> tuple[str, list[str]]:
    """Find premises and those of their devices that write in the platform's own format."""
    listed = (await teller.ask(DUTY, "/v1/premises", pageSize="500"))["premises"]
    premises_id = next(one["premisesId"] for one in listed if one["code"] == code)
    devices = (await teller.ask(DUTY, f"/v1/premises/{premises_id}/devices"))["devices"]
    native = [
        one["deviceId"] for one in devices if one["payloadFormat"] == "PAYLOAD_FORMAT_NATIVE"
    ]
    return premises_id, native


async def _alarm(teller: Teller, detector: SmokeDetector, premises_id: str) -> Any:  # noqa: ANN401 - JSON
    teller.chapter = "Cảm biến báo khói · A sensor smells smoke"
    await _smoke(teller, detector)
    asked = {"premisesId": premises_id, "openOnly": "true"}

    async def opened() -> Any:  # noqa: ANN401 - JSON
        return (await teller.ask(DUTY, "/v1/incidents", **asked))["incidents"]

    await teller.until(opened)
    told = await teller.get(
        DUTY,
        "/v1/incidents",
        *("incidents.number", "incidents.state", "incidents.priority", "incidents.place"),
        **asked,
    )
    return told["incidents"][0]


async def _smoke(teller: Teller, detector: SmokeDetector) -> None:
    """Have a detector smell smoke: the one thing that is not said over HTTP."""
    await detector.report(CLEAN_AIR, 3)
    await detector.report(SMOKE, 5)
    reading = {"opticalDensity": SMOKE, "temperature": TEMPERATURE}
    teller.keep(f"{detector.device_id} (NATS)", f"PUB {detector.subject}", reading, "+ACK")


async def _brief(teller: Teller, path: str) -> None:
    teller.chapter = "Bản tin cứu nạn · The rescue brief"
    await teller.get(
        DUTY,
        f"{path}/brief",
        *("brief.premises.name", "brief.premises.address", "brief.premises.storeys"),
        *("brief.premises.hazards", "brief.premises.access", "brief.detectors"),
        *("brief.people.registered", "brief.people.ageBands", "brief.people.assistance"),
        *("brief.people.provenance", "brief.neighbours.relation", "brief.neighbours.address"),
        *("brief.notifications", "brief.inspectionOverdue"),
    )


async def _taken_on(teller: Teller, path: str, second: SmokeDetector) -> None:
    teller.chapter = "Tiếp nhận; đầu báo thứ hai · Taken on; a second detector"
    await teller.post(DUTY, f"{path}:acknowledge", "incident.state", "incident.acknowledgedBy")
    await _smoke(teller, second)

    async def confirmed() -> bool:
        incident = (await teller.ask(DUTY, path))["incident"]
        return bool(incident["priority"] == "PRIORITY_P1")

    await teller.until(confirmed)
    await teller.get(DUTY, path, "incident.priority", "timeline.kind", "timeline.text")


async def _names(teller: Teller, path: str) -> Any:  # noqa: ANN401 - JSON
    teller.chapter = "Ai ở trong nhà · Who is inside"
    # The page shows no names, though these are of nobody.
    return await teller.post(
        DUTY, f"{path}:discloseOccupants", "withheld", "expiresAt", reason=_REASON
    )


async def _help(teller: Teller, path: str) -> str:
    teller.chapter = "Giao việc (5 rõ) · A task"
    given = await teller.post(
        DUTY,
        f"{path}/tasks",
        *("task.owner", "task.task", "task.accountable", "task.dueAt", "task.state"),
        owner=RESPONDER.account,
        task="Đưa mọi người ra theo thang phía sau, dập lửa ở nhà để xe",
        dueAt=(utc_now() + timedelta(hours=1)).isoformat(),
    )
    moves = f"/v1/tasks/{given['task']['taskId']}:move"
    for act in ("ACCEPT", "SET_OUT", "ARRIVE"):
        await teller.post(RESPONDER, moves, "task.state", act=f"TASK_ACT_{act}")
    await teller.get(DUTY, path, "incident.state", "incident.assignee")
    return moves


async def _roll_call(teller: Teller, path: str, disclosed: Any) -> None:  # noqa: ANN401 - JSON
    teller.chapter = "Điểm danh · The roll-call"
    tags = [one["tag"] for one in disclosed.get("rollCallTags", [])][:100]
    if tags:
        marks = [{"tag": tag, "state": "ROLL_CALL_STATE_FOUND"} for tag in tags]
        await teller.post(DUTY, f"{path}/roll-call:mark", "counts", marks=marks)
    await teller.get(EXECUTIVE, f"{path}/roll-call", "counts")


async def _out(teller: Teller, path: str, task_path: str) -> None:
    teller.chapter = "Dập tắt · Put out"
    await teller.post(
        DUTY, f"{path}:advance", "incident.state", progress="PROGRESS_CONTROLLED", note=""
    )
    await teller.post(
        RESPONDER,
        task_path,
        *("task.state", "task.result"),
        act="TASK_ACT_FINISH",
        note="Đã đưa mọi người ra, dập lửa bằng bình bột",
    )
    await teller.post(
        FIRE_OFFICER,
        f"{path}:triage",
        *("incident.priority", "incident.severity", "incident.category"),
        category="fire",
        severity="SEVERITY_MODERATE",
        note="Cháy xe đang sạc, không lan sang nhà bên",
    )


async def _reset(teller: Teller, premises_id: str, detectors: tuple[SmokeDetector, ...]) -> None:
    teller.chapter = "Hết khói: đặt lại báo động · Clean air: the alarms are reset"
    asked = {"premisesId": premises_id, "openOnly": "true", "signalClass": "SIGNAL_CLASS_ALARM"}

    async def restored() -> Any:  # noqa: ANN401 - JSON
        for detector in detectors:
            await detector.report(CLEAN_AIR, 10)
        alarms = (await teller.ask(DUTY, "/v1/alarms", **asked))["alarms"]
        return all(one.get("restoredAt") for one in alarms) and alarms

    for alarm in await teller.until(restored):
        alarm_path = f"/v1/alarms/{alarm['alarmId']}"
        await teller.post(
            DUTY,
            f"{alarm_path}:reset",
            *("alarm.state", "alarm.disposition", "alarm.resetBy"),
            disposition="DISPOSITION_FIRE",
        )


async def _closed(teller: Teller, path: str, review_id: str) -> None:
    teller.chapter = (
        "Đóng vụ việc; rà soát truy cập khẩn cấp · Closed; the look at names is reviewed"
    )
    await teller.post(
        DUTY,
        f"{path}:close",
        *("incident.state", "incident.disposition", "incident.closedAt"),
        disposition="DISPOSITION_FIRE",
        note="Cháy xe đang sạc ở nhà để xe",
    )
    await teller.post(
        REVIEWER,
        f"/v1/break-glass-reviews/{review_id}:decide",
        *("review.officer", "review.pending", "review.decisions"),
        verdict="REVIEW_VERDICT_JUSTIFIED",
        reason="Có cháy thật, cần gọi từng người",
    )


async def _learnt(teller: Teller, path: str) -> None:
    teller.chapter = "Rút kinh nghiệm · The after-action review"
    reviewed = f"{path}/after-action-review"
    await teller.post(
        FIRE_OFFICER,
        reviewed,
        "review",
        happened="Cháy xe đang sạc ở nhà để xe; dập bằng bình bột trước khi xe chữa cháy đến",
        wentWell="Đầu báo kêu sớm, mọi người ra hết",
        wentBadly="Cửa thoát phía sau bị khóa",
        participants=[DUTY.account, RESPONDER.account, FIRE_OFFICER.account],
    )
    given = await teller.post(
        FIRE_OFFICER,
        f"{reviewed}/actions",
        *("action.owner", "action.dueOn", "action.state"),
        owner=RESPONDER.account,
        action="Cùng chủ cơ sở mở và ghi biển cửa thoát phía sau",
    )
    await teller.get(EXECUTIVE, "/v1/review-actions", "actions", owner=RESPONDER.account)
    await teller.post(
        RESPONDER,
        f"/v1/review-actions/{given['action']['actionId']}:end",
        *("action.state", "action.result", "action.endedBy"),
        state="REVIEW_ACTION_STATE_DONE",
        result="Cửa đã mở, có biển và đèn",
    )


async def _counted(teller: Teller, path: str) -> None:
    teller.chapter = "Số liệu và dòng thời gian · The figures and the timeline"
    figures_path = f"/v1/periods/{ward_day(utc_now()).year}/figures"
    told = await teller.ask(EXECUTIVE, figures_path)
    counted = [one for one in told["figures"] if one["indicator"] in _COUNTED]
    shown = picked(
        {"period": told["period"], "figures": counted},
        *("period.nameVi", "figures.indicator", "figures.part", "figures.basis"),
        *("figures.numerator", "figures.denominator", "figures.medianS", "figures.p95S"),
    )
    teller.keep(EXECUTIVE, f"GET {figures_path}", {}, shown)
    await teller.get(EXECUTIVE, path, "durations", "timeline.at", "timeline.kind", "timeline.text")
