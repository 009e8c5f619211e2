"""From settings and profile to a generator, on the device the settings ask for, and back to a profile."""

from __future__ import annotations

from dap_stream.errors import ProfileError
from dap_stream.prior.base import Generator
from dap_stream.profile import Profile
from dap_stream.settings import Settings


def make_generator(settings: Settings, profile: Profile | None = None) -> Generator | None:
    """A generator with the weights of ``profile``, or fresh ones; None for ``classical``, which has none."""
    if settings.generator == "classical":
        return None
    # torch takes seconds to import: only those who need a network pay.
    from dap_stream.prior.device import device_name

    device = device_name(settings.device)
    generator: Generator
    if settings.generator == "context":
        from dap_stream.prior.context import ContextGenerator

        generator = ContextGenerator(settings.seed, device, settings.lookahead)
    else:
        from dap_stream.prior.deep import DeepGenerator
        from dap_stream.prior.recipes import RECIPES

        recipe = RECIPES[settings.generator]
        generator = DeepGenerator(recipe, settings.seed, device, True, recipe.warm_start)
    if profile is not None:
        if (profile.generator, profile.window_ms) != (settings.generator, settings.window_ms):
            raise ProfileError(
                f"the profile is for generator={profile.generator} window_ms={profile.window_ms:g}, "
                f"the settings say generator={settings.generator} window_ms={settings.window_ms:g}; "
                "use the same ones"
            )
        generator.load(profile.weights)
    return generator


def make_profile(settings: Settings, generator: Generator | None) -> Profile:
    """The weights as they are now; ProfileError for ``classical``."""
    if generator is None:
        raise ProfileError("the classical generator learns nothing, so there is no profile to save")
    return Profile(generator.name, settings.window_ms, generator.weights())
