"""Clean a voice before it enters a DawDreamer render, and its mix after it, aligned to the sample.

Needs DawDreamer (pip install dawdreamer). Its graph takes no processor written in Python: a voice is cleaned
on its way in, or a bus on its way out. The state goes into the project, and brings the same result back.
"""

import dawdreamer
import numpy as np

from dap_stream import Denoiser, DenoiseSettings

RATE, SECONDS, BLOCK = 48000, 3, 512

rng = np.random.default_rng(0)
time = np.arange(RATE * SECONDS) / RATE
sound = (0.3 * np.sin(2 * np.pi * 440 * time) * (np.sin(2 * np.pi * time) > 0)).astype(np.float32)
voice = np.stack([sound, sound]) + (0.03 * rng.standard_normal((2, len(sound)))).astype(np.float32)


def render(audio: np.ndarray) -> np.ndarray:
    """The project: a voice on a track, with nothing else on it so that samples can be compared."""
    engine = dawdreamer.RenderEngine(RATE, BLOCK)
    track = engine.make_playback_processor("voice", audio)
    engine.load_graph([(track, [])])
    engine.render(SECONDS)
    return np.asarray(engine.get_audio(), np.float32)[:, : audio.shape[1]]


denoiser = Denoiser(RATE, channels=2, settings=DenoiseSettings(generator="classical", reduction_db=20.0))
before = render(denoiser(voice, RATE))
after = denoiser(render(voice), RATE)
assert before.shape == after.shape == voice.shape
assert np.abs(before - after).max() < 1e-6, "cleaned before or after, each sample is at its place"

# As a host does it: the state is kept in the project, and an object made from it gives the same.
project = {"denoiser": denoiser.state()}
again = Denoiser.from_state(project["denoiser"], RATE, channels=2)
np.testing.assert_array_equal(again(render(voice), RATE), after)

pause = (np.sin(2 * np.pi * time) < 0) & (time > 1.6)
gain_db = 20 * np.log10(np.std(after[0, pause]) / np.std(voice[0, pause]))
print(
    f"rendered {SECONDS} s, noise {gain_db:+.1f} dB in the pauses, {len(project['denoiser'])} bytes of state"
)
