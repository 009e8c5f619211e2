"""Which key does what."""

from __future__ import annotations

from collections.abc import Callable

from dap_stream.apps.live.actions import Actions
from dap_stream.errors import DapStreamError, SettingError

WET_STEP, REDUCTION_STEP_DB = 0.1, 1.0
HELP = "b bypass, + - wet, [ ] reduction, f freeze learning, r reset, s save profile, q quit, ? this help"


class KeyBindings:
    """Turns keys into ``actions``."""

    def __init__(self, actions: Actions) -> None:
        self.wants_quit = False
        self._actions: dict[str, Callable[[], str | None]] = {
            "b": actions.bypass,
            "+": lambda: actions.turn_wet(WET_STEP),
            "=": lambda: actions.turn_wet(WET_STEP),  # + without shift on many keyboards
            "-": lambda: actions.turn_wet(-WET_STEP),
            "]": lambda: actions.turn_reduction(REDUCTION_STEP_DB),
            "[": lambda: actions.turn_reduction(-REDUCTION_STEP_DB),
            "f": actions.freeze,
            "r": actions.reset,
            "s": actions.save,
            "?": lambda: HELP,
        }

    def press(self, keys: str) -> list[str]:
        """Texts to show for each key: nothing where the display shows it; unknown keys do nothing."""
        said = []
        for key in keys.lower():
            if key == "q":
                self.wants_quit = True
            elif key in self._actions:
                said.append(self._do(self._actions[key]))
        return [text for text in said if text]

    @staticmethod
    def _do(action: Callable[[], str | None]) -> str | None:
        """Its text; an error is one, and does not end the stream."""
        try:
            return action()
        except SettingError as error:
            return str(error)
        except DapStreamError as error:
            return f"error: {error}"
