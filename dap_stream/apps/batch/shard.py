"""The part of a batch that one of several runs does, the same in every run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass

from dap_stream.errors import SettingError


@dataclass(frozen=True)
class Shard:
    """Part ``number`` (from 1) of ``n``."""

    number: int = 1
    n: int = 1

    @property
    def is_all(self) -> bool:
        """Whether there are no other parts."""
        return self.n == 1

    @property
    def suffix(self) -> str:
        """For names of files that each part has of its own."""
        return "" if self.is_all else f"-{self.number}-of-{self.n}"

    def has(self, output: str) -> bool:
        """Whether the result of this name is in it: by its name alone, whatever else there is."""
        return shard_of(output, self.n) == self.number


def shard_of(output: str, n: int) -> int:
    """Number of the part, from 1, that a result is in."""
    digest = hashlib.sha256(os.fsencode(output)).digest()
    return int.from_bytes(digest[:8], "big") % n + 1


def parse_shard(text: str | None, environment: Mapping[str, str] = os.environ) -> Shard:
    """``2/8``; or ``slurm``: what SLURM says to the tasks of an array, or of a step of several.

    >>> parse_shard("2/8")
    Shard(number=2, n=8)
    >>> parse_shard("slurm", {"SLURM_PROCID": "3", "SLURM_NTASKS": "4"})
    Shard(number=4, n=4)
    """
    if text is None:
        return Shard()
    if text == "slurm":
        return _slurm(environment)
    number, slash, n = text.partition("/")
    if not (slash and number.isdecimal() and n.isdecimal() and 1 <= int(number) <= int(n)):
        raise SettingError(f"--shard {text} must look like 2/8 (the second of eight parts), or be slurm")
    return Shard(int(number), int(n))


def _slurm(environment: Mapping[str, str]) -> Shard:
    try:
        if "SLURM_ARRAY_TASK_ID" in environment:
            first = int(environment.get("SLURM_ARRAY_TASK_MIN", "0"))
            step = int(environment.get("SLURM_ARRAY_TASK_STEP", "1"))
            index = (int(environment["SLURM_ARRAY_TASK_ID"]) - first) // step
            n = int(environment["SLURM_ARRAY_TASK_COUNT"])
        else:
            index, n = int(environment["SLURM_PROCID"]), int(environment["SLURM_NTASKS"])
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise SettingError(
            "--shard slurm needs SLURM_ARRAY_TASK_ID with SLURM_ARRAY_TASK_COUNT, or SLURM_PROCID with "
            "SLURM_NTASKS; start it with sbatch --array or srun, or say --shard 1/8"
        ) from error
    if not 0 <= index < n:
        raise SettingError(
            f"--shard slurm: part {index + 1} of {n} cannot be; number the tasks without gaps (--array=0-7)"
        )
    return Shard(index + 1, n)
