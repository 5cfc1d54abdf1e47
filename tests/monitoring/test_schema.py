"""Dashboards against Grafana's schema: an unknown field and a value of another type are told, with their place."""

import copy
import json
from typing import Any

import pytest

from monitoring.generated import texts
from monitoring.schema import faults_of_schema

BOARD = json.loads(texts()["truc-ban.json"])
# A number, a map, lines.
NUMBER, MAP, LINES = (
    next(place for place, one in enumerate(BOARD["panels"]) if one["type"] == kind)
    for kind in ("stat", "geomap", "timeseries")
)


@pytest.mark.parametrize("name", sorted(texts()))
def test_ours_are_of_the_schema(name: str) -> None:
    """Each as it is generated."""
    assert list(faults_of_schema(json.loads(texts()[name]))) == []


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("timeZone",), "Asia/Ho_Chi_Minh", "no .timeZone"),
        (("panels", NUMBER, "titel"), "x", f"no .panels[{NUMBER}].titel"),
        (("panels", NUMBER, "options", "graphmode"), "area", "options.graphmode"),
        (("panels", NUMBER, "targets", 0, "expression"), "up", "targets[0].expression"),
        (("panels", LINES, "fieldConfig", "defaults", "custom"), {"lineWdith": 1}, "lineWdith"),
        (("panels", NUMBER, "title"), 5, "title is not str: 5"),
        (("panels", NUMBER, "gridPos", "h"), "4", "grid_pos.h is not int: '4'"),
        (("panels", NUMBER, "gridPos", "h"), True, "grid_pos.h is not int: True"),
        (("panels", NUMBER, "options", "graphMode"), "aera", "is not BigValueGraphMode: 'aera'"),
        (("panels", NUMBER, "targets", 0, "instant"), "yes", "instant is not bool: 'yes'"),
        (("panels", NUMBER, "fieldConfig", "defaults", "unit"), 4, "unit is not str: 4"),
        (("panels", MAP, "targets", 0, "rawSql"), ["select"], "rawSql is not str"),
        (("panels", MAP, "targets", 0, "limit"), 5, "is no query in SQL"),
        (("templating", "list", 0, "refresh"), 7, "refresh is not VariableRefresh: 7"),
        (("panels", LINES, "transformations"), [{"id": "organize", "x": 1}], "no .panels"),
        (("panels", LINES, "transformations"), [{"id": 5, "options": {}}], "id_val is not str: 5"),
        (("panels",), {}, ".panels is something else"),
        (("panels", NUMBER), [], "another shape"),
    ],
)
def test_what_the_schema_does_not_allow_is_told(
    path: tuple[str | int, ...], value: Any, told: str
) -> None:
    """By the place where it is."""
    board = changed = copy.deepcopy(BOARD)
    for step in path[:-1]:
        changed = changed[step]
    changed[path[-1]] = value

    faults = list(faults_of_schema(board))

    assert any(told in fault for fault in faults), faults
