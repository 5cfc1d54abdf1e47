"""A campaign finds a decoder that trips, keeps the input, and passes one that keeps its promise."""

import importlib.util
from pathlib import Path

import pytest

from fuzz.campaign import fuzz

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None, reason="atheris has no wheel for this platform"
)


def test_a_decoder_that_trips_is_found_with_its_input(tmp_path: Path) -> None:
    """Guided by coverage, two letters take no time; it ends with the first finding."""
    result = fuzz("tests.fuzz.broken:decode", [b"xx"], tmp_path, seconds=100)

    assert result.failed
    assert [one.read_bytes()[:2] for one in result.findings] == [b"ok"]


def test_a_decoder_that_believes_too_much_is_found(tmp_path: Path) -> None:
    """Raising nothing is not enough."""
    assert fuzz("tests.fuzz.broken:decode_wrongly", [b"xx"], tmp_path, seconds=100).findings


def test_a_decoder_that_keeps_its_promise_passes(tmp_path: Path) -> None:
    """After so many executions."""
    result = fuzz("fire_safety.decoders.plain_json:decode", [b'{"smoke":true}'], tmp_path, 3)

    assert not result.failed, result.log.read_text()
    assert result.executions > 100
    assert result.covered > 10


def test_what_could_not_be_tried_has_failed(tmp_path: Path) -> None:
    """A target that is not there passes nothing."""
    assert fuzz("fire_safety.decoders.nothing:decode", [b"xx"], tmp_path, seconds=1).failed
