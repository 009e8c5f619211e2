"""Shards: each recording is in exactly one, always the same."""

from __future__ import annotations

import pytest

from dap_stream.apps.batch.shard import Shard, parse_shard, shard_of
from dap_stream.errors import SettingError

ARRAY = {
    "SLURM_ARRAY_TASK_ID": "7",
    "SLURM_ARRAY_TASK_MIN": "3",
    "SLURM_ARRAY_TASK_STEP": "2",
    "SLURM_ARRAY_TASK_COUNT": "4",
    "SLURM_PROCID": "0",
    "SLURM_NTASKS": "1",
}


def test_all_recordings_are_in_one_shard_and_shards_are_about_equal() -> None:
    names = [f"day{i % 7}/{i}.wav" for i in range(1000)]
    shards = [Shard(number, 4) for number in (1, 2, 3, 4)]
    assert all(sum(shard.has(name) for shard in shards) == 1 for name in names)
    assert min(sum(shard.has(name) for name in names) for shard in shards) > 180


def test_the_shard_of_a_name_does_not_change_with_the_version_of_anything() -> None:
    assert [shard_of(name, 8) for name in ("a.wav", "b.wav", "\udcff.wav")] == [5, 8, 6]


@pytest.mark.parametrize(
    ("text", "environment", "shard"),
    [
        (None, {}, Shard(1, 1)),
        ("1/1", {}, Shard(1, 1)),
        ("3/4", {}, Shard(3, 4)),
        ("slurm", {"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, Shard(1, 8)),
        ("slurm", ARRAY, Shard(3, 4)),
    ],
)
def test_shards_as_they_are_said(text: str | None, environment: dict[str, str], shard: Shard) -> None:
    assert parse_shard(text, environment) == shard


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/x", "-1/4", "1/0", "1/2/3"])
def test_shards_that_cannot_be(text: str) -> None:
    with pytest.raises(SettingError, match="must look like 2/8"):
        parse_shard(text, {})


@pytest.mark.parametrize(
    ("environment", "text"),
    [
        ({}, "srun"),
        ({"SLURM_PROCID": "x", "SLURM_NTASKS": "2"}, "srun"),
        ({"SLURM_ARRAY_TASK_ID": "1"}, "srun"),
        ({**ARRAY, "SLURM_ARRAY_TASK_ID": "99"}, "without gaps"),
    ],
)
def test_slurm_that_is_not_there(environment: dict[str, str], text: str) -> None:
    with pytest.raises(SettingError, match=text):
        parse_shard("slurm", environment)
