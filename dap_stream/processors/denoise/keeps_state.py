"""A denoiser whose state a host can keep in its project and give back."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, TypeVar

from dap_stream.errors import SettingError
from dap_stream.processors.denoise.state import DenoiserState
from dap_stream.processors.spectral import SpectralProcessor

_Kind = TypeVar("_Kind", bound="KeepsState")


class KeepsState(SpectralProcessor):
    """Made from rate, channels, settings, profile and ``learn``, and from bytes that say the last three."""

    @abstractmethod
    def _state(self) -> DenoiserState:
        """As it is now."""

    def state(self) -> bytes:
        """Settings of now and what was learned so far, for `set_state` or `from_state`.

        A `LiveDenoiser` gives it to any thread at any time, a `Denoiser` while no other thread uses it.

        Returns
        -------
        bytes
            To be kept as it is. What it knows of the stream at hand is not in it.
        """
        return self._state().to_bytes(type(self).__name__)

    @classmethod
    def from_state(cls: type[_Kind], state: bytes, sample_rate: int, channels: int = 1) -> _Kind:
        """One that begins its streams with what another knew when its `state` was asked for.

        Parameters
        ----------
        state
            Bytes from `state`; from anybody: nothing in them is run.
        sample_rate
            Hz; may be another than that of the one they are from.
        channels
            1 to 64; the same.

        Returns
        -------
        Denoiser or LiveDenoiser
            With a model of its own. All that are made from the same bytes give the same, bit for bit.

        Raises
        ------
        ProfileError, SettingError
            If it is no state of such an object, or rate or channels cannot be.
        """
        found = DenoiserState.from_bytes(cls.__name__, state)
        make: Any = cls  # the one of this room takes a stream and an estimator
        made: _Kind = make(sample_rate, channels, found.settings, found.profile, learn=found.learn)
        return made

    def set_state(self, state: bytes) -> None:
        """Be as `from_state` makes one: settings, weights, a model of its own, and a stream that begins anew.

        Not while another thread uses it.

        Parameters
        ----------
        state
            Bytes from `state`; from anybody: nothing in them is run.

        Raises
        ------
        ProfileError
            If it is no state of such an object.
        SettingError
            If it would change the latency, which hosts rely on. Nothing has changed then.
        """
        other = self.from_state(state, self.sample_rate, self.channels)
        if other.latency != self.latency:
            name = type(self).__name__
            raise SettingError(
                f"the state is of a {name} that is {other.latency} samples late, this one is {self.latency}, "
                f"and a latency never changes; make a new one with {name}.from_state"
            )
        self._become(other)
