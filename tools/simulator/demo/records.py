"""What was seen of each alarm on its way from the detector to the officer."""

from dataclasses import dataclass, field
from statistics import median

from ward.fire_safety.v1 import fire_safety_pb2 as fire
from ward.incidents.v1 import incidents_pb2 as incidents

# After a reading was published; each stage with those that cannot come before it.
DURABLE, INCIDENT, BRIEF, EVENT = "durable", "incident", "brief", "event"
IMPLIED_BY = {
    DURABLE: (DURABLE, INCIDENT, BRIEF, EVENT),
    INCIDENT: (INCIDENT, BRIEF, EVENT),
    BRIEF: (BRIEF,),
    EVENT: (EVENT,),
}
STAGES = tuple(IMPLIED_BY)
Reading = tuple[str, int]


def reading_of(alarm: fire.Alarm) -> Reading:
    """Return what identifies the reading that raised the alarm: device and device time, ms."""
    return alarm.device_id, round(alarm.observed_at.ToNanoseconds() / 1e6)


@dataclass
class Records:
    """All alarms of a replay at one premises, with the incident they belong to.

    `published` is when each reading was sent, `seen` when each stage of each alarm was first seen,
    all in monotonic seconds of this process.
    """

    premises_id: str
    published: dict[Reading, float] = field(default_factory=dict)
    alarms: dict[str, fire.Alarm] = field(default_factory=dict)
    seen: dict[str, dict[str, float]] = field(default_factory=dict)
    incident: incidents.Incident | None = None

    def take_alarm(self, alarm: fire.Alarm, at: float) -> bool:
        """Note that an alarm is durable; tell whether it is a new one of this replay."""
        if reading_of(alarm) not in self.published:
            return False
        self._note(alarm.alarm_id, DURABLE, at)
        is_new = alarm.alarm_id not in self.alarms
        self.alarms[alarm.alarm_id] = alarm
        return is_new

    def take_incident(self, incident: incidents.Incident, at: float, *stages: str) -> None:
        """Note the stages for each alarm of the incident, if it is at the premises."""
        if incident.premises_id != self.premises_id:
            return
        if self.incident is None or incident.version >= self.incident.version:
            self.incident = incident
        for alarm_id in incident.alarm_ids:
            for stage in stages:
                self._note(alarm_id, stage, at)

    def take_brief(self, brief: incidents.RescueBrief, at: float) -> None:
        """Note for which alarms the brief could be read."""
        for detector in brief.detectors:
            self._note(detector.alarm_id, BRIEF, at)

    def has(self, alarm_id: str, stage: str) -> bool:
        """Tell whether a stage of an alarm was seen."""
        return stage in self.seen.get(alarm_id, {})

    def lacking(self, stage: str) -> list[str]:
        """Return the alarms that were not seen at a stage yet."""
        return [alarm_id for alarm_id in self.alarms if not self.has(alarm_id, stage)]

    @property
    def complete(self) -> bool:
        """Whether every alarm was seen at every stage."""
        return not any(self.lacking(stage) for stage in STAGES)

    def after_ms(self, alarm_id: str, stage: str) -> float | None:
        """Return how long after its reading a stage of an alarm was first seen, ms, if it was."""
        seen = self.seen.get(alarm_id, {})
        times = [seen[later] for later in IMPLIED_BY[stage] if later in seen]
        if not times:
            return None
        return (min(times) - self.published[reading_of(self.alarms[alarm_id])]) * 1000

    def all_ms(self, stage: str) -> list[float]:
        """Return the times of a stage over the alarms that reached it, ms after publishing."""
        times = (self.after_ms(alarm_id, stage) for alarm_id in self.alarms)
        return [ms for ms in times if ms is not None]

    def median_ms(self, stage: str) -> float | None:
        """Return the median of a stage over the alarms that reached it."""
        return median(times) if (times := self.all_ms(stage)) else None

    def _note(self, alarm_id: str, stage: str, at: float) -> None:
        self.seen.setdefault(alarm_id, {}).setdefault(stage, at)
