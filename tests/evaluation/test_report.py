"""The page holds the tables as printed, calls synthetic what is, and gives counts and no percentages."""

import pytest
from rich.console import Console

from evaluation.evaluation import evaluate
from evaluation.published import published_profiles
from evaluation.report import page, print_tables
from tests.fire_safety.limits import PROFILE, PROFILES

SEEDS = range(2)


def test_the_page_is_what_was_printed_and_what_it_cannot_prove() -> None:
    """Both tables for both intervals."""
    console = Console(width=132, force_terminal=False)
    with console.capture() as captured:
        print_tables(console, list(evaluate([PROFILE], SEEDS)), ["co-dose/1"])
    printed = captured.get()
    written = page(printed, SEEDS)

    assert printed.rstrip() in written
    assert printed.count("│ smoke-optical/3 ") == 4
    assert "missed by smoke-optical/3: SDC38 A" in printed
    assert printed.count("17/17") >= 1
    assert printed.count("SYNTHETIC") >= 8
    assert "%" not in printed
    assert "2 traces of each kind" in written
    assert "co-dose/1" in written
    assert "cannot prove" in written


@pytest.mark.postgres
async def test_what_is_evaluated_is_what_is_published() -> None:
    """From a database of its own, by the service's query."""
    published = {one.name: one for one in await published_profiles()}

    assert published == {one.name: one for one in PROFILES}
