"""What deploy/k8s says of the services is what the services are."""

import base64
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from canary.settings import Settings as CanarySettings
from chassis.broker.nkey import CurveKey, SigningKey
from chassis.broker.partitions import PARTITIONS
from chassis.settings import BaseServiceSettings, read_settings
from chassis.telemetry import admin
from chassis.telemetry.health import Readiness
from fire_safety.settings import Settings as FireSafetySettings
from gateway.routes import console_routes, operations_routes
from gateway.schemas.contracts import read_contracts
from gateway.settings import Settings as GatewaySettings
from incidents.settings import Settings as IncidentsSettings
from manifests.build import FOLDER, Manifest, build
from residency.settings import Settings as ResidencySettings
from tests.manifests.conftest import of_kind

SETTINGS: dict[str, type[BaseServiceSettings]] = {
    "residency": ResidencySettings,
    "fire_safety": FireSafetySettings,
    "incidents": IncidentsSettings,
    "gateway": GatewaySettings,
    "canary": CanarySettings,
}
# Read by the database's driver, not by us.
DRIVER = {"PGSSLMODE", "PGSSLROOTCERT"}
# Who calls whom: the arrows of ARCHITECTURE.md.
ARROWS = {
    ("gateway", "residency"),
    ("gateway", "fire-safety"),
    ("gateway", "incidents"),
    ("incidents", "residency"),
}
# Not of the ward: only who says so is connected, as the model of a city's wards does.
POPULATION = "population.example.vn:50051"
# What a ward's kustomization says then.
WARD = "wards/11002/kustomization.yaml"
CONNECTED = "components:\n  - ../../overlays/city/population\n"
DATABASE_SERVICES = ("residency", "fire-safety", "incidents")
# Those of them that keep an account of every look are audited each day.
AUDITS = {"residency-audit", "incidents-audit"}
NAME = "app.kubernetes.io/name"


# Each of these counts for itself: one more would tell nothing new.
ALONE = {"canary"}


def serves(container: Manifest) -> bool:
    """Tell whether a container stays, rather than doing something once."""
    return container["command"][3:] in ([], ["serve"])


def containers(manifests: list[Manifest]) -> list[tuple[Manifest, Manifest]]:
    """Give each container of our image with its pod's specification, those that migrate or audit too."""
    pods = [one["spec"]["template"]["spec"] for one in of_kind(manifests, "Deployment").values()]
    pods += [
        one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for name, one in of_kind(manifests, "CronJob").items()
        if name in AUDITS
    ]
    return [
        (pod, container)
        for pod in pods
        for container in (*pod.get("initContainers", []), *pod["containers"])
    ]


def environment(manifests: list[Manifest], container: Manifest) -> dict[str, str]:
    """Make the environment that a container would have, with secrets of no installation."""
    config = of_kind(manifests, "ConfigMap")
    made: dict[str, str] = {}
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            made |= config[source["configMapRef"]["name"]]["data"]
        else:
            made |= SECRETS[source["secretRef"]["name"]]
    for one in container.get("env", []):
        if entry := one.get("valueFrom", {}).get("configMapKeyRef"):
            made[one["name"]] = config[entry["name"]]["data"][entry["key"]]
            continue
        # Kubernetes fills in what stands before it.
        value = one.get("value", "secret")
        made[one["name"]] = re.sub(r"\$\((\w+)\)", lambda found: made[found[1]], value)
    return made


def key(number: int) -> str:
    """Make a key."""
    return base64.b64encode(bytes([number]) * 32).decode()


SECRETS = {
    "residency": {"ID_ENCRYPTION_KEY": key(1), "ID_INDEX_KEY": key(2), "PSEUDONYM_KEY": key(3)},
    "fire-safety": {
        "NATS_SIGNING_SEED": SigningKey.of_bytes(bytes(32)).seed,
        "NATS_CURVE_SEED": CurveKey.of_bytes(bytes(32)).seed,
    },
    "incidents": {"REPORT_ENCRYPTION_KEY": key(4), "FOLLOW_UP_KEY": key(5)},
}


