"""Teaching: the loss, the state of it, and the process beside it that makes the lessons."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import entr

from dap_stream.dsp.bands import N_BANDS
from dap_stream.education.mixtures import Batch
from dap_stream.education.teaching import (
    LOOKAHEAD_WEIGHTS,
    Teacher,
    batches_from,
    divergence,
    evaluate,
    loss_of,
    save_checkpoint,
)
from dap_stream.models.band.features import N_FEATURES
from dap_stream.models.band.layout import LOOKAHEADS, N_OUTPUTS

SUPPORT = Path(__file__).parents[1] / "support"


def make_batch(seed=0, n_frames=30, n_sounds=2):
    rng = np.random.default_rng(seed)
    shape = (n_frames, n_sounds)
    return Batch(
        rng.standard_normal((*shape, N_FEATURES)).astype(np.float32),
        rng.uniform(0.05, 0.95, (*shape, N_BANDS)).astype(np.float32),
        np.ones((*shape, N_BANDS), np.float32),
        (rng.uniform(size=shape) < 0.5).astype(np.float32),
    )


def true_logits(batch):
    """Of a network that knows: each output as late as its look-ahead."""
    share = torch.from_numpy(batch.noise_share)
    voice = torch.from_numpy(batch.has_voice)
    logits = torch.zeros((*voice.shape, len(LOOKAHEADS), N_OUTPUTS))
    for i, late in enumerate(LOOKAHEADS):
        n = len(share) - late
        logits[late:, :, i, :N_BANDS] = torch.logit(share[:n])
        logits[late:, :, i, N_BANDS] = 40.0 * voice[:n] - 20.0
    return logits


def test_the_truth_has_no_divergence_and_the_least_loss():
    batch = make_batch()
    logits = true_logits(batch)
    for output in range(len(LOOKAHEADS)):
        assert divergence(logits, batch, output) == pytest.approx(0.0, abs=1e-5)
        assert divergence(logits.roll(1, dims=0), batch, output) > 0.1, "a frame too late is not the truth"
    exact = float(loss_of(logits, batch))
    entropy = (entr(batch.noise_share) + entr(1.0 - batch.noise_share)).mean(axis=(1, 2))
    own = [entropy[: len(entropy) - late].mean() for late in LOOKAHEADS]
    assert exact == pytest.approx(float(np.dot(LOOKAHEAD_WEIGHTS, own)), abs=1e-5)
    for other in (logits.roll(1, dims=0), logits + 0.1, logits - 0.1):
        assert float(loss_of(other, batch)) > exact


def test_what_has_no_weight_does_not_count():
    batch = make_batch()
    weight = batch.weight.copy()
    weight[:, :, 30:] = 0.0
    batch = replace(batch, weight=weight)
    logits = true_logits(batch)
    changed = logits.clone()
    changed[..., 30:N_BANDS] = 5.0
    assert float(loss_of(changed, batch)) == pytest.approx(float(loss_of(logits, batch)))
    assert divergence(changed, batch, 1) == pytest.approx(0.0, abs=1e-5)


def test_steps_lower_the_loss_and_the_average_follows():
    teacher, batch = Teacher(20, seed=1), make_batch()
    losses = [teacher.step(batch) for _ in range(20)]
    assert losses[-1] < losses[0] - 0.05
    before, after = (
        evaluate(network, [batch]) for network in (Teacher(20, seed=1).network, teacher.averaged)
    )
    assert list(after) == [f"lookahead {late}" for late in LOOKAHEADS]
    assert all(after[name] < before[name] for name in after)


def test_all_that_the_next_step_depends_on_is_saved(tmp_path):
    teacher = Teacher(6, seed=1)
    for seed in range(3):
        teacher.step(make_batch(seed))
    save_checkpoint(teacher.state(), tmp_path / "state.pt")
    other = Teacher(6, seed=2)
    other.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    for seed in range(3, 6):
        assert teacher.step(make_batch(seed)) == other.step(make_batch(seed))
    for ours, theirs in zip(teacher.averaged.parameters(), other.averaged.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    assert [path.name for path in tmp_path.iterdir()] == ["state.pt"]


class Numbers:
    """A mixer whose batches say their number; large enough that a pipe does not take them all."""

    def batch(self, number):
        batch = make_batch(number)
        return replace(batch, features=np.full((300, 4, N_FEATURES), number, np.float32))


def test_batches_come_in_order_from_another_process():
    numbers = [batch.features[0, 0, 0] for batch in batches_from(Numbers(), 3, 8)]  # type: ignore[arg-type]
    assert numbers == [3, 4, 5, 6, 7]


ORPHAN = """
import multiprocessing, sys
sys.path[:0] = {path!r}
from test_teaching import Numbers
from dap_stream.education.teaching import batches_from
if __name__ == "__main__":
    batches = batches_from(Numbers(), 0, {last})
    next(batches)
    print(multiprocessing.active_children()[0].pid, flush=True)
    input()
"""


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # what nobody waits for stays as an entry


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("last", [1000, 3], ids=["in the queue", "in the pipe"])
def test_the_process_that_makes_batches_ends_with_the_one_that_takes_them(tmp_path, last):
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN.format(path=[str(Path(__file__).parent), str(SUPPORT)], last=last))
    with subprocess.Popen(
        [sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(1.0)  # by now it waits: nobody takes more
        assert is_running(child)
        parent.send_signal(signal.SIGKILL)
    end = time.monotonic() + 10.0
    while is_running(child) and time.monotonic() < end:
        time.sleep(0.05)
    has_ended = not is_running(child)
    if not has_ended:
        os.kill(child, signal.SIGKILL)
    assert has_ended
