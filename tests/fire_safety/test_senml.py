"""SenML, in JSON and CBOR: the examples of RFC 8428 resolved, what a pack says of a detector, what is refused."""

import json
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidMessageError
from fire_safety.decoders import senml_cbor, senml_json
from fire_safety.decoders.senml import Record, resolve
from fire_safety.domain.readings.reading import Condition, Reading
from fuzz.expectation import NOW, SUBJECT, check, outcome_of
from tests.fire_safety.decoding import HOSTILE_JSON, reading_of, reason_of, written
from tests.fire_safety.limits import INGESTION

NUMBERS = {label: number for number, label in senml_cbor.LABELS.items()}


def in_cbor(pack: list[dict[str, Any]]) -> bytes:
    """Write a pack as CBOR, by another library than ours, with the labels of RFC 8428 §6."""
    return cbor2.dumps(
        [{NUMBERS.get(key, key): value for key, value in one.items()} for one in pack]
    )


def resolved(text: str) -> list[Record]:
    """Resolve a pack in JSON."""
    return resolve(json.loads(text), NOW)


def test_a_single_datapoint() -> None:
    """RFC 8428 §5.1.1: now is when the broker received it."""
    assert resolved('[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]') == [
        Record("urn:dev:ow:10e2073a01080063", "Cel", NOW, 23.1)
    ]


def test_several_datapoints_share_a_base_name() -> None:
    """RFC 8428 §5.1.2, the first example."""
    assert resolved(
        """[{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},
            {"n":"current","u":"A","v":1.2}]"""
    ) == [
        Record("urn:dev:ow:10e2073a01080063:voltage", "V", NOW, 120.1),
        Record("urn:dev:ow:10e2073a01080063:current", "A", NOW, 1.2),
    ]


SECONDS = """[
    {"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,
     "n":"voltage","u":"V","v":120.1},
    {"n":"current","t":-5,"v":1.2},
    {"n":"current","t":-4,"v":1.3},
    {"n":"current","t":-3,"v":1.4},
    {"n":"current","t":-2,"v":1.5},
    {"n":"current","t":-1,"v":1.6},
    {"n":"current","v":1.7}
]"""


def test_base_time_unit_and_version_apply_to_what_follows() -> None:
    """RFC 8428 §5.1.2, the second example, in the order of time."""
    begun, urn = 1_276_020_076_001, "urn:dev:ow:10e2073a0108006:"

    assert resolved(SECONDS) == [
        *(Record(urn + "current", "A", begun - 1000 * (5 - n), 1.2 + n / 10) for n in range(5)),
        Record(urn + "voltage", "V", begun, 120.1),
        Record(urn + "current", "A", begun, 1.7),
    ]


def test_the_example_in_cbor_is_the_one_in_json() -> None:
    """RFC 8428 §6: the same pack, resolved alike."""
    pack = senml_cbor.labelled(senml_cbor.cbor.read(in_cbor(json.loads(SECONDS))))

    assert resolve(pack, NOW) == resolved(SECONDS)


def test_units_of_several_measurements_override_the_base() -> None:
    """RFC 8428 §5.1.3, the first and the last of its records."""
    records = resolved(
        """[{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},
            {"u":"lon","v":24.30621},{"u":"lat","v":60.07965},{"t":60,"v":20.3},
            {"u":"%EL","t":150,"v":98}]"""
    )

    urn, begun = "urn:dev:ow:10e2073a01080063", 1_320_067_464_000
    assert records == [
        Record(urn, "%RH", begun, 20),
        Record(urn, "lon", begun, 24.30621),
        Record(urn, "lat", begun, 60.07965),
        Record(urn, "%RH", begun + 60_000, 20.3),
        Record(urn, "%EL", begun + 150_000, 98),
    ]


def test_values_of_all_types() -> None:
    """RFC 8428 §5.1.5."""
    urn = "urn:dev:ow:10e2073a01080063:"
    assert resolved(
        """[{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
            {"n":"label","vs":"Machine Room"},
            {"n":"open","vb":false},
            {"n":"nfc-reader","vd":"aGkgCg"}]"""
    ) == [
        Record(urn + "temp", "Cel", NOW, 23.1),
        Record(urn + "label", None, NOW, "Machine Room"),
        Record(urn + "open", None, NOW, value=False),
        Record(urn + "nfc-reader", None, NOW, "aGkgCg"),
    ]


