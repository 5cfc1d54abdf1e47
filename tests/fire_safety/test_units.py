"""Units of smoke, against the table computed for this project."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fire_safety.detection import units

# m⁻¹, dB/m, %/m, %/ft
TABLE = [
    (0.005, 0.05, 1.14, 0.35),
    (0.010, 0.10, 2.28, 0.70),
    (0.015, 0.15, 3.39, 1.05),
    (0.020, 0.20, 4.50, 1.39),
    (0.050, 0.50, 10.87, 3.45),
    (0.250, 2.50, 43.77, 16.09),
]
# %/ft, m⁻¹, dB/m, %/m
TABLE_BY_FOOT = [
    (0.5, 0.0071, 0.071, 1.63),
    (1.0, 0.0143, 0.143, 3.24),
    (1.5, 0.0215, 0.215, 4.84),
    (2.5, 0.0361, 0.361, 7.97),
    (4.0, 0.0582, 0.582, 12.53),
]

densities = st.floats(min_value=0, max_value=5)


@pytest.mark.parametrize(("density", "decibels", "per_metre", "per_foot"), TABLE)
def test_table_from_optical_density(
    density: float, decibels: float, per_metre: float, per_foot: float
) -> None:
    """Every row of the table, rounded as it is printed."""
    assert units.decibels_per_metre(density) == pytest.approx(decibels)
    assert round(units.percent_per_metre(density), 2) == per_metre
    assert round(units.percent_per_foot(density), 2) == per_foot


@pytest.mark.parametrize(("per_foot", "density", "decibels", "per_metre"), TABLE_BY_FOOT)
def test_table_from_percent_per_foot(
    per_foot: float, density: float, decibels: float, per_metre: float
) -> None:
    """The other half of the table."""
    found = units.from_percent_per_foot(per_foot)

    assert round(found, 4) == density
    assert round(units.decibels_per_metre(found), 3) == decibels
    assert round(units.percent_per_metre(found), 2) == per_metre


@given(densities)
def test_each_conversion_has_its_way_back(density: float) -> None:
    """There and back is the same within rounding."""
    near = pytest.approx(density, rel=1e-6, abs=1e-9)

    assert units.from_decibels_per_metre(units.decibels_per_metre(density)) == near
    assert units.from_percent_per_metre(units.percent_per_metre(density)) == near
    assert units.from_percent_per_foot(units.percent_per_foot(density)) == near


def test_clear_air_obscures_nothing() -> None:
    """Zero is zero in every unit."""
    assert math.isclose(units.percent_per_metre(0), 0)
    assert units.decibels_per_metre(0) == 0
