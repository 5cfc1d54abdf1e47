"""The page of the story of one fire: what it shows of answers, and how it tells requests."""

from simulator.fire_story.page import headings, page
from simulator.fire_story.teller import Step, picked


def test_of_an_answer_only_what_was_named_is_shown() -> None:
    """Of each one in a list; what is not there is left out, and where nothing is named all is shown."""
    answer = {"incidents": [{"number": "1", "place": {"name": "A", "id": 7}}, {"place": {}}]}

    assert picked(answer, "incidents.number", "incidents.place.name", "none") == {
        "incidents": [{"number": "1", "place": {"name": "A"}}, {"place": {}}]
    }
    assert picked(answer) == answer


def test_steps_of_a_chapter_stand_under_one_heading() -> None:
    """With who asked, what was sent, and what came back; of many marks the first ones."""
    marks = [{"tag": str(number)} for number in range(5)]
    steps = [
        Step("Một · One", "an (duty_officer)", "GET /v1/x", {}, {"a": 1}),
        Step("Một · One", "an (duty_officer)", "POST /v1/x:mark", {"marks": marks}, "ok"),
        Step("Hai · Two", "chi (fire_officer)", "GET /v1/y", {}, []),
    ]
    text = page(steps)

    assert headings(text) == ["Một · One", "Hai · Two"]
    assert "**an (duty_officer)**\n\n```http\nGET /v1/x\n```\n\n```json\n" in text
    assert '"tag": "1"' in text
    assert '"tag": "2"' not in text
    assert '"… 3"' in text