def test_the_last_record_has_the_base_name_before_it_and_the_base_time_of_the_first() -> None:
    """RFC 8428 §5.1.6: each base field holds until it is set again."""
    assert [(one.name, one.time_ms) for one in resolved(
        """[{"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":25.2},
            {"n":"humidity","u":"%RH","v":30},
            {"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},
            {"n":"humidity","u":"%RH","v":67}]"""
    )] == [
        ("2001:db8::2/temperature", 1_320_078_429_000),
        ("2001:db8::2/humidity", 1_320_078_429_000),
        ("2001:db8::1/temperature", 1_320_078_429_000),
        ("2001:db8::1/humidity", 1_320_078_429_000),
    ]  # fmt: skip


def test_base_value_and_base_sum_are_added() -> None:
    """RFC 8428 §4.5.4 and §4.5.5: what is missing counts as zero; without either there is none."""
    records = resolved(
        """[{"bn":"d/","bv":100,"bs":7},{"n":"a","v":-1.5},{"n":"b"},{"n":"c","s":3},{"n":"d","vb":true}]"""
    )

    assert [(one.value, one.sum) for one in records] == [
        (98.5, 7),
        (100, 7),
        (100, 10),
        (True, 7),
    ]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (0, NOW),
        (-3, NOW - 3000),
        (2**28 - 1, NOW + (2**28 - 1) * 1000),
        (2**28, 2**28 * 1000),
        (1_790_000_000.25, NOW + 250),
    ],
)
def test_times_below_2_to_the_28_are_relative_to_the_receipt(time: float, expected: int) -> None:
    """RFC 8428 §4.5.3."""
    assert resolve([{"n": "a", "t": time, "v": 1}], NOW)[0].time_ms == expected


@pytest.mark.parametrize("encode", [written, in_cbor])
def test_a_detector_is_read_with_its_units(encode: Any) -> None:
    """A fraction of a metre as m⁻¹, a share of the air as ppm; humidity says nothing."""
    decode = senml_json.decode if encode is written else senml_cbor.decode
    reading = reading_of(
        decode,
        encode(
            [
                {"bn": "urn:dev:mac:0024befffe804ff1/", "bt": NOW / 1000 - 5},
                {"n": "temp", "u": "Cel", "v": 28.5},
                {"n": "smoke", "u": "/", "v": 0.1},
                {"n": "co", "u": "/", "v": 0.000012},
                {"n": "battery", "u": "%EL", "v": 87},
                {"n": "humidity", "u": "%RH", "v": 71},
                {"n": "sequence", "v": 4711},
                {"n": "tamper", "vb": True},
                {"n": "alarm", "vb": False},
            ]
        ),
    )

    assert reading._replace(optical_density=None, carbon_monoxide=None) == Reading(
        NOW - 5000, NOW, None, 28.5, 87, Condition.TAMPER.value, None, 4711
    )
    assert reading.optical_density == pytest.approx(0.045757, abs=1e-6)
    assert reading.carbon_monoxide == pytest.approx(12)


@pytest.mark.parametrize(
    ("record", "field", "expected"),
    [
        ({"n": "temperature", "u": "K", "v": 300}, "temperature", 26.85),
        ({"n": "temperature", "v": 21}, "temperature", 21),
        ({"n": "smoke", "u": "dB/m", "v": 0.5}, "optical_density", 0.05),
        ({"n": "smoke", "u": "1/m", "v": 0.25}, "optical_density", 0.25),
        ({"n": "smoke", "u": "%/m", "v": 10.87}, "optical_density", 0.05),
        ({"n": "smoke", "u": "/", "v": 1}, "optical_density", 4),
        ({"n": "carbon_monoxide", "u": "ppm", "v": 45}, "carbon_monoxide", 45),
        ({"n": "battery", "u": "/", "v": 0.5}, "battery", 50),
        ({"n": "battery", "u": "V", "v": 3.1}, "battery", None),
    ],
)
def test_units_are_brought_to_our_own(record: dict[str, Any], field: str, expected: Any) -> None:
    """Registered, secondary and agreed ones (DOMAIN: 10.87 %/m is 0.05 m⁻¹); what light cannot pass is 4 m⁻¹."""
    value = getattr(reading_of(senml_json.decode, written([record])), field)

    assert value is expected if expected is None else value == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "name",
    [
        "smoke_alarm",
        "hall/smoke_alarm",
        "urn:dev:mac:0024befffe804ff1/smoke_alarm",
        "urn:dev:mac:0024befffe804ff1_smoke_alarm",
        "urn:dev:ow:10e2073a01080063:smoke_alarm",
        "urn:dev:os:32473-123456_room/smoke_alarm",
    ],
)
def test_a_measurement_is_known_by_the_last_part_of_its_name(name: str) -> None:
    """However the device is named before it."""
    reading = reading_of(senml_json.decode, written([{"n": name, "vb": True}]))

    assert reading.conditions == Condition.SMOKE_ALARM


