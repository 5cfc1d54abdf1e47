"""The database of deploy/k8s, as its operator makes it: roles, template, databases, who may enter."""

import secrets
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from chassis.storage import migrations
from manifests.build import REPOSITORY, Manifest
from monitoring.settings import GRAFANA
from stack.postgres import PostgresServer
from tests.fixtures.servers import MakeDatabase, folder, memory
from tests.manifests.conftest import of_kind

pytestmark = pytest.mark.postgres

PASSWORD = secrets.token_hex(16)
RIGHTS = """
    select relname, relacl::text[] from pg_class where relnamespace = 'public'::regnamespace and relacl is not null
    union all select proname || '()', proacl::text[] from pg_proc
    where pronamespace = 'public'::regnamespace and proacl is not null and proowner = (
        select oid from pg_roles where rolname = $1)
    union all select nspname, nspacl::text[] from pg_namespace where nspname = 'partitions'
"""

TABLES = """
    select format('%I.%I', nspname, relname) from pg_class join pg_namespace on relnamespace = pg_namespace.oid
    where relkind in ('r', 'p', 'v') and nspname not in ('pg_catalog', 'information_schema')
"""


@pytest.fixture
def server() -> Generator[PostgresServer]:
    """Run a server that has no database of a service yet."""
    with folder(memory()) as made:
        started = PostgresServer(made, durable=False)
        started.start()
        yield started
        started.stop()


@asynccontextmanager
async def entered(url: str) -> AsyncGenerator[asyncpg.Connection]:
    """Connect to a database of the server."""
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        yield connection
    finally:
        await connection.close()


def address(server: PostgresServer, database: str, role: str) -> str:
    """Name a database for a role with the password that all have here."""
    return f"postgresql+asyncpg://{role}:{PASSWORD}@127.0.0.1:{server.port}/{database}"


async def make(server: PostgresServer, manifests: list[Manifest]) -> None:
    """Do what the operator does, in its order: begin, the template, roles, databases, who may enter."""
    spec = of_kind(manifests, "Cluster")["database"]["spec"]
    async with entered(server.url("postgres")) as postgres:
        for statement in spec["bootstrap"]["initdb"]["postInitSQL"]:
            await postgres.execute(statement)
        async with entered(server.url("template1")) as template:
            for statement in spec["bootstrap"]["initdb"]["postInitTemplateSQL"]:
                await template.execute(statement)
        made = {name for (name,) in await postgres.fetch("select rolname from pg_roles")}
        for role in spec["managed"]["roles"]:
            assert role["login"]
            verb = "alter" if role["name"] in made else "create"
            await postgres.execute(f"{verb} role {role['name']} login password '{PASSWORD}'")
        for database in of_kind(manifests, "Database").values():
            named = database["spec"]
            await postgres.execute(f"create database {named['name']} owner {named['owner']}")
        rules = Path(await postgres.fetchval("show hba_file"))
        let_in(rules, spec["postgresql"]["pg_hba"])
        await postgres.execute("select pg_reload_conf()")
        assert not await postgres.fetchval("select count(error) from pg_hba_file_rules")


def let_in(rules: Path, ours: list[str]) -> None:
    """Write who may enter: our lines stand before the operator's own last one. This server speaks no TLS."""
    plain = [line.replace("hostssl", "host") for line in ours if not line.startswith("hostnossl")]
    superuser, last = "host all postgres all scram-sha-256", "host all all all scram-sha-256"
    rules.write_text("\n".join([superuser, *plain, last, ""]))


async def test_services_have_the_rights_that_they_have_on_one_machine(
    server: PostgresServer, city: list[Manifest], make_database: MakeDatabase
) -> None:
    """Table by table and function by function, once migrations have run; and none elsewhere. Grafana reads views."""
    await make(server, city)
    services = [one["spec"]["name"] for one in of_kind(city, "Database").values()]
    assert len(services) == 3

    for service in services:
        owner = f"{service}_owner"
        scripts = REPOSITORY / "services" / service.replace("_", "-") / "migrations"
        await migrations.upgrade(address(server, service, owner), scripts)
        on_one_machine = await make_database(service)
        async with (
            entered(address(server, service, owner)) as here,
            entered(on_one_machine.owner_url) as there,
        ):
            told, expected = await rights(here, owner), await rights(there, owner)
        assert told == expected
        assert len(told) > 10

        async with entered(address(server, service, f"{service}_app")) as app:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute("create table mine ()")
        for other in {*services, "postgres"} - {service}:
            await assert_kept_out(server, other, f"{service}_app")

    await assert_grafana_reads_views_alone(server, city)


async def rights(connection: asyncpg.Connection, owner: str) -> dict[str, set[str]]:
    """Tell who may do what with each table, function and schema."""
    return {name: set(acl or ()) for name, acl in await connection.fetch(RIGHTS, owner)}


async def assert_kept_out(server: PostgresServer, database: str, role: str) -> None:
    """Who has no business in a database does not even get in."""
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await asyncpg.connect(address(server, database, role).replace("+asyncpg", ""))


async def assert_grafana_reads_views_alone(server: PostgresServer, city: list[Manifest]) -> None:
    """As the job says it, that runs as the owner of each database."""
    job = of_kind(city, "CronJob")["grafana-role"]
    script = (GRAFANA / "role.sql").read_text()
    for container in job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]:
        given = {one["name"]: one.get("value") for one in container["env"]}
        database, owner = given["PGDATABASE"], given["PGUSER"]
        async with entered(address(server, database, owner)) as connection:
            await connection.execute(script)
            tables = await connection.fetch(TABLES)
        async with entered(address(server, database, "grafana")) as grafana:
            readable = []
            for (table,) in tables:
                with suppress(asyncpg.InsufficientPrivilegeError):
                    await grafana.execute(f"select from {table} limit 1")
                    readable.append(table)
        assert readable
        assert all(table.startswith("dashboards.") for table in readable)
    await assert_kept_out(server, "residency", "grafana")
