"""All that a user can choose about the denoiser."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dap_stream.core.settings import Settings, choice, number
from dap_stream.errors import SettingError
from dap_stream.models.registry import DEEP_PRIORS, DEVICES, GENERATORS, TWO_PASS_GENERATORS

CLASSICAL = "classical"  # no network
LIVE_GENERATORS = (*TWO_PASS_GENERATORS, CLASSICAL)
WINDOW_MS, LIVE_WINDOW_MS = 48.0, 32.0  # where it is left to the method
PRETRAIN_STEPS, STEPS_PER_BLOCK = 300, 12  # where it is left to the method
BAND_STEPS = {"fast": 0, "standard": 150, "best": 400}  # of the taught network, by quality


@dataclass(frozen=True)
class DenoiseSettings(Settings):
    """Settings of the denoiser. Every field has its range, unit and meaning in its metadata."""

    generator: str = choice(
        "band",
        (*GENERATORS, CLASSICAL),
        "what predicts the sound: taught beforehand and this recording, this recording alone, a deep prior "
        "(3 kinds), no network",
    )
    keep: str = choice(
        "auto", ("auto", "voice", "any"), "what is wanted: voices, any sound, or voices if there are some"
    )
    quality: str = choice(
        "standard", ("fast", "standard", "best"), "how long the taught network is fitted to the recording"
    )
    passes: int = choice(2, (1, 2), "2: learn from the whole recording first; 1: learn while it streams")
    reduction_db: float = number(
        30.0, 0.0, 60.0, "dB", "largest attenuation of any bin above the low cut; more removes more"
    )
    wet: float = number(1.0, 0.0, 1.0, "", "1: processed only, 0: the input itself")
    low_cut_hz: float = number(
        60.0, 0.0, 500.0, "Hz", "rumble below this is taken away, whatever reduction_db says; 0: nothing is"
    )
    window_ms: float | None = number(
        None,
        4.0,
        128.0,
        "ms",
        f"longer separates tones better and smears onsets more; none: {WINDOW_MS:g}, live {LIVE_WINDOW_MS:g}",
    )
    block_s: float = number(1.0, 0.1, 10.0, "s", "fitted and processed at once; shorter lowers the latency")
    noise_s: float = number(8.0, 0.5, 60.0, "s", "span to find the noise in; longer spares held tones")
    lookahead: int = choice(
        1, (0, 1, 2), "frames of half a window that are waited for; fewer lower the latency, 0 costs quality"
    )
    steps: int | None = number(
        None,
        0,
        100_000,
        "",
        "of learning: in all (2 passes), at most per block (1; 4 times that for the first)",
    )
    linked: bool = choice(True, (True, False), "one gain for all channels, so that the image stays in place")
    seed: int = number(0, 0, 2**31 - 1, "", "same seed, same input: same output")
    device: str = choice("auto", DEVICES, "where the network runs; auto: the GPU if there is one")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.is_deep and not self.linked:
            raise SettingError(f"generator={self.generator} fits all channels as one; linked must be true")
        if self.is_deep and self.steps == 0:
            raise SettingError(f"generator={self.generator} knows only what it learned; steps must not be 0")

    @property
    def is_deep(self) -> bool:
        """Whether the generator is a deep prior, which has to be fitted to each block."""
        return self.generator in DEEP_PRIORS

    @property
    def is_educated(self) -> bool:
        """Whether a network that was taught beforehand takes part."""
        return self.generator == "band"

    @property
    def learns(self) -> bool:
        """Whether there is something to learn and leave to do so."""
        return self.generator != CLASSICAL and self.steps != 0

    @property
    def band_steps(self) -> int:
        """Steps at most in which the taught network is fitted in the first of two passes."""
        return BAND_STEPS[self.quality] if self.is_educated and self.learns else 0

    @property
    def pretrain_steps(self) -> int:
        """Steps of learning in the first of two passes."""
        return PRETRAIN_STEPS if self.steps is None else self.steps

    @property
    def most_steps(self) -> int:
        """Steps of learning that a block may take on the way."""
        return STEPS_PER_BLOCK if self.steps is None else self.steps

    def for_files(self) -> DenoiseSettings:
        """Copy with all that is left to the method filled in: window, and passes as far as possible."""
        passes = self.passes if self.generator in TWO_PASS_GENERATORS else 1
        return replace(self, window_ms=self.window_ms or WINDOW_MS, passes=passes)

    def for_live(self) -> DenoiseSettings:
        """Copy with all that is left to the method filled in; SettingError for a generator too slow."""
        if self.generator not in LIVE_GENERATORS:
            raise SettingError(
                f"generator={self.generator} cannot work live; choose {' or '.join(LIVE_GENERATORS)}"
            )
        return replace(self, window_ms=self.window_ms or LIVE_WINDOW_MS, passes=1)

    def window(self) -> float:
        """``window_ms`` once it is filled in."""
        assert self.window_ms is not None
        return self.window_ms
