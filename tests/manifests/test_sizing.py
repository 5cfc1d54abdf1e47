"""The sizing page follows from what was measured and from what the manifests ask for."""

from manifests import sizing
from manifests.build import REPOSITORY, Manifest, nats_values
from tests.manifests.conftest import of_kind


def test_the_page_shows_the_figures_of_now() -> None:
    """After a new benchmark or another request: `make sizing`."""
    page = (REPOSITORY / "docs" / "sizing.md").read_text()

    assert sizing.written(page) == page


def test_the_database_has_disk_for_the_readings_that_are_kept(manifests: list[Manifest]) -> None:
    """For as long as the policy says."""
    cluster = of_kind(manifests, "Cluster")["database"]

    assert sizing.amount(cluster["spec"]["storage"]["size"]) >= sizing.readings_disk()


def test_the_broker_has_disk_for_its_streams_when_all_are_full() -> None:
    """Bounds of streams that no disk has would end in a broker that stores nothing."""
    values = nats_values()["nats/values.yaml"]

    disk = sizing.amount(values["config"]["jetstream"]["fileStore"]["pvc"]["size"])
    assert disk >= sizing.streams_disk()


def test_quantities_are_read_as_kubernetes_does() -> None:
    """Thousandths and powers of two."""
    assert [sizing.amount(one) for one in ("250m", 2, "1Mi", "1.5Gi")] == [
        0.25,
        2,
        2**20,
        1.5 * 2**30,
    ]
