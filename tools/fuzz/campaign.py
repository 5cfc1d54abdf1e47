"""Fuzzing one decoder for a while: a process of its own, its corpus kept for the next time, its findings kept."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from fuzz.seeds import words_of

# An input that takes longer, or more memory, than this is a finding too.
_SLOW_S = 5
_MEMORY_MB = 1024
_LONGEST = 4096
# How much longer than told a process may take to start, and to end an input that hangs.
_PATIENCE_S = 120
_EXECUTIONS = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_COVERED = re.compile(r"\bcov: (\d+)")


@dataclass(frozen=True)
class Result:
    """What fuzzing a decoder came to; `findings` are the inputs that broke its promise, `log` what was printed."""

    executions: int
    covered: int
    findings: list[Path]
    exit_code: int
    log: Path

    @property
    def failed(self) -> bool:
        """Tell whether a promise was broken, or nothing was tried at all."""
        return bool(self.exit_code or self.findings or not self.executions)


def fuzz(target: str, seeds: list[bytes], directory: Path, seconds: int) -> Result:
    """Fuzz `MODULE:FUNCTION` from seeds and what the corpus in the directory has of earlier times."""
    corpus, found = directory / "corpus", directory / "findings"
    corpus.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = directory / "words"
    words.write_text("".join(f'"{word}"\n' for word in sorted(words_of(seeds))))
    log = directory / "log"
    before = set(found.iterdir())
    with log.open("wb") as output:
        ended = subprocess.run(  # noqa: S603 - our own program
            [
                *(sys.executable, "-m", "fuzz.child", target),
                *(f"-max_total_time={seconds}", f"-timeout={_SLOW_S}", f"-max_len={_LONGEST}"),
                *(f"-rss_limit_mb={_MEMORY_MB}", f"-dict={words}", f"-artifact_prefix={found}/"),
                *("-print_final_stats=1", str(corpus)),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=seconds + _PATIENCE_S,
            check=False,
        )
    text = log.read_text(errors="replace")
    return Result(
        executions=_last(_EXECUTIONS, text),
        covered=_last(_COVERED, text),
        findings=sorted(set(found.iterdir()) - before),
        exit_code=ended.returncode,
        log=log,
    )


def _last(pattern: re.Pattern[str], text: str) -> int:
    """Read the last number of its kind; 0 if there is none."""
    found = pattern.findall(text)
    return int(found[-1]) if found else 0
