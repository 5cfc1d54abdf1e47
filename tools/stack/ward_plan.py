"""The plan of the real platform: the ward's services, its first data, and what is simulated around it."""

from stack.installation import DATABASE_SERVICES, Installation
from stack.plan import Plan, Service, Task, python_module

IMPORTING_SERVICES = ("residency", "fire_safety")


def ward_plan(installation: Installation, residents: int, *, fleet: bool) -> Plan:
    """Return what runs on one machine for a ward of that many residents."""
    services = tuple(_database_service(installation, name) for name in DATABASE_SERVICES)
    sensors = ((_fleet(installation),),) if fleet else ()
    outside = (_population(installation), *_dispatch(installation))
    return Plan(
        databases=DATABASE_SERVICES,
        tasks=(
            tuple(_migration(installation, name) for name in DATABASE_SERVICES),
            (_generation(installation, residents),),
            tuple(_import(installation, name) for name in IMPORTING_SERVICES),
        ),
        services=(
            (*outside, *services, _gateway(installation)),
            (_canary(installation),),
            *sensors,
        ),
    )


def _migration(installation: Installation, name: str) -> Task:
    return Task(
        name=f"{name}-migrate",
        vietnamese=f"Cập nhật lược đồ dữ liệu {name}",
        english=f"schema of {name}",
        command=python_module(name, "migrate"),
        environment=installation.environment_of(name),
    )


def _generation(installation: Installation, residents: int) -> Task:
    seed = str(installation.settings.seed)
    once = f"residents={residents} seed={seed}"
    options = ("--out", installation.ward, "--seed", seed, "--residents", str(residents))
    return Task(
        name="generate",
        vietnamese=f"Sinh dữ liệu giả lập của phường ({residents} cư dân hư cấu)",
        english="generating a fictitious ward",
        command=python_module("simulator", "generate", *options),
        environment=installation.environment_of("simulator"),
        once=once,
    )


def _import(installation: Installation, name: str) -> Task:
    return Task(
        name=f"{name}-import",
        vietnamese=f"Nạp dữ liệu vào {name}",
        english=f"importing into {name}",
        command=python_module(name, "import", installation.ward),
        environment=installation.environment_of(name),
        once="imported",
    )


def _database_service(installation: Installation, name: str) -> Service:
    environment = installation.environment_of(name)
    # Only `migrate` may act as the owner of the tables.
    del environment["MIGRATION_DATABASE_URL"]
    return Service(name, python_module(name, "serve"), environment, installation.admin_port(name))


def _gateway(installation: Installation) -> Service:
    return Service(
        name="gateway",
        command=python_module("gateway", "serve"),
        environment=installation.environment_of("gateway"),
        ready_port=installation.ports.gateway_port,
    )


def _canary(installation: Installation) -> Service:
    return Service(
        name="canary",
        command=python_module("canary"),
        environment=installation.environment_of("canary"),
        ready_port=installation.admin_port("canary"),
    )


def _population(installation: Installation) -> Service:
    options = (
        "--ward",
        installation.ward,
        "--listen",
        installation.population_target,
        "--fault-file",
        installation.population_fault,
    )
    return Service(
        name="population",
        command=python_module("simulator", "population", *options),
        environment=installation.environment_of("population"),
    )


def _dispatch(installation: Installation) -> tuple[Service, ...]:
    if not installation.has_dispatch:
        return ()
    fault = "rejecting" if installation.settings.dispatch == "rejecting" else "none"
    options = ("--listen", installation.dispatch_target, "--fault", fault)
    centre = Service(
        name="dispatch",
        command=python_module("simulator", "dispatch", *options),
        environment=installation.environment_of("dispatch"),
    )
    return (centre,)


def _fleet(installation: Installation) -> Service:
    return Service(
        name="fleet",
        command=python_module("simulator", "fleet", "--ward", installation.ward),
        environment=installation.environment_of("simulator"),
    )
