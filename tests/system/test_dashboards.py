"""Every query of every dashboard, at a real Prometheus that scrapes the platform and at its databases."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
import pytest_asyncio
import yaml

from monitoring.dashboards import words
from monitoring.generated import promql_of, targets_of
from monitoring.programs import program
from monitoring.queries import asked_metrics
from monitoring.settings import GRAFANA, PROMETHEUS
from stack.child_process import ChildProcess
from stack.ports import LOOPBACK, free_ports
from stack.supervisor import Stack
from tests.system.officer import PATIENCE_S, Officer
from tests.system.smoke import CLEAN_AIR, SMOKE, Detector

pytestmark = [
    pytest.mark.system,
    pytest.mark.prometheus,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]

BOARDS = {
    file.stem: json.loads(file.read_text()) for file in (GRAFANA / "dashboards").glob("*.json")
}
WARD = "11002"
# What a ward does not have on a good day, and a test cannot bring about in seconds: Prometheus must know the metric.
QUIET = frozenset(
    {
        "ward_alarms_reset_total",
        # Shares of the year's cases, of which there is none yet.
        "ward_cases_decided_in_time_ratio",
        "ward_cases_electronic_ratio",
        "ward_dead_letters_total",
        "ward_device_sign_ins_total",
        "ward_escalations_total",
        "ward_grpc_handling_seconds_count",  # of the codes that are a service's own fault
        # Shares and times of the year: counted once a minute, so the fire of this test comes too late.
        "ward_indicator_denominator",
        "ward_indicator_numerator",
        "ward_indicator_seconds",
        "ward_notification_attempts_total",
        "ward_signals_suppressed_total",
    }
)


# What Grafana puts for `$__rate_interval` there: longer than these tests last, so that the fire stays in sight.
_RATE_INTERVAL = "10m"
_HAS_SEEN_A_FIRE = (
    f'sum(increase(ward_alarms_raised_total{{signal_class="ALARM"}}[{_RATE_INTERVAL}])) > 0'
    ' and on () ward_incidents_open > 0 and on () ALERTS{alertstate="firing"}'
)


class Prometheus:
    """A running Prometheus, asked over HTTP."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def ask(self, query: str) -> list[dict[str, Any]]:
        """Give the present series of a query."""
        answer = await self._client.get("/api/v1/query", params={"query": query})
        found = answer.json()
        assert found["status"] == "success", found
        series: list[dict[str, Any]] = found["data"]["result"]
        return series

    async def knows(self, metric: str) -> bool:
        """Tell whether anything that was scraped declares a metric, whether it has values or not."""
        family = metric.removesuffix("_count").removesuffix("_bucket").removesuffix("_total")
        for name in (metric, family):
            answer = await self._client.get("/api/v1/metadata", params={"metric": name})
            if answer.json()["data"]:
                return True
        return False


def configuration(ward: Stack) -> dict[str, Any]:
    """Make a configuration as in deploy/, with the platform's own addresses, that scrapes each second."""
    place = ward.installation
    ports = {
        name: place.admin_port(name.replace("-", "_"))
        for name in ("residency", "fire-safety", "incidents", "canary")
    } | {"gateway": place.ports.gateway_port}
    told: dict[str, Any] = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    assert {one["job_name"] for one in told["scrape_configs"]} == set(ports)
    for one in told["scrape_configs"]:
        one["static_configs"][0]["targets"] = [f"{LOOPBACK}:{ports[one['job_name']]}"]
    told["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    told["rule_files"] = [str(PROMETHEUS / "rules" / "*.yml")]
    return told


@asynccontextmanager
async def scraping(ward: Stack, folder: Path) -> AsyncGenerator[httpx2.AsyncClient]:
    """Run Prometheus for a while."""
    (port,) = free_ports(1)
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration(ward)))
    process = ChildProcess(
        "prometheus",
        [
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={LOOPBACK}:{port}",
        ],
        folder / "prometheus.log",
    )
    process.start()
    try:
        async with httpx2.AsyncClient(base_url=f"http://{LOOPBACK}:{port}") as client:
            yield client
    finally:
        process.stop(10)


async def burn(ward: Stack, officer: Officer) -> None:
    """Let a fire break out and have it taken on."""
    place = await officer.premises(2)
    device = (await officer.devices(place["premisesId"]))[0]
    detector = Detector(ward.installation, device)
    await detector.report(CLEAN_AIR, 3)
    await detector.report(SMOKE, 10)
    (incident,) = await officer.until(lambda: officer.open_incidents(place["premisesId"]))
    await officer.get(f"/v1/incidents/{incident['incidentId']}/brief")
    await officer.post(f"/v1/incidents/{incident['incidentId']}:acknowledge")


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def prometheus(ward: Stack, scratch: Path) -> AsyncGenerator[Prometheus]:
    """Run Prometheus until it has seen a fire."""
    folder = scratch / "prometheus"
    folder.mkdir()
    async with scraping(ward, folder) as client, Officer(ward.installation) as officer:
        asked = Prometheus(client)

        async def tells(query: str) -> bool:
            try:
                return bool(await asked.ask(query))
            # As it starts it does not listen yet, and then says in plain text that it is not ready.
            except (httpx2.TransportError, json.JSONDecodeError):
                return False

        # What had happened before the first scrape would be no increase.
        await officer.until(lambda: tells("sum(up) == 5"))
        await burn(ward, officer)
        await officer.until(lambda: tells(_HAS_SEEN_A_FIRE))
        yield asked


