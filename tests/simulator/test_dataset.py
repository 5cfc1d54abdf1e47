"""The dataset as files: whole, repeatable, described by its manifest."""

import hashlib
import json
from pathlib import Path

import pytest

from simulator.__main__ import main
from tests.simulator.conftest import SMALL


def files(directory: Path) -> dict[str, bytes]:
    """Return the content of each file by name."""
    return {file.name: file.read_bytes() for file in directory.iterdir()}


def test_equal_seeds_give_equal_bytes(small_ward: Path, tmp_path: Path) -> None:
    """A second generation is identical in every file, the manifest too."""
    main(["generate", "--out", str(tmp_path / "again"), *SMALL])

    assert files(tmp_path / "again") == files(small_ward)


def test_another_seed_gives_another_ward(small_ward: Path, tmp_path: Path) -> None:
    """No person of one seed has the id or number of a person of another."""
    main(["generate", "--out", str(tmp_path / "other"), "--seed", "7", *SMALL])

    other = (tmp_path / "other" / "persons.csv").read_text().splitlines()[1:]
    assert not set(other) & set((small_ward / "persons.csv").read_text().splitlines())


def test_the_manifest_vouches_for_every_file(whole_ward: Path) -> None:
    """It names the SHA-256 of each file, the seed, and how many rows there are."""
    manifest = json.loads((whole_ward / "manifest.json").read_text())

    found = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files(whole_ward).items()
        if name != "manifest.json"
    }
    assert manifest["sha256"] == found
    assert manifest["seed"] == 11002
    assert manifest["counts"]["persons"] == 34_432


def test_a_dataset_is_replaced_and_leaves_no_draft(tmp_path: Path) -> None:
    """Generating over a dataset replaces it, and nothing else stays in the parent directory."""
    out = tmp_path / "ward"
    for seed in ("1", "2"):
        assert main(["generate", "--out", str(out), "--seed", seed, *SMALL]) == 0

    assert json.loads((out / "manifest.json").read_text())["seed"] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["ward"]


def test_files_of_others_are_never_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A directory without a manifest is somebody's own: one sentence, exit code 1, untouched."""
    (tmp_path / "thesis.txt").write_text("mine")

    assert main(["generate", "--out", str(tmp_path), *SMALL]) == 1

    assert "--out" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_proportions_follow_the_residents(tmp_path: Path) -> None:
    """Without further words a tenth of the residents have a tenth of the premises and devices."""
    out = tmp_path / "tenth"
    main(["generate", "--out", str(out), "--residents", "3443"])

    counts = json.loads((out / "manifest.json").read_text())["counts"]
    assert (counts["premises"], counts["devices"]) == (25, 249)
