"""A processor of your own live: behind the ring buffers that a sound card talks to, here with a file's sound.

Whenever the processor is late, the dry sound is heard at the same place, and counted. With a sound card
`PortAudioStream` (dap_stream.realtime.backends.portaudio_stream) takes the place of `FileStream`. It is made
from two devices, which `pick` and `devices` (portaudio_devices, beside it) find, where here are source and
sink. It has no `is_finished`: it runs until it is closed.
"""

import time

import numpy as np

import dap_stream
from dap_stream.realtime.backends.file_device import FileStream
from dap_stream.realtime.duplex_buffer import DuplexBuffer

RATE = 48000


class Robot:
    """Ring modulation: the sound times a tone. Its state is the number of samples so far."""

    latency = n_samples = 0

    def process(self, buffer: dap_stream.Audio) -> dap_stream.Audio:
        samples = np.arange(self.n_samples, self.n_samples + buffer.shape[1])
        self.n_samples += buffer.shape[1]
        return np.asarray(buffer * np.sin(2 * np.pi * 70.0 * samples / RATE), buffer.dtype)

    def flush(self) -> dap_stream.Audio:
        self.reset()
        return np.zeros((1, 0), np.float32)

    def reset(self) -> None:
        self.n_samples = 0


if __name__ == "__main__":
    voice = 0.3 * np.sin(2 * np.pi * 220 * np.arange(2 * RATE, dtype=np.float32) / RATE)[np.newaxis]
    source, sink = dap_stream.ArraySource(voice, RATE), dap_stream.ArraySink()
    duplex = DuplexBuffer(Robot(), 1, RATE, block_size=256, margin_blocks=4)
    duplex.warm_up()
    stream = FileStream(duplex, source, sink, is_real_time=True, n_most=None)
    stream.start()
    while not stream.is_finished:
        stream.check()  # raises what went wrong in another thread
        time.sleep(0.1)
    stream.close()
    sink.commit()
    print(f"latency {stream.latency.total_ms:.1f} ms, {duplex.counts().late_blocks} blocks late")
