"""What the keys do."""

from __future__ import annotations

from collections.abc import Callable

from dap_stream.errors import DapStreamError
from dap_stream.live.rig import Rig
from dap_stream.profile import check_replaceable, save_profile

DEFAULT_PROFILE = "live.npz"
WET_STEP, REDUCTION_STEP_DB, MOST_DB = 0.1, 1.0, 60.0
HELP = "b bypass, + - wet, [ ] reduction, f freeze learning, r reset, s save profile, q quit, ? this help"


class Controls:
    """Turns keys into changes of ``rig``."""

    def __init__(self, rig: Rig, profile_path: str | None = None) -> None:
        self.rig, self.wants_quit = rig, False
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
        """What to say about each key: nothing where the display shows it; unknown keys do nothing."""
        said = []
        for key in keys.lower():
            if key == "q":
                self.wants_quit = True
            elif key in self._actions:
                said.append(self._actions[key]())
        return [text for text in said if text]

    def _bypass(self) -> None:
        self.rig.link.bypass = not self.rig.link.bypass

    def _wet(self, step: float) -> None:
        self.rig.link.wet = min(max(round(self.rig.link.wet + step, 3), 0.0), 1.0)

    def _reduction(self, step: float) -> None:
        denoiser = self.rig.denoiser
        denoiser.reduction_db = min(max(denoiser.reduction_db + step, 0.0), MOST_DB)

    def _freeze(self) -> None:
        self.rig.denoiser.is_frozen = not self.rig.denoiser.is_frozen

    def _reset(self) -> str:
        self.rig.reset()
        return "reset: all that was learned is forgotten"

    def _save(self) -> str:
        """A profile that cannot be saved does not end the stream."""
        try:
            check_replaceable(self._profile_path)
            save_profile(self._profile_path, self.rig.profile())
        except DapStreamError as error:
            return f"error: {error}"
        return f"profile saved as {self._profile_path}"
