"""The committed code is what the committed contracts generate."""

import os
import subprocess
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "libs" / "ward"


def generated_into(folder: Path) -> None:
    """Generate as `make generate` does, somewhere else."""
    protos = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "proto").rglob("*.proto"))
    (folder / "ward").mkdir()
    outputs = [
        f"--python_out={folder}",
        f"--grpc_python_out={folder}",
        f"--mypy_out=quiet:{folder}",
        f"--mypy_grpc_out=quiet:{folder}",
        f"--descriptor_set_out={folder / 'ward' / 'descriptors.binpb'}",
        "--include_imports",
        "--include_source_info",
    ]
    includes = ["-I", "proto", "-I", "third_party/googleapis"]
    plugins = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}"
    subprocess.run(  # noqa: S603 - our own contracts
        [sys.executable, "-m", "grpc_tools.protoc", *includes, *outputs, *protos],
        cwd=ROOT,
        env={"PATH": plugins},
        check=True,
    )


def contents(folder: Path) -> dict[str, bytes]:
    """Read what is generated in a folder, by path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in {".py", ".pyi", ".binpb"} and path.name != "__init__.py"
    }


def described(descriptor_set: bytes) -> dict[str, bytes]:
    """Read each file of a descriptor set; their order is of no meaning."""
    files = FileDescriptorSet.FromString(descriptor_set).file
    return {file.name: file.SerializeToString(deterministic=True) for file in files}


def test_generated_code_is_fresh(tmp_path: Path) -> None:
    """`make generate` would change nothing."""
    generated_into(tmp_path)
    fresh, committed = contents(tmp_path / "ward"), contents(COMMITTED)
    descriptions = fresh.pop("descriptors.binpb"), committed.pop("descriptors.binpb")

    assert described(descriptions[0]) == described(descriptions[1])
    assert set(fresh) == set(committed)
    assert [name for name in fresh if fresh[name] != committed[name]] == []
