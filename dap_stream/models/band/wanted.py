"""Voices or any sound, whichever is wanted of a recording; decided by whether voices are heard in it."""

from __future__ import annotations

from dap_stream.core.array_types import F32

ENOUGH_S = 1.0  # of sound, before anything is decided
VOICE_SHARE, NO_VOICE_SHARE = 0.25, 0.12  # of the time: above one it is a voice, below the other it is none
MEMORY_S = 30.0  # the time over which a stream is judged
LIKELY = 0.5  # probability from which a frame counts


class Wanted:
    """The decision and its reason; goes on from call to call.

    Parameters
    ----------
    keep
        ``voice`` or ``any``: decided beforehand; ``auto``: by what is heard.
    """

    def __init__(self, keep: str) -> None:
        self._keep = keep
        self.reset()

    def reset(self) -> None:
        """Nothing heard."""
        self.keeps_voice = self._keep == "voice"
        self.heard_s = self.voice_share = 0.0
        self.is_settled = self._keep != "auto"  # nothing that is heard changes it any more

    def hear(self, voice: F32, hop_s: float) -> None:
        """Probability of a voice in each of the newest frames that are not silent ``[frames]``."""
        seconds = len(voice) * hop_s
        if not seconds or (self.is_settled and self._keep == "auto"):
            return
        self.heard_s += seconds
        newest = float((voice > LIKELY).mean())
        self.voice_share += (newest - self.voice_share) * seconds / min(self.heard_s, MEMORY_S + seconds)
        if not self.is_settled and self.heard_s >= ENOUGH_S:
            limit = NO_VOICE_SHARE if self.keeps_voice else VOICE_SHARE
            self.keeps_voice = self.voice_share > limit

    def settle(self, heard_s: float, voice_share: float) -> None:
        """Decide for good, by the part of the time in which a voice was heard, 0 to 1."""
        self.heard_s, self.voice_share = heard_s, voice_share
        self.keeps_voice = self.voice_share > VOICE_SHARE
        self.is_settled = True

    def __str__(self) -> str:
        what = "voices" if self.keeps_voice else "any sound"
        if self._keep != "auto":
            return f"keeps {what}"
        return f"keeps {what} (voice in {100.0 * self.voice_share:.0f} % of the time)"
