"""The commands, as an engineer gives them."""

import sys

import pytest

from fire_safety.__main__ import main


@pytest.mark.parametrize("arguments", [("list", "--last", "0"), ("show", "first")])
def test_messages_are_counted_in_whole_numbers(
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of anything else it is said in one line what is taken, before any setting is read."""
    monkeypatch.setattr(sys, "argv", ["fire_safety", "dead-letters", *arguments])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert "số nguyên từ 1 đến 999999999999999999" in capsys.readouterr().err.splitlines()[-1]
