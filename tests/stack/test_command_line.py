"""The command line, as a person uses it."""

import os
from pathlib import Path

import pytest

from stack.__main__ import main
from stack.installation import Installation
from stack.issuer import Role
from stack.run_lock import RunLock
from stack.settings import Ports


@pytest.fixture
def finished_run(tmp_path: Path) -> Installation:
    """Give a run directory as an `up` leaves it."""
    place = Installation(tmp_path / "run", Ports.free())
    place.run_dir.mkdir()
    place.prepare()
    return place


def test_help_speaks_both_languages_and_names_the_ports(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Who asks for help learns the commands and the names of the settings."""
    with pytest.raises(SystemExit) as end:
        main(["up", "--help"])

    shown = capsys.readouterr().out
    assert end.value.code == 0
    assert "STACK_GATEWAY_PORT" in shown
    assert "số cư dân" in shown
    assert "residents" in shown


def test_a_token_is_printed_alone(
    finished_run: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    """The output of `token` fits into a curl command as it is."""
    code = main(["token", "duty_officer", "--run-dir", str(finished_run.run_dir)])

    shown = capsys.readouterr().out
    assert code == 0
    assert shown.count(".") == 2
    assert len(shown.split()) == 1


@pytest.mark.parametrize("command", [["token", Role.CITIZEN], ["status"]])
def test_before_the_first_up_people_are_told_to_run_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    """A command that needs a first run says so in words, in both languages."""
    code = main([*command, "--run-dir", str(tmp_path)])

    assert code == 1
    assert capsys.readouterr().err.count("`make up`") == 2


def test_status_tells_what_does_not_answer(
    finished_run: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    """A stopped stack is reported port by port, with an exit code scripts can use."""
    code = main(["status", "--run-dir", str(finished_run.run_dir)])

    shown = capsys.readouterr().out
    assert code == 3
    assert "không chạy" in shown
    assert "✗ STACK_POSTGRES_PORT" in shown


def test_reset_deletes_what_the_stack_made_and_nothing_else(
    finished_run: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that a person put into the run directory survives a reset."""
    note = finished_run.run_dir / "note.txt"
    note.write_text("mine")

    assert main(["reset", "--run-dir", str(finished_run.run_dir)]) == 0

    assert "Đã xoá" in capsys.readouterr().out
    assert {path.name for path in finished_run.run_dir.iterdir()} == {"note.txt", "up.lock"}


def test_reset_is_refused_while_the_stack_runs(
    finished_run: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    """Data in use are not deleted; the sentence names the process to stop."""
    lock = RunLock(finished_run.run_dir)
    lock.acquire()

    code = main(["reset", "--run-dir", str(finished_run.run_dir)])

    assert code == 1
    assert str(os.getpid()) in capsys.readouterr().err
    assert finished_run.issuer.jwks_file.exists()
    lock.release()


@pytest.mark.parametrize("given", ["forty", "70000"])
def test_a_setting_that_is_no_port_is_named(
    given: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped port is answered with the name of its setting, not with a trace."""
    monkeypatch.setenv("STACK_NATS_PORT", given)

    assert main(["up"]) == 1
    assert f"STACK_NATS_PORT={given}" in capsys.readouterr().err


def test_a_level_that_is_none_is_named_before_anything_starts(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the name that it has; each service would have ended by itself."""
    monkeypatch.setenv("LOG_LEVEL", "LOUD")

    assert main(["up"]) == 1
    assert " LOG_LEVEL=LOUD " in capsys.readouterr().err


def test_services_are_told_what_they_need_and_no_more(finished_run: Installation) -> None:
    """Keys to personal data reach residency alone, and only devices' rights the simulator."""
    residency = finished_run.environment_of("residency")
    gateway = finished_run.environment_of("gateway")
    simulator = finished_run.environment_of("simulator")

    assert "residency_app" in residency["DATABASE_URL"]
    keys = {residency[name] for name in ("ID_INDEX_KEY", "ID_ENCRYPTION_KEY", "PSEUDONYM_KEY")}
    assert len(keys) == 3
    assert not any(
        name.startswith(("ID_", "PSEUDONYM", "DATABASE")) for name in gateway | simulator
    )
    assert "simulator:" in simulator["NATS_URL"]
