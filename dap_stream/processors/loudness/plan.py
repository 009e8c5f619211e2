"""How a recording gets its loudness, as it was decided from all of it."""

from __future__ import annotations

from dataclasses import dataclass

from dap_stream.dsp.loudness import BLOCK_S
from dap_stream.processors.loudness.settings import LoudnessSettings

NEAR_LU = 0.1  # as near as two meters agree


@dataclass(frozen=True)
class Plan:
    """One gain for all, and how much the limiter takes of it.

    Parameters
    ----------
    before_lufs, after_lufs
        Integrated loudness; None for silence.
    gain_db
        For all samples.
    ceiling_dbtp
        True peak that is not exceeded.
    n_held, most_db
        Peaks that the limiter holds back, and by how much at most.
    """

    before_lufs: float | None
    after_lufs: float | None
    gain_db: float
    ceiling_dbtp: float
    n_held: int = 0
    most_db: float = 0.0


class LoudnessModel:
    """Keeps the plan, between the reading that makes it and the one that follows it."""

    def __init__(self) -> None:
        self.plan: Plan | None = None

    def reset(self) -> None:
        """Forget it."""
        self.plan = None

    def close(self) -> None:
        """Nothing to give back."""


def told(plan: Plan) -> str:
    """The plan in a few words.

    >>> told(Plan(-23.1, -16.0, 7.1, -1.0, 12, 2.34))
    '-23.1 LUFS raised by 7.1 dB to -16.0 LUFS; 12 peaks held below -1 dBTP, by up to 2.3 dB'
    """
    if plan.before_lufs is None or plan.after_lufs is None:
        return "no loudness, so its level is as it was"
    change = "raised" if plan.gain_db >= 0.0 else "lowered"
    text = f"{plan.before_lufs:.1f} LUFS {change} by {abs(plan.gain_db):.1f} dB to {plan.after_lufs:.1f} LUFS"
    if not plan.n_held:
        return text
    peaks = f"{plan.n_held} peak{'s' if plan.n_held > 1 else ''}"
    return f"{text}; {peaks} held below {plan.ceiling_dbtp:g} dBTP, by up to {plan.most_db:.1f} dB"


def doubts_of(plan: Plan, settings: LoudnessSettings, seconds: float) -> tuple[str, ...]:
    """Warnings on what came of it, for a recording of so many seconds."""
    if plan.before_lufs is None or plan.after_lufs is None:
        return ("is silent (nothing above -70 LUFS), so its level was left as it is",)
    found = []
    if seconds < BLOCK_S:
        found.append(
            f"has {1000.0 * seconds:.0f} ms, less than a block of loudness ({1000.0 * BLOCK_S:.0f} ms); "
            "it was measured as a whole"
        )
    if plan.after_lufs < settings.lufs - NEAR_LU:
        found.append(
            f"is at {plan.after_lufs:.1f} LUFS instead of {settings.lufs:g}: peaks are in the way of it "
            f"(above {settings.true_peak_dbtp:g} dBTP), and more would be heard; choose a lower loudness"
        )
    return tuple(found)