def test_what_only_ends_like_a_measurement_is_none() -> None:
    """A set point is not a temperature, and no smoke is not smoke."""
    pack = [{"n": "max_temp", "u": "Cel", "v": 90}, {"n": "no-smoke", "vb": True}]

    assert reason_of(senml_json.decode, written(pack)) == "empty"


def test_each_time_is_a_reading_and_conditions_hold_until_they_are_told_to_end() -> None:
    """An alarm before the last temperature is not over with it."""
    pack = [
        {"n": "alarm", "vb": True, "t": -20},
        {"n": "temp", "u": "Cel", "v": 40, "t": -10},
        {"n": "alarm", "vb": False, "t": -5},
        {"n": "temp", "u": "Cel", "v": 30},
    ]
    readings = senml_json.decode(SUBJECT, written(pack), NOW, INGESTION).readings

    assert [(NOW - one.observed_ms, one.temperature, one.conditions) for one in readings] == [
        (20_000, None, Condition.SMOKE_ALARM),
        (10_000, 40, Condition.SMOKE_ALARM),
        (5_000, None, 0),
        (0, 30, 0),
    ]


def test_low_battery_and_alarm_come_together() -> None:
    """Neither hides the other."""
    pack = [{"n": "alarm", "vb": True}, {"n": "low_battery", "vb": True}]

    assert reading_of(senml_json.decode, written(pack)).conditions == (
        Condition.SMOKE_ALARM | Condition.LOW_BATTERY
    )


SMOKE = {"n": "smoke", "u": "1/m", "v": 0.1}


@pytest.mark.parametrize(
    ("expected", "pack"),
    [
        ("not_senml", {}),
        ("not_senml", "text"),
        ("not_senml", [1]),
        ("empty", []),
        ("empty", [{"bn": "a/"}]),
        ("empty", [{"n": "humidity", "u": "%RH", "v": 50}]),
        ("too_many_readings", [SMOKE] * 1001),
        ("must_understand", [SMOKE | {"new_": 1}]),
        ("bad_version", [SMOKE | {"bver": 11}]),
        ("bad_version", [SMOKE | {"bver": 0}]),
        ("bad_version", [SMOKE | {"bver": 9}, {"n": "co", "vb": True, "bver": 10}]),
        ("bad_value", [SMOKE | {"bver": 10.5}]),
        ("bad_name", [{"v": 1}]),
        ("bad_name", [{"n": "/smoke", "v": 1}]),
        ("bad_name", [{"n": "smo ke", "v": 1}]),
        ("bad_name", [{"n": "a" * 255 + "/smoke", "v": 1}]),
        ("bad_name", [{"bn": "k\u00fcche/", "n": "smoke", "vb": True}]),
        ("bad_unit", [{"n": "smoke", "v": 350}]),
        ("bad_unit", [{"n": "smoke", "u": "ppm", "v": 350}]),
        ("bad_unit", [{"n": "temperature", "u": "degF", "v": 90}]),
        ("bad_unit", [{"n": "alarm", "v": 1}]),
        ("bad_value", [{"n": "smoke", "u": "/", "v": True}]),
        ("bad_value", [{"n": "smoke", "u": "/", "v": "0.1"}]),
        ("bad_value", [{"n": "alarm", "vb": 1}]),
        ("bad_value", [SMOKE | {"t": True}]),
        ("bad_value", [SMOKE | {"bn": 7}]),
        ("bad_value", [SMOKE | {"u": ["1/m"]}]),
        ("bad_value", [{"n": "sequence", "v": 0.5}]),
        ("ambiguous", [SMOKE | {"vb": True}]),
        ("ambiguous", [SMOKE, SMOKE]),
        ("ambiguous", [{"n": "temp", "v": 1}, {"n": "temperature", "v": 1}]),
        ("wrong_device", [{"n": "a/smoke", "vb": True}, {"n": "b/co", "vb": True}]),
        ("not_finite", [SMOKE | {"t": 1e308, "bt": 1e308}]),
        ("not_finite", [SMOKE | {"v": 1e308, "bv": 1e308}]),
        ("not_finite", [SMOKE | {"v": 10**400}]),
        ("out_of_range", [SMOKE | {"v": -1}]),
        ("out_of_range", [{"n": "smoke", "u": "/", "v": 1.01}]),
        ("out_of_range", [{"n": "sequence", "v": -1}]),
        ("future_time", [SMOKE | {"t": 2**28 - 1}]),
        ("future_time", [SMOKE | {"t": 1e300}]),
        ("ancient_time", [SMOKE | {"t": 2**28}]),
        ("ancient_time", [SMOKE | {"t": -1e300}]),
    ],
)
def test_what_is_refused_says_why(expected: str, pack: Any) -> None:
    """One reason each."""
    assert reason_of(senml_json.decode, written(pack)) == expected


