"""Actions of the keys."""

from __future__ import annotations

from collections.abc import Callable

from dap_stream.apps.live.live_chain import LiveChain
from dap_stream.errors import DapStreamError
from dap_stream.io.profile_file import replace_profile

DEFAULT_PROFILE = "live.npz"
WET_STEP, REDUCTION_STEP_DB, MOST_DB = 0.1, 1.0, 60.0
HELP = "b bypass, + - wet, [ ] reduction, f freeze learning, r reset, s save profile, q quit, ? this help"
_NOTHING_LEARNS = "nothing in the chain learns"


class KeyBindings:
    """Turns keys into changes of ``chain``."""

    def __init__(self, chain: LiveChain, profile_path: str | None = None) -> None:
        self.chain, self.wants_quit = chain, False
        self._profile_path = profile_path or DEFAULT_PROFILE
        self._actions: dict[str, Callable[[], str | None]] = {
            "b": self._bypass,
            "+": lambda: self._wet(WET_STEP),
            "=": lambda: self._wet(WET_STEP),  # + without shift on many keyboards
            "-": lambda: self._wet(-WET_STEP),
            "]": lambda: self._reduction(REDUCTION_STEP_DB),
            "[": lambda: self._reduction(-REDUCTION_STEP_DB),
            "f": self._freeze,
            "r": self._reset,
            "s": self._save,
            "?": lambda: HELP,
        }

    def press(self, keys: str) -> list[str]:
        """Texts to show for each key: nothing where the display shows it; unknown keys do nothing."""
        said = []
        for key in keys.lower():
            if key == "q":
                self.wants_quit = True
            elif key in self._actions:
                said.append(self._actions[key]())
        return [text for text in said if text]

    def _bypass(self) -> None:
        self.chain.duplex.bypass = not self.chain.duplex.bypass

    def _wet(self, step: float) -> None:
        self.chain.duplex.wet = min(max(round(self.chain.duplex.wet + step, 3), 0.0), 1.0)

    def _reduction(self, step: float) -> str | None:
        adjustable = self.chain.adjustable
        if adjustable is None:
            return "nothing in the chain has a reduction to turn"
        adjustable.reduction_db = min(max(adjustable.reduction_db + step, 0.0), MOST_DB)
        return None

    def _freeze(self) -> str | None:
        if not self.chain.models:
            return _NOTHING_LEARNS
        self.chain.is_frozen = not self.chain.is_frozen
        return None

    def _reset(self) -> str:
        if not self.chain.models:
            return _NOTHING_LEARNS
        self.chain.reset()
        return "reset: all that was learned is forgotten"

    def _save(self) -> str:
        """A profile that cannot be saved does not end the stream."""
        try:
            replace_profile(self._profile_path, self.chain.profile())
        except DapStreamError as error:
            return f"error: {error}"
        return f"profile saved as {self._profile_path}"
