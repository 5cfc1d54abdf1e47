"""The end of a process's own access token, as metrics tell it."""

import time
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from chassis.rpc.service_token import tell_expiry
from stack.issuer import LIFETIME_SECONDS
from tests.fixtures.servers import MakeToken


def told() -> float | None:
    """Read the metric, as a scrape does."""
    return REGISTRY.get_sample_value(
        "ward_service_token_expires_timestamp_seconds", {"use": "calls"}
    )


def test_the_end_is_told_as_the_file_has_it_now(make_token: MakeToken, tmp_path: Path) -> None:
    """A file that is replaced is read anew; one that is away, or holds something else, has ended."""
    file = tmp_path / "token"
    tell_expiry(file)

    assert told() == 0
    file.write_text(make_token("service") + "\n")
    assert told() == pytest.approx(time.time() + LIFETIME_SECONDS, abs=60)
    file.write_text("no.token.at-all")
    assert told() == 0
