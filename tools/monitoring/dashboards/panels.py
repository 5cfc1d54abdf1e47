"""Panels in few words: a number, lines over time, rows of a table, points on a map; and a board of them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol, Self

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    geomap,
    prometheus,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.models.common import DataSourceRef, FrameGeometrySourceMode
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DataTransformerConfig,
    FieldColorModeId,
    Panel,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMapping,
    ValueMappingResult,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.dashboards.words import Words

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="prometheus")
# The databases whose schema `dashboards` is shown, as they are provisioned.
FIRE_SAFETY = DataSourceRef(type_val="grafana-postgresql-datasource", uid="fire-safety")
INCIDENTS = DataSourceRef(type_val="grafana-postgresql-datasource", uid="incidents")

# Labels of the ward's services that have an outbox; other processes tell that theirs is empty.
WITH_OUTBOX = 'ward="$ward", job=~"residency|fire-safety|incidents"'

# What a panel says where there is nothing to show.
_NOTHING = "chưa có số liệu"
_THIRD, _HALF, _WHOLE = 8, 12, 24
_LOW, _HIGH = 4, 9


class Shown(Protocol):
    """What all panels have in common."""

    def title(self, title: str) -> Self:
        """Say what is seen."""

    def span(self, width: int) -> Self:
        """Say how wide it is, of 24."""

    def height(self, height: int) -> Self:
        """Say how high it is."""

    def build(self) -> Panel:
        """Make it."""


class Rows(Builder[UnknownDataquery]):
    """A query in SQL, whose answer is a table; the foundation SDK has no class of it."""

    def __init__(self, sql: str, source: DataSourceRef) -> None:
        self._query = {
            "refId": "A",
            "datasource": source,
            "editorMode": "code",
            "format": "table",
            "rawQuery": True,
            "rawSql": sql,
        }

    def build(self) -> UnknownDataquery:
        """Make it."""
        return UnknownDataquery(dict(self._query))


def number(
    title: str,
    query: str,
    *,
    unit: str = "short",
    bad_from: float | None = None,
    good_from: float | None = None,
) -> stat.Panel:
    """Show one number, red from `bad_from` on, or until `good_from`."""
    steps = [Threshold(value=None, color="green" if good_from is None else "red")]
    if bad_from is not None:
        steps.append(Threshold(value=bad_from, color="red"))
    if good_from is not None:
        steps.append(Threshold(value=good_from, color="green"))
    limits = dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
    return (
        stat.Panel()
        .title(title)
        .datasource(PROMETHEUS)
        .with_target(_asked("A", query, "").instant())
        .thresholds(limits)
        .unit(unit)
        .decimals(0 if unit == "short" else 2)
        .no_value(_NOTHING)
        .span(_THIRD)
        .height(_LOW)
    )


def lines(
    title: str,
    queries: Mapping[str, str],
    *,
    unit: str = "short",
    words: Words = MappingProxyType({}),
    wide: bool = False,
) -> timeseries.Panel:
    """Draw lines over time, from queries by their legends, in which `words` stand for values of labels."""
    colours = dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC)
    panel = timeseries.Panel().title(title).datasource(PROMETHEUS).unit(unit).no_value(_NOTHING)
    panel = panel.color_scheme(colours)
    for place, (legend, query) in enumerate(queries.items()):
        panel = panel.with_target(_asked(chr(ord("A") + place), query, legend))
    for value, word in words.items():
        renamed = {"regex": f"/\\b{value}\\b/", "renamePattern": word}
        panel = panel.with_transformation(DataTransformerConfig("renameByRegex", options=renamed))
    legend_below = common.VizLegendOptions().show_legend(show_legend=True)
    return panel.legend(legend_below).span(_WHOLE if wide else _HALF).height(_HIGH)


def listing(
    title: str, query: str, columns: Mapping[str, str], *, words: Words = MappingProxyType({})
) -> table.Panel:
    """List the present values of a query, one row for each set of labels; a label without a title is not shown."""
    asked = _asked("A", query, "").instant().format(PromQueryFormat.TABLE)
    order = {name: place for place, name in enumerate(columns)}
    shown = {
        "excludeByName": {name: True for name in ("Time", "Value") if name not in columns},
        "indexByName": order,
        "renameByName": dict(columns),
    }
    return (
        table.Panel()
        .title(title)
        .datasource(PROMETHEUS)
        .with_target(asked)
        .with_transformation(DataTransformerConfig("organize", options=shown))
        .mappings(_mappings(words))
        .no_value(_NOTHING)
        .span(_HALF)
        .height(_HIGH)
    )


def rows(
    title: str,
    sql: str,
    source: DataSourceRef,
    *,
    words: Words = MappingProxyType({}),
    wide: bool = False,
) -> table.Panel:
    """List what a query in SQL gives, with `words` for its values."""
    return (
        table.Panel()
        .title(title)
        .datasource(source)
        .with_target(Rows(sql, source))
        .mappings(_mappings(words))
        .no_value(_NOTHING)
        .span(_WHOLE if wide else _HALF)
        .height(_HIGH)
    )


def points(title: str, sql: str, source: DataSourceRef, words: Words) -> geomap.Panel:
    """Show rows with columns `latitude` and `longitude` on a map, with `words` for their other values."""
    markers = (
        common.MapLayerOptions()
        .type("markers")
        .name(title)
        .location(
            common.FrameGeometrySource()
            .mode(FrameGeometrySourceMode.COORDS)
            .latitude("latitude")
            .longitude("longitude")
        )
        .tooltip(tooltip=True)
    )
    return (
        geomap.Panel()
        .title(title)
        .datasource(source)
        .with_target(Rows(sql, source))
        .view(geomap.MapViewConfig().id("fit").all_layers(all_layers=True))
        .layers([markers])
        .mappings(_mappings(words))
        .no_value(_NOTHING)
        .span(_WHOLE)
        .height(2 * _HIGH)
    )


def board(uid: str, title: str, *panels: Builder[Panel], since: str = "now-6h") -> Dashboard:
    """Put panels on a dashboard of one ward, which is chosen at its top."""
    ward = (
        dashboard.QueryVariable("ward")
        .label("Phường")
        .datasource(PROMETHEUS)
        .query("label_values(ward_ready, ward)")
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
    )
    made = (
        dashboard.Dashboard(title)
        .uid(uid)
        .tags(["phuong-so-an-toan"])
        .timezone("Asia/Ho_Chi_Minh")
        .time(since, "now")
        .refresh("30s")
        .readonly()
        .with_variable(ward)
    )
    for panel in panels:
        made = made.with_panel(panel)
    return made.build()


def _mappings(words: Words) -> list[ValueMapping]:
    texts = {value: ValueMappingResult(text=word) for value, word in words.items()}
    return [ValueMap(texts)] if texts else []


def _asked(name: str, query: str, legend: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().ref_id(name).expr(query).legend_format(legend)