async def answered(prometheus: Prometheus, query: str) -> bool:
    """Tell whether a panel's query has data, or asks for what is known and happens on bad days only."""
    plain = query.replace("$ward", WARD).replace("$__rate_interval", _RATE_INTERVAL)
    if await prometheus.ask(plain):
        return True
    metrics = asked_metrics(plain)
    return metrics <= QUIET and all([await prometheus.knows(one) for one in metrics])


@pytest.mark.parametrize("board", sorted(BOARDS))
async def test_every_panel_asks_for_something_that_is_there(
    prometheus: Prometheus, board: str
) -> None:
    """Each query in PromQL is answered with data; of what happens on bad days only, the metric is known."""
    empty = list(promql_of(BOARDS[board]))
    for _ in range(PATIENCE_S):
        empty = [(title, one) for title, one in empty if not await answered(prometheus, one)]
        if not empty:
            break
        # A rate needs two scrapes, a value the last one; a scrape that takes more than its second is none.
        await asyncio.sleep(1)

    assert empty == []


@pytest.mark.parametrize(
    ("counter", "label", "told"),
    [
        ("ward_alarms_raised_total", "kind", words.ALARM_KINDS),
        ("ward_alarms_reset_total", "kind", words.ALARM_KINDS),
        ("ward_device_sign_ins_total", "outcome", words.SIGN_INS),
        ("ward_incidents_opened_total", "kind", words.INCIDENT_KINDS),
        ("ward_lookups_limited_total", "pattern", words.PATTERNS),
        ("ward_notification_attempts_total", "outcome", words.ATTEMPTS),
        ("ward_population_answers_total", "verdict", words.VERDICTS),
        ("ward_signals_suppressed_total", "why", words.SUPPRESSIONS),
        ("ward_webhook_deliveries_total", "outcome", words.WEBHOOKS),
    ],
)
async def test_what_happens_first_is_counted(
    prometheus: Prometheus, counter: str, label: str, told: words.Words
) -> None:
    """Counters are told before anything has happened: Prometheus sees no increase in a series that is new."""
    series = await prometheus.ask(f'last_over_time({counter}{{ward="{WARD}"}}[{_RATE_INTERVAL}])')
    assert {one["metric"][label] for one in series} == set(told)


@pytest.mark.parametrize(
    ("title", "metric"),
    [
        ("Giải quyết đúng hạn trong năm", "ward_cases_decided_in_time_ratio"),
        ("Nộp điện tử trong năm", "ward_cases_electronic_ratio"),
    ],
)
async def test_a_share_of_no_case_is_no_number(
    prometheus: Prometheus, title: str, metric: str
) -> None:
    """Residency alone tells it: services without cases have a 0, which would say that none was decided in time."""
    query = dict(promql_of(BOARDS["ho-so-cu-tru"]))[title].replace("$ward", WARD)
    shown = [one["value"][1] for one in await prometheus.ask(query)]
    residency = await prometheus.ask(f'{metric}{{ward="{WARD}", job="residency"}}')
    assert shown == [one["value"][1] for one in residency if one["value"][1] != "NaN"]


async def test_a_dead_query_is_found(prometheus: Prometheus) -> None:
    """A metric that nobody exports is not known, and has no data."""
    assert not await prometheus.knows("ward_dead_letters_sum_total")
    assert await prometheus.ask("ward_dead_letters_sum_total") == []


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def grafana(ward: Stack) -> Mapping[str, str]:
    """Make the role that Grafana has, as deploy/ says; give the databases' addresses by data source."""
    server, urls = ward.installation.postgres, {}
    for source in ("fire_safety", "incidents"):
        address = server.url(source).replace("+asyncpg", "")
        connection = await asyncpg.connect(address)
        await connection.execute((GRAFANA / "role.sql").read_text())
        await connection.execute("alter role grafana password 'for-this-test'")
        await connection.close()
        urls[source.replace("_", "-")] = (
            f"postgresql://grafana:for-this-test@{LOOPBACK}:{server.port}/{source}"
        )
    return urls


@pytest.mark.usefixtures("prometheus")
async def test_every_table_and_map_has_rows(grafana: Mapping[str, str]) -> None:
    """Each query in SQL, by the role that Grafana has."""
    asked = 0
    for board in BOARDS.values():
        for title, target in targets_of(board):
            if "rawSql" not in target:
                continue
            connection = await asyncpg.connect(grafana[target["datasource"]["uid"]])
            rows = await connection.fetch(target["rawSql"].replace("$ward", WARD))
            await connection.close()
            assert rows, title
            asked += 1
    assert asked == 5


@pytest.mark.parametrize(
    ("source", "table"),
    [
        ("fire-safety", "public.premises"),
        ("fire-safety", "public.alarms"),
        ("incidents", "public.incidents"),
        ("incidents", "public.reports"),
    ],
)
async def test_grafana_reads_nothing_but_its_views(
    grafana: Mapping[str, str], source: str, table: str
) -> None:
    """Contacts, reports and timelines stay where they are."""
    connection = await asyncpg.connect(grafana[source])
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"select * from {table}")  # noqa: S608 - ours
    finally:
        await connection.close()
