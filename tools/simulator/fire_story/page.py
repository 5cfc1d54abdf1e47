"""The page that tells the story: each request as it was sent, and of each answer what the story shows."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from simulator.fire_story.teller import Step

_HEAD = """\
# The story of one fire

From a sensor's reading to the after-action review, as officers live it: HTTP requests to a running platform and its
answers, written by `make story` and by nobody's hand. `tests/system/test_fire_story.py` tells the same story in each
run of the tests. Of each answer a part is shown; request ids are left out. The ward, its people and the accounts are
made up; names of occupants are not shown all the same.
"""
_SHOWN_MARKS = 2


def page(steps: Sequence[Step]) -> str:
    """Write the page, Markdown."""
    return "\n".join([_HEAD, *_chapters(steps)])


def headings(text: str) -> list[str]:
    """Tell the chapters of a page."""
    return re.findall(r"^## \d+\. (.+)$", text, re.MULTILINE)


def _chapters(steps: Sequence[Step]) -> Iterator[str]:
    chapters = groupby(steps, key=lambda one: one.chapter)
    for number, (chapter, told) in enumerate(chapters, start=1):
        yield f"## {number}. {chapter}\n"
        for step in told:
            yield from _step(step)


def _step(step: Step) -> Iterator[str]:
    yield f"**{step.caller}**\n"
    said = f"\n{_written(_shortened(step.said))}" if step.said else ""
    yield f"```http\n{step.request}{said}\n```\n"
    yield f"```json\n{_written(step.shown)}\n```\n"


def _shortened(said: dict[str, object]) -> dict[str, object]:
    """Show of many marks the first ones."""
    marks = said.get("marks")
    if not isinstance(marks, list) or len(marks) <= _SHOWN_MARKS:
        return said
    return {**said, "marks": [*marks[:_SHOWN_MARKS], f"… {len(marks) - _SHOWN_MARKS}"]}


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
