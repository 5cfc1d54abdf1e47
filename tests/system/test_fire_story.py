"""The story of one fire, from the sensor to the after-action review, over HTTP only; a page in docs/ tells it."""

from pathlib import Path
from typing import Any

import pytest

from simulator.fire_story.page import headings, page
from simulator.fire_story.story import DUTY, EXECUTIVE, RESPONDER, tell
from simulator.fire_story.teller import Step
from stack.supervisor import Stack

pytestmark = [
    pytest.mark.system,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]

PAGE = Path(__file__).parents[2] / "docs" / "fire-story.md"


async def test_one_fire_is_told_from_the_sensor_to_the_review(ward: Stack) -> None:
    """Each officer does their part; the page is that of this story, and shows nobody's name."""
    steps = await tell(ward.installation, "CS-0006")

    def shown(request: str, caller: Any = None) -> list[Any]:
        """Give what is shown of the requests that end in something."""
        return [one.shown for one in steps if _is(one, request, caller)]

    (brief,) = shown("/brief")
    (given,) = shown("/after-action-review/actions")
    (done,) = shown(":end", RESPONDER)
    (closed,) = shown(":close", DUTY)
    (counted,) = shown("/figures", EXECUTIVE)
    timeline = steps[-1].shown["timeline"]
    kinds = [entry["kind"] for entry in timeline]
    written = page(steps)

    assert brief["brief"]["people"]["registered"] >= 0
    assert brief["brief"]["detectors"]
    assert closed["incident"]["state"] == "INCIDENT_STATE_CLOSED"
    assert given["action"]["dueOn"]
    assert done["action"]["state"] == "REVIEW_ACTION_STATE_DONE"
    fires = next(
        one for one in counted["figures"] if one["indicator"] == "fires" and not one.get("part")
    )
    assert int(fires["numerator"]) >= 1
    assert fires["basis"] == "FIGURE_BASIS_MEASURED"
    assert kinds[0] == "opened"
    assert kinds[-3:] == ["after_action_review", "review_action", "review_action"]
    assert {"acknowledged", "alarm_joined", "en_route", "on_scene", "controlled", "closed"} <= set(
        kinds
    )
    assert headings(PAGE.read_text()) == headings(written)
    assert '"fullName"' not in written


def _is(step: Step, request: str, caller: Any) -> bool:
    return step.request.endswith(request) and (caller is None or step.caller == str(caller))
