"""What runs on one machine, as it is planned."""

from pathlib import Path
from typing import Any

import pytest

from stack.installation import Installation
from stack.settings import Ports, Settings
from stack.ward_plan import ward_plan


@pytest.mark.parametrize(
    ("dispatch", "fault"), [("none", None), ("accepting", "none"), ("rejecting", "rejecting")]
)
def test_a_dispatch_centre_is_there_where_it_is_wished(
    tmp_path: Path, dispatch: Any, fault: str | None
) -> None:
    """It listens where incidents calls it; by itself there is none, and nothing can be handed over."""
    place = Installation(tmp_path, Ports(), Settings(dispatch=dispatch))
    place.prepare()
    services = [one for group in ward_plan(place, 10, fleet=False).services for one in group]
    centres = [one for one in services if one.name == "dispatch"]
    target = place.environment_of("incidents").get("DISPATCH_TARGET")

    assert [one.command[-1] for one in centres] == ([] if fault is None else [fault])
    assert all(target in one.command for one in centres)
    assert (target is None) is (fault is None)
