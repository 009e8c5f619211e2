"""Changes of a live stream while it runs: one set, for keys and for messages."""

from __future__ import annotations

import threading
from dataclasses import fields

from dap_stream.apps.live.live_chain import Adjustable, LiveChain
from dap_stream.core.presets import preset_names
from dap_stream.core.settings import check_value, nearest
from dap_stream.errors import SettingError
from dap_stream.io.profile_file import replace_profile
from dap_stream.processors.chain_settings import ChainSettings, make_chain_settings

DEFAULT_PROFILE = "live.npz"
MOST_DB = 60.0
TURNED = ("wet", "reduction_db")  # the settings of a preset that a running stream can change
_NOTHING_LEARNS = "nothing in the chain learns"


class Actions:
    """Changes of ``chain``, from any thread; DapStreamError for one that cannot be.

    ``profile_path`` is where `save` keeps what was learned.
    """

    def __init__(self, chain: LiveChain, profile_path: str | None = None) -> None:
        self.chain = chain
        self._profile_path = profile_path or DEFAULT_PROFILE
        self._turning = threading.Lock()  # between the reading of a value and its change

    def bypass(self, is_on: bool | None = None) -> None:
        """The input itself, or not; by default the other one of both."""
        with self._turning:
            self.chain.duplex.bypass = not self.chain.duplex.bypass if is_on is None else is_on

    def wet(self, share: float) -> None:
        """Share of the processed sound, 0 to 1."""
        self.chain.duplex.wet = check_value("wet", share, 0.0, 1.0)

    def turn_wet(self, step: float) -> None:
        """By so much, as far as it goes."""
        with self._turning:
            self.wet(min(max(round(self.chain.duplex.wet + step, 3), 0.0), 1.0))

    def reduction(self, decibels: float) -> None:
        """Largest attenuation, 0 to 60 dB."""
        self._adjustable().reduction_db = check_value("reduction", decibels, 0.0, MOST_DB, "dB")

    def turn_reduction(self, step: float) -> None:
        """By so much, as far as it goes."""
        with self._turning:
            now = self._adjustable().reduction_db
            self.reduction(min(max(now + step, 0.0), MOST_DB))

    def _adjustable(self) -> Adjustable:
        adjustable = self.chain.adjustable
        if adjustable is None:
            raise SettingError("nothing in the chain has a reduction to turn")
        return adjustable

    def freeze(self, is_on: bool | None = None) -> None:
        """Learn no more, or again; by default the other one of both."""
        self._check_learns()
        with self._turning:
            self.chain.is_frozen = not self.chain.is_frozen if is_on is None else is_on

    def reset(self) -> str:
        """Forget what was learned; what was done."""
        self._check_learns()
        self.chain.reset()
        return "reset: all that was learned is forgotten"

    def _check_learns(self) -> None:
        if not self.chain.models:
            raise SettingError(_NOTHING_LEARNS)

    def save(self) -> str:
        """Keep the profile; where."""
        replace_profile(self._profile_path, self.chain.profile())
        return f"profile saved as {self._profile_path}"

    def preset(self, name: str) -> None:
        """Wet and reduction as with this preset from the start.

        SettingError for what else it would change: that has been done then, and the rest stays as it is.
        Names only: a path would let whoever sends a message look at files.
        """
        if name not in preset_names():
            known = preset_names()
            raise SettingError(
                f"preset {name!r} does not exist{nearest(name, known)}; known: {', '.join(known)}"
            )
        running = self.chain.chain_settings
        wanted = make_chain_settings(name, names=running.names)
        for _, settings in wanted.processors:
            if hasattr(settings, "reduction_db"):
                self.reduction(settings.reduction_db)
            if hasattr(settings, "wet"):
                self.wet(settings.wet)
        stays = _changes(running, wanted)
        if stays:
            raise SettingError(
                f"preset {name}: reduction and wet are its own now; {' '.join(stays)} cannot be changed "
                f"while a stream runs, start it with --preset {name}"
            )


def _changes(running: ChainSettings, wanted: ChainSettings) -> list[str]:
    """``key=value`` of what is set, and not as it runs; but for what can be turned."""
    return [
        f"{item.name}={getattr(settings, item.name)}"
        for (_, now), (_, settings) in zip(running.processors, wanted.processors, strict=True)
        for item in fields(settings)
        if item.name not in TURNED
        and getattr(settings, item.name) not in (item.default, getattr(now, item.name))
    ]
