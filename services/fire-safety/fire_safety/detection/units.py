"""Units of smoke. The platform's own is optical density per metre, m⁻¹: OD = -log10(transmitted fraction) / length.

Standards and products speak in others: dB/m (EN 54-7, EN 14604), %/m and %/ft obscuration (UL 217, UL 268).
"""

import math

METRES_PER_FOOT = 0.3048


def decibels_per_metre(optical_density: float) -> float:
    """Convert m⁻¹ to dB/m."""
    return 10 * optical_density


def from_decibels_per_metre(decibels: float) -> float:
    """Convert dB/m to m⁻¹."""
    return decibels / 10


def percent_per_metre(optical_density: float) -> float:
    """Convert m⁻¹ to %/m obscuration."""
    return 100 * (1 - math.pow(10, -optical_density))


def from_percent_per_metre(percent: float) -> float:
    """Convert %/m obscuration, below 100, to m⁻¹."""
    return -math.log10(1 - percent / 100)


def percent_per_foot(optical_density: float) -> float:
    """Convert m⁻¹ to %/ft obscuration."""
    return percent_per_metre(optical_density * METRES_PER_FOOT)


def from_percent_per_foot(percent: float) -> float:
    """Convert %/ft obscuration, below 100, to m⁻¹."""
    return from_percent_per_metre(percent) / METRES_PER_FOOT
