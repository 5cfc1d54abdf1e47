"""`make lint` finds what is wrong in a manifest: tried, kind by kind."""

import copy
import shutil
from pathlib import Path

import pytest

from manifests import check, rules
from manifests.build import CLUSTER, FOLDER, Manifest, build
from monitoring.settings import GRAFANA
from tests.manifests.conftest import of_kind


@pytest.mark.parametrize(
    ("kind", "path", "field"),
    [
        ("Deployment", ("spec",), "replica"),
        (
            "Deployment",
            ("spec", "template", "spec", "containers", 0, "readinessProbe"),
            "periodSecond",
        ),
        (
            "Deployment",
            ("spec", "template", "spec", "containers", 0, "securityContext"),
            "privilege",
        ),
        ("NetworkPolicy", ("spec",), "egres"),
        ("PodDisruptionBudget", ("spec",), "minAvailabel"),
        ("HorizontalPodAutoscaler", ("spec", "metrics", 0, "resource"), "targets"),
        ("Ingress", ("spec", "rules", 0), "hosts"),
        ("Certificate", ("spec", "privateKey"), "rotation"),
        ("ExternalSecret", ("spec", "data", 0, "remoteRef"), "keys"),
        ("ScaledObject", ("spec", "triggers", 0, "metadata"), "treshold"),
        ("ServiceMonitor", ("spec", "endpoints", 0), "metricsPath"),
        ("Cluster", ("spec", "postgresql", "synchronous"), "durability"),
        ("Database", ("spec",), "database"),
        ("ObjectStore", ("spec", "configuration"), "bucket"),
        ("ScheduledBackup", ("spec",), "cron"),
        ("CronJob", ("spec", "jobTemplate", "spec"), "backofLimit"),
    ],
)
def test_a_field_that_a_kind_does_not_have_is_found(
    city: list[Manifest], kind: str, path: tuple[str | int, ...], field: str
) -> None:
    """Whether Kubernetes knows the kind itself or an operator does."""
    manifest = changed = copy.deepcopy(next(iter(of_kind(city, kind).values())))
    for step in path:
        changed = changed[step]  # type: ignore[index] # steps into lists too
    assert not list(check.wrong_with(manifest))
    changed[field] = "1"

    assert any(field in wrong for wrong in check.wrong_with(manifest))


def test_a_kind_without_a_schema_is_found() -> None:
    """Nothing passes because nobody knows it."""
    unknown = {"apiVersion": "example.vn/v1", "kind": "Siren", "metadata": {"name": "roof"}}

    assert any("has no schema" in wrong for wrong in check.wrong_with(unknown))


def test_faults_of_kustomizations_and_values_are_found_together(tmp_path: Path) -> None:
    """A field that kustomize does not know, and one that the chart does not have."""
    folder = tmp_path / "k8s"
    shutil.copytree(FOLDER, folder)
    with (folder / "overlays" / "ward" / "kustomization.yaml").open("a") as overlay:
        overlay.write("resource: [nothing.yaml]\n")
    with (folder / "nats" / "city.yaml").open("a") as values:
        values.write("replicaCount: 3\n")

    kustomization, values_of_chart = check.problems(folder, ["overlays/ward"])

    assert kustomization.startswith("overlays/ward:")
    assert "resource" in kustomization
    assert values_of_chart.startswith("nats/city.yaml:")
    assert "replicaCount" in values_of_chart


def test_rules_for_the_operator_are_those_of_compose(tmp_path: Path) -> None:
    """One source: what was changed in the copy is told."""
    folder = tmp_path / "k8s"
    shutil.copytree(FOLDER / "monitoring", folder / "monitoring")
    assert rules.problems(folder) == []
    file = folder / "monitoring" / "rules.yaml"
    file.write_text(file.read_text().replace("> 60", "> 90"))

    assert rules.problems(folder) == [
        "monitoring/rules.yaml: not as it is generated; run `make rules`"
    ]


def test_rules_and_dashboards_of_the_cluster_are_checked_too() -> None:
    """A field that the operator does not know; and each dashboard comes as a file of its own."""
    applied = build(CLUSTER)
    (rule,) = of_kind(applied, "PrometheusRule").values()
    assert not list(check.wrong_with(rule))
    rule["spec"]["groups"][0]["rules"][0]["severity"] = "page"
    assert any("severity" in wrong for wrong in check.wrong_with(rule))

    dashboards = of_kind(applied, "ConfigMap").values()
    assert all(one["metadata"]["labels"]["grafana_dashboard"] == "1" for one in dashboards)
    files = {name: text for one in dashboards for name, text in one["data"].items()}
    assert files == {
        file.name: file.read_text() for file in (GRAFANA / "dashboards").glob("*.json")
    }