def test_every_service_starts_with_the_settings_that_it_is_given(
    manifests: list[Manifest], monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is missing, none is wrong, and none is one that the service does not have."""
    checked = containers(manifests)
    assert {container["command"][2] for _, container in checked} == set(SETTINGS)
    for _, container in checked:
        kind = SETTINGS[container["command"][2]]
        given = environment(manifests, container)
        with monkeypatch.context() as context:
            context.setattr("os.environ", given)
            read_settings(kind)

        parts = {
            used
            for one in container.get("env", [])
            for used in re.findall(r"\$\((\w+)\)", one.get("value", ""))
        }
        assert {name.lower() for name in set(given) - parts - DRIVER} <= set(kind.model_fields)
        if serves(container):
            assert "MIGRATION_DATABASE_URL" not in given


def test_secrets_are_those_that_the_store_holds(city: list[Manifest]) -> None:
    """Each that a container names is fetched, issued or made, with the entries that it reads."""
    fetched = {
        name: {one["secretKey"] for one in secret["spec"]["data"]}
        for name, secret in of_kind(city, "ExternalSecret").items()
    }
    assert {name: set(entries) for name, entries in SECRETS.items()}.items() <= fetched.items()
    issued = {one["spec"]["secretName"] for one in of_kind(city, "Certificate").values()}
    tokens = {name for name, entries in fetched.items() if entries == {"token"}}
    assert tokens == {"incidents-token", "gateway-token", "canary-token"}
    assert fetched["notification-gateways"] == {"gateways.json"}
    assert fetched["population"] == {"ca.crt", "tls.crt", "tls.key"}
    # CloudNativePG makes the authority beside the cluster `database`.
    mounted = {*issued, *tokens, "notification-gateways", "population", "database-ca"}
    for pod, container in containers(city):
        for one in container.get("env", []):
            if named := one.get("valueFrom", {}).get("secretKeyRef"):
                assert named["key"] in fetched[named["name"]]
        for volume in pod["volumes"]:
            assert volume["secret"]["secretName"] in mounted
    for role in of_kind(city, "Cluster")["database"]["spec"]["managed"]["roles"]:
        assert fetched[role["passwordSecret"]["name"]] == {"username", "password"}


def test_files_that_settings_name_are_mounted(manifests: list[Manifest]) -> None:
    """Certificates, the database's authority, the service's own token."""
    for pod, container in containers(manifests):
        folders = {one["mountPath"]: one["name"] for one in container["volumeMounts"]}
        assert set(folders.values()) <= {one["name"] for one in pod["volumes"]}
        for name, value in environment(manifests, container).items():
            if name.endswith("_FILE") or name == "PGSSLROOTCERT":
                assert value.rpartition("/")[0] in folders, name


def test_ports_are_those_on_which_services_listen(manifests: list[Manifest]) -> None:
    """And where they are called, measured and asked how they are."""
    services = of_kind(manifests, "Service")
    for _, container in containers(manifests):
        if not serves(container):
            continue
        named = {one["name"]: one["containerPort"] for one in container["ports"]}
        given = environment(manifests, container)
        listening = {
            name.removesuffix("_LISTEN").lower(): int(value.rpartition(":")[2])
            for name, value in given.items()
            if name.endswith("_LISTEN")
        }
        assert named == listening
        own = services[container["name"]]["spec"]["ports"]
        assert {one["targetPort"]: one["port"] for one in own} == listening
        for name, value in given.items():
            if name.endswith("_TARGET") and value != POPULATION:
                host, _, port = value.partition(":")
                assert int(port) in [one["port"] for one in services[host]["spec"]["ports"]]


def test_probes_and_monitors_ask_what_services_answer(manifests: list[Manifest]) -> None:
    """At the administrators' port, and at the gateway's."""
    answered = {
        "admin": _paths(admin.admin_server("127.0.0.1:0", Readiness({})).config.app),
        "http": _paths(operations_routes({})),
    }
    for _, container in containers(manifests):
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if serves(container):
                asked = container[probe]["httpGet"]
                assert asked["path"] in answered[asked["port"]]
    services = of_kind(manifests, "Service")
    measured = set()
    for monitor in of_kind(manifests, "ServiceMonitor").values():
        (endpoint,) = monitor["spec"]["endpoints"]
        assert endpoint["path"] in answered[endpoint["port"]]
        for name, service in services.items():
            if _selects(monitor["spec"]["selector"], service["metadata"]["labels"]):
                assert endpoint["port"] in [one["name"] for one in service["spec"]["ports"]]
                measured.add(name)
    assert measured == set(services)


def _paths(app: Any) -> set[str]:
    return {route.path for route in app.routes}


def _selects(selector: Manifest, labels: dict[str, str]) -> bool:
    equal = selector.get("matchLabels", {}).items() <= labels.items()
    return equal and all(
        labels.get(one["key"]) in one["values"] for one in selector.get("matchExpressions", [])
    )


def test_the_network_lets_through_the_arrows_and_nothing_else(manifests: list[Manifest]) -> None:
    """Both ends must allow a connection: who calls, and who is called."""
    pods = {
        **{
            name: {NAME: name}
            for name in (*DATABASE_SERVICES, "gateway", "nats", "canary", "grafana-role", "audit")
        },
        "database": {"cnpg.io/cluster": "database"},
    }
    policies = list(of_kind(manifests, "NetworkPolicy").values())
    for labels in pods.values():
        for direction in ("Ingress", "Egress"):
            assert any(
                direction in one["spec"]["policyTypes"]
                and _selects(one["spec"]["podSelector"], labels)
                for one in policies
            )
    expected = {(who, whom, 50051) for who, whom in ARROWS}
    expected |= {(who, "nats", 4222) for who in DATABASE_SERVICES}
    expected |= {(who, "database", 5432) for who in (*DATABASE_SERVICES, "database")}
    expected |= {("database", "database", 8000), ("nats", "nats", 6222)}
    expected |= {("canary", "nats", 4222), ("canary", "gateway", 8080)}
    expected |= {("grafana-role", "database", 5432), ("audit", "database", 5432)}
    expected |= {("audit", "nats", 4222)}
    ports = (50051, 9090, 8080, 4222, 8883, 6222, 7777, 8222, 5432, 8000, 9187)

    assert expected == {
        (who, whom, port)
        for who, own in pods.items()
        for whom, other in pods.items()
        for port in ports
        if _allowed(policies, "egress", own, other, port)
        and _allowed(policies, "ingress", other, own, port)
    }
    called = {
        (container["name"], value.partition(":")[0])
        for _, container in containers(manifests)
        for name, value in environment(manifests, container).items()
        if name.endswith("_TARGET") and value != POPULATION
    }
    assert called == ARROWS


def test_the_ward_that_asks_the_population_database_may_leave_by_its_port(
    manifests: list[Manifest],
) -> None:
    """Residency alone, and only where it is told to ask; its files are those of the adapter, not of the ward."""
    asking = {
        container["name"]
        for _, container in containers(manifests)
        if environment(manifests, container).get("POPULATION_TARGET") == POPULATION
    }
    port = int(POPULATION.rpartition(":")[2])
    leaving = {
        policy["spec"]["podSelector"]["matchLabels"][NAME]
        for policy in of_kind(manifests, "NetworkPolicy").values()
        for rule in policy["spec"].get("egress", [])
        if "to" not in rule and port in [one["port"] for one in rule["ports"]]
    }
    connected = "population" in of_kind(manifests, "ExternalSecret")

    assert asking == leaving == ({"residency"} if connected else set())


def _allowed(
    policies: list[Manifest], direction: str, own: dict[str, str], other: dict[str, str], port: int
) -> bool:
    peers = {"egress": "to", "ingress": "from"}[direction]
    return any(
        port in [one["port"] for one in rule["ports"]]
        and (
            peers not in rule
            or any(
                "namespaceSelector" not in peer and _selects(peer["podSelector"], other)
                for peer in rule[peers]
            )
        )
        for policy in policies
        if _selects(policy["spec"]["podSelector"], own)
        for rule in policy["spec"].get(direction, [])
    )


def test_pods_have_no_rights_and_write_nothing(manifests: list[Manifest]) -> None:
    """As the namespace demands of them (`restricted`), and their files cannot be changed."""
    jobs = [
        one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        for one in of_kind(manifests, "CronJob").values()
    ]
    beside = [(pod, container) for pod in jobs for container in pod["containers"]]
    for pod, container in containers(manifests) + beside:
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "cpu" not in container["resources"]["limits"]
    (namespace,) = of_kind(manifests, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_every_account_is_audited_each_day(manifests: list[Manifest]) -> None:
    """By the command that verifies it and then removes what has expired, one run at a time."""
    for name in AUDITS:
        job = of_kind(manifests, "CronJob")[name]["spec"]
        minute, hour, *every_day = job["schedule"].split()
        (container,) = job["jobTemplate"]["spec"]["template"]["spec"]["containers"]

        assert minute.isdigit()
        assert hour.isdigit()
        assert every_day == ["*", "*", "*"]
        assert job["concurrencyPolicy"] == "Forbid"
        assert container["command"] == [
            "python",
            "-m",
            name.removesuffix("-audit"),
            "audit",
            "expire",
        ]


def test_a_ward_of_a_city_may_do_without_the_population_database(
    city: list[Manifest], tmp_path: Path
) -> None:
    """What residency would wait for is then in neither its pod nor what is fetched; all else is the same."""
    folder = tmp_path / "deploy" / "k8s"
    shutil.copytree(FOLDER.parent, folder.parent)
    (folder / WARD).write_text((FOLDER / WARD).read_text().replace(CONNECTED, ""))
    alone = build("wards/11002", folder)
    pod = of_kind(alone, "Deployment")["residency"]["spec"]["template"]["spec"]

    assert "population" not in {one["name"] for one in pod["volumes"]}
    assert {(one["kind"], one["metadata"]["name"]) for one in city} == {
        *((one["kind"], one["metadata"]["name"]) for one in alone),
        ("ExternalSecret", "population"),
        ("NetworkPolicy", "population"),
    }


def test_lanes_grow_as_they_can(city: list[Manifest]) -> None:
    """Detectors up to one a partition; the recorder is one with another standing by, whatever there is to do."""
    scaled = of_kind(city, "ScaledObject")
    scaled_by_processor = of_kind(city, "HorizontalPodAutoscaler")
    deployments = of_kind(city, "Deployment")
    lanes = {
        name: environment(city, one["spec"]["template"]["spec"]["containers"][0]).get("LANES")
        for name, one in deployments.items()
    }

    assert lanes["fire-safety"] == "detector"
    assert lanes["fire-safety-recorder"] == "recorder"
    assert scaled["fire-safety"]["spec"]["maxReplicaCount"] == PARTITIONS
    assert deployments["fire-safety-recorder"]["spec"]["replicas"] == 2
    assert set(scaled) | set(scaled_by_processor) == (
        set(deployments) - {"fire-safety-recorder"} - ALONE
    )


def test_each_budget_and_spread_is_about_the_pods_beside_it(manifests: list[Manifest]) -> None:
    """One that selects nothing protects nothing."""
    deployments = of_kind(manifests, "Deployment")
    budgets = of_kind(manifests, "PodDisruptionBudget")
    assert set(budgets) == set(deployments) - ALONE
    for name in budgets:
        one = deployments[name]
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert one["spec"]["selector"]["matchLabels"].items() <= labels.items()
        assert _selects(budgets[name]["spec"]["selector"], labels)
        for spread in one["spec"]["template"]["spec"]["topologySpreadConstraints"]:
            assert _selects(spread["labelSelector"], labels)


def test_wards_differ_by_code_and_connection_alone() -> None:
    """So that another ward is a copy with another code, connected to the population database or not."""
    wards = FOLDER / "wards"
    model = {
        one.name: one.read_text().replace(CONNECTED, "") for one in (wards / "11002").iterdir()
    }
    assert all("11002" in text for text in model.values())
    for ward in wards.iterdir():
        files = {one.name: one.read_text().replace(CONNECTED, "") for one in ward.iterdir()}
        assert files == {name: text.replace("11002", ward.name) for name, text in model.items()}


def test_every_address_for_people_is_let_in(manifests: list[Manifest]) -> None:
    """The console, what links in messages name, the contracts, standards and the description; nothing of operations."""
    (ingress,) = of_kind(manifests, "Ingress").values()
    (rule,) = ingress["spec"]["rules"]
    let_in = [(one["pathType"], one["path"]) for one in rule["http"]["paths"]]
    contracts = read_contracts(frozenset({"ward.fire_safety.v1", "ward.incidents.v1"}))
    templates = [binding.template for method in contracts.methods for binding in method.bindings]
    routes = console_routes(contracts).routes
    pages = [route.path for route in routes if isinstance(route, APIRoute)]

    for path in (*templates, *pages, "/docs", "/openapi.json", "/cap/alerts.atom"):
        assert any(_lets_in(*one, path) for one in let_in), path
    for path in ("/metrics", "/healthz", "/readyz"):
        assert not any(_lets_in(*one, path) for one in let_in), path


def _lets_in(path_type: str, prefix: str, path: str) -> bool:
    return path == prefix or (path_type == "Prefix" and path.startswith(f"{prefix}/"))