@pytest.mark.parametrize(("expected", "payload"), HOSTILE_JSON)
def test_hostile_json_is_refused(expected: str, payload: bytes) -> None:
    """Before anything else looks at it."""
    told = reason_of(senml_json.decode, payload)

    assert told == expected


def test_unknown_labels_are_tolerated() -> None:
    """RFC 8428 §4.4: a device must not fall silent because it says more."""
    assert reading_of(senml_json.decode, written([SMOKE | {"vlo": "</x>", "ut": 9, "l": {}}])) == (
        reading_of(senml_json.decode, written([SMOKE]))
    )


def test_secondary_units_have_a_version_of_their_own() -> None:
    """RFC 9100: 26 is version 10 with secondary units, which are read without it too."""
    pack = [{"bver": 26, "n": "co", "u": "ppm", "v": 12}]

    assert reading_of(senml_json.decode, written(pack)).carbon_monoxide == 12


labels = st.sampled_from([*NUMBERS, "l", "x_"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64)
    | st.floats()
    | st.sampled_from(["smoke", "co", "temp", "battery", "alarm", "/", "Cel", "ppm", "a/", ""])
)


@given(st.lists(st.dictionaries(labels, scalars, max_size=6), max_size=8))
@settings(max_examples=150)
def test_any_pack_is_read_or_refused_and_alike_in_both_forms(pack: list[dict[str, Any]]) -> None:
    """And what is read keeps the limits."""
    in_text = outcome_of(senml_json.decode, written(pack))
    in_bytes = outcome_of(senml_cbor.decode, in_cbor(pack))

    check(in_text)
    check(in_bytes)
    if not isinstance(in_text, str):
        assert in_bytes == in_text


@given(
    st.lists(
        st.tuples(st.integers(0, 86_400), st.floats(0, 100), st.floats(-60, 1500)),
        min_size=1,
        max_size=20,
        unique_by=lambda one: one[0],
    )
)
def test_what_a_detector_writes_comes_back(observed: list[tuple[int, float, float]]) -> None:
    """Round trip, through base fields and relative times."""
    pack: list[dict[str, Any]] = [{"bn": "urn:dev:mac:0024befffe804ff1/", "bu": "Cel"}]
    for age, density, temperature in observed:
        pack.append({"n": "smoke", "u": "1/m", "t": -age, "v": density})
        pack.append({"n": "temp", "t": -age, "v": temperature})

    batch = senml_cbor.decode(SUBJECT, in_cbor(pack), NOW, INGESTION)

    assert batch.readings == [
        Reading(NOW - age * 1000, NOW, density, temperature)
        for age, density, temperature in sorted(observed, reverse=True)
    ]


def test_resolving_leaves_the_pack_as_it_was() -> None:
    """Pure: the same pack resolves alike again."""
    pack = json.loads(SECONDS)

    assert resolve(pack, NOW) == resolve(pack, NOW)


def test_a_pack_of_nothing_that_can_be_resolved_raises_only_refusals() -> None:
    """Resolution itself refuses what is no pack."""
    with pytest.raises(InvalidMessageError):
        resolve({"n": "a", "v": 1}, NOW)
