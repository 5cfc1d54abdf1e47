"""The command line: `python -m canary`."""

import argparse
from functools import partial

from canary import broker_certificate
from canary.backups import began
from canary.officer import Officer
from canary.rounds import Rounds
from canary.sensor import Sensor
from canary.settings import Settings
from chassis import lifecycle
from chassis.clock import utc_now
from chassis.lifecycle import Lifecycle
from chassis.rpc import service_token
from chassis.service import connect_broker
from chassis.settings import read_settings
from chassis.telemetry import log, metrics
from chassis.telemetry.admin import admin_server
from chassis.telemetry.health import Readiness


def main() -> None:
    """Measure until stopped."""
    parser = argparse.ArgumentParser(
        prog="python -m canary",
        description="Đo đường từ cảm biến đến trực ban mỗi phút · measure the way from sensor to officer each minute",
        epilog="Cài đặt lấy từ biến môi trường · settings come from the environment: tools/canary/settings.py",
    )
    parser.parse_args()
    settings = read_settings(Settings)
    log.configure("canary", settings.log_level)
    lifecycle.run(serve(settings))


async def serve(settings: Settings) -> None:
    """Measure until stopped."""
    async with Lifecycle() as life:
        await start(life, settings)
        await life.until_stopped()


async def start(life: Lifecycle, settings: Settings) -> None:
    """Start the canary within a lifecycle."""
    if settings.backup_record_file:
        metrics.BACKUP_TIMESTAMP.set_function(partial(began, settings.backup_record_file))
    service_token.tell_expiry(settings.service_token_file)
    officer = Officer(settings.gateway_address, settings.service_token_file)
    life.at_stop(officer.close)
    readiness = Readiness({"officers_stream": officer.check})
    life.serve_http(admin_server(settings.admin_listen, readiness))
    life.background("readiness", readiness.run([]))
    watching = broker_certificate.watch(settings.nats_url.get_secret_value())
    life.background("broker_certificate", watching)
    broker = await connect_broker(life, settings.nats_url, "canary", settings.nats_authority_file)
    rounds = Rounds(
        Sensor(broker.jetstream(), settings.ward_code),
        officer,
        utc_now,
        settings.canary_every_s,
        settings.canary_lost_after_s,
    )
    life.background("watch", rounds.watch())
    life.background("rounds", rounds.run())


if __name__ == "__main__":
    main()
