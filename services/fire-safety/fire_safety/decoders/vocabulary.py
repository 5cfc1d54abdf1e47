"""The names that simple payloads give to what a device declares of itself."""

from collections.abc import Iterable

from fire_safety.decoders.values import flag
from fire_safety.domain.readings.reading import Condition

CONDITIONS = {
    "alarm": Condition.SMOKE_ALARM,
    "smoke": Condition.SMOKE_ALARM,
    "smoke_alarm": Condition.SMOKE_ALARM,
    "smoke_warning": Condition.SMOKE_WARNING,
    "heat_alarm": Condition.HEAT_ALARM,
    "co": Condition.CO_ALARM,
    "co_alarm": Condition.CO_ALARM,
    "carbon_monoxide": Condition.CO_ALARM,
    "co_warning": Condition.CO_WARNING,
    "interconnect": Condition.INTERCONNECT,
    "call_point": Condition.MANUAL_CALL_POINT,
    "panel_alarm": Condition.PANEL_ALARM,
    "muted": Condition.MUTED,
    "test": Condition.TEST,
    "fault": Condition.FAULT,
    "low_battery": Condition.LOW_BATTERY,
    "battery_low": Condition.LOW_BATTERY,
    "tamper": Condition.TAMPER,
    "end_of_life": Condition.END_OF_LIFE,
    "contamination": Condition.CONTAMINATION,
    "mains_fault": Condition.MAINS_FAULT,
}


def declared(fields: Iterable[tuple[str, object]]) -> int:
    """Give the bits of the conditions that hold, by name; names that are not known say nothing."""
    bits = 0
    for name, value in fields:
        condition = CONDITIONS.get(name)
        if condition is not None and flag(value):
            bits |= condition.value
    return bits
