"""Kinds of incidents: which form a report has, and which rules hold."""

from enum import StrEnum


class IncidentKind(StrEnum):
    """Kind of incident."""

    FIRE = "FIRE"
    RESCUE = "RESCUE"
    ROAD_ACCIDENT = "ROAD_ACCIDENT"
    URBAN_ORDER = "URBAN_ORDER"
    CRIME_REPORT = "CRIME_REPORT"
    ANONYMOUS_TIP = "ANONYMOUS_TIP"
    SERVICE_REQUEST = "SERVICE_REQUEST"
    FEEDBACK = "FEEDBACK"
    PETITION = "PETITION"
