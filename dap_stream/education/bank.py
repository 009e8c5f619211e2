"""The bank: all made-up sounds of an education, made once from its seed and kept in a folder."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dap_stream.core.array_types import F32
from dap_stream.education.kinds import GROUPS, PIECE_S
from dap_stream.education.synthesis.maker import SAMPLE_RATE
from dap_stream.errors import SettingError

FULL_SCALE = 32767.0
I16 = npt.NDArray[np.int16]

Progress = Callable[[str, float], None]
"""Told what is done and which part of it."""


@dataclass(frozen=True)
class Shelf:
    """The pieces of one group, in a file of 16-bit numbers ``[pieces, samples]``, and the maker of each."""

    makers: tuple[str, ...]
    path: Path

    @cached_property
    def pieces(self) -> I16:
        """Read from the file as they are needed."""
        pieces: I16 = np.load(self.path, mmap_mode="r")
        return pieces

    def __reduce__(self) -> tuple[type[Shelf], tuple[tuple[str, ...], Path]]:
        return Shelf, (self.makers, self.path)  # to another process goes the name, and not the sound

    def excerpt(
        self, rng: np.random.Generator, n_samples: int, left_out: frozenset[str] = frozenset()
    ) -> F32:
        """A random stretch ``[n_samples]`` of a random piece; what is longer goes on with another."""
        if left_out.issuperset(self.makers):
            raise SettingError(f"nothing is left of {self.path.stem}: leave out less, or take a larger share")
        parts: list[F32] = []
        n_missing = n_samples
        while n_missing:
            number = int(rng.integers(len(self.makers)))
            if self.makers[number] in left_out:
                continue
            piece = self.pieces[number]
            begin = int(rng.integers(max(len(piece) - n_missing, 0) + 1))
            part = piece[begin : begin + n_missing]
            parts.append(np.asarray(part, np.float32) / np.float32(FULL_SCALE))
            n_missing -= len(part)
        return np.concatenate(parts)


def _made(job: tuple[str, str, int, int, float]) -> I16:
    group, maker, number, seed, _ = job
    sound = GROUPS[group].make(maker, number, seed)
    return np.asarray(np.clip(np.round(sound * FULL_SCALE), -FULL_SCALE, FULL_SCALE), np.int16)


def make_shelf(
    folder: Path, group: str, seed: int, share: float, n_processes: int, progress: Progress
) -> Shelf:
    """The pieces of a group, from ``folder`` if they were made before, else made and put there.

    Parameters
    ----------
    folder
        Of the bank.
    group
        Name in `GROUPS`.
    seed
        Of the education.
    share
        Part of the pieces that is made, 0 to 1.
    n_processes
        That make them.
    progress
        Told how far it is.

    Returns
    -------
    Shelf
        All of the group.
    """
    plan = GROUPS[group].plan()
    if share < 1.0:
        # As evenly over the kinds as it goes.
        n_made = max(math.ceil(round(len(plan) * share, 6)), 1)
        plan = [plan[int(round(i / share, 6))] for i in range(n_made)]
    makers = tuple(maker for maker, _ in plan)
    path = folder / f"{group}.npy"
    shape = (len(plan), round(PIECE_S * SAMPLE_RATE))
    if path.exists():
        shelf = Shelf(makers, path)
        if shelf.pieces.shape == shape:
            return shelf
    folder.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    jobs = [(group, maker, number, seed, share) for maker, number in plan]
    with open(part, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<i2", "fortran_order": False, "shape": shape})
        for i, piece in enumerate(_in_order(jobs, n_processes)):
            file.write(piece.astype("<i2").tobytes())
            progress(f"making {group}", (i + 1) / len(jobs))
    os.replace(part, path)
    return Shelf(makers, path)


def _in_order(jobs: Sequence[tuple[str, str, int, int, float]], n_processes: int):  # type: ignore[no-untyped-def]
    if n_processes <= 1:
        yield from map(_made, jobs)
        return
    with ProcessPoolExecutor(n_processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_made, jobs, chunksize=4)
