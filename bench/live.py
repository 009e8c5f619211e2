"""Live on a sound server without a card: samples lost, blocks late, load of a hop.

    python -m bench.live [--minutes 10]

Starts jackd with its dummy driver (48 kHz, periods of 256 samples), plays noise and a voice-like tone into a
stream that learns, compares every sample that arrives with the one that was played, and counts: on an idle
machine for one and two channels, and beside a process that keeps a core busy. As far as the system allows it
server and stream have real-time priority; two shorter runs are what a user without that right has.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bench import results
from dap_stream.apps.live import MARGIN_BLOCKS

if TYPE_CHECKING:
    from dap_stream.realtime.duplex_buffer import DuplexBuffer

RATE, PERIOD = 48000, 256
SERVER = os.environ.get("JACK_DEFAULT_SERVER", f"dapbench{os.getpid()}")
SETTLED_S = 2.0  # from here on no block may be late
N_PLAYED = PERIOD * 4096  # samples until what is played repeats itself: 22 s
HOG = "while True: pass"
PLAIN = ("setpriv", "--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice")  # may not be real-time
RUNS = ((1, False, False), (2, False, False), (2, True, False), (2, False, True), (2, True, True))
PLAIN_SHARE = 0.3  # of the minutes
MARGINS = (1, 2, 3, 4, 6, 8)  # blocks


def played() -> NDArray[np.float32]:
    """What the server's other client plays: no two samples alike, so that each is known again."""
    rng = np.random.default_rng(0)
    t = np.arange(N_PLAYED) / RATE
    tone = (
        0.2 * np.sin(2 * np.pi * (300 + 100 * np.sin(2 * np.pi * 0.5 * t)) * t) * (np.sin(2 * np.pi * t) > 0)
    )
    return np.asarray(tone + 0.05 * rng.standard_normal(N_PLAYED), np.float32)


def play() -> None:
    """In a process of its own: an output port ``dapplayer:out`` that plays for ever."""
    import jack

    signal, position = played(), 0
    client = jack.Client("dapplayer", servername=os.environ["JACK_DEFAULT_SERVER"], no_start_server=True)
    port = client.outports.register("out")

    def process(n: int) -> None:
        nonlocal position
        port.get_array()[:] = signal[position : position + n]
        position = (position + n) % N_PLAYED

    client.set_process_callback(process)
    with client:
        print("ready", flush=True)
        sys.stdin.read()


@contextlib.contextmanager
def server(channels: int, before: Sequence[str]) -> Iterator[None]:
    """jackd and the player. In synchronous mode a busy machine makes time longer and loses no period."""
    os.environ.update(JACK_DEFAULT_SERVER=SERVER, JACK_NO_AUDIO_RESERVATION="1")
    realtime = "--no-realtime" if before or not may_be_real_time() else "--realtime"
    options = [realtime, "--no-mlock", "--sync", "-t", "5000", "-n", SERVER]
    driver = ["-d", "dummy", "-r", str(RATE), "-p", str(PERIOD), "-C", str(channels), "-P", str(channels)]
    nobody, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen([*before, "jackd", *options, *driver], stdout=nobody, stderr=nobody) as jackd:
        try:
            wait = ["jack_wait", "-s", SERVER, "-w", "-t", "20"]
            subprocess.run(wait, check=True, stdout=nobody, stderr=nobody)
            command = [*before, sys.executable, "-m", "bench.live", "--play"]
            with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe, stderr=nobody) as player:
                assert player.stdout is not None and player.stdin is not None
                player.stdout.readline()
                try:
                    yield
                finally:
                    player.stdin.close()  # it leaves then; jackd waits long for a client that was killed
                    player.wait(10.0)
        finally:
            jackd.terminate()
            try:
                jackd.wait(10.0)
            except subprocess.TimeoutExpired:
                jackd.kill()


@dataclass
class Listener:
    """Compares what comes in with what was played."""

    signal: NDArray[np.float32]
    position: int = 0
    offset: int | None = None  # in the signal, of position 0
    wrong: int = 0  # samples that were not the next ones

    def hear(self, audio: NDArray[np.float32]) -> None:
        """The next ``[channels, n]`` of the stream."""
        n = audio.shape[1]
        if self.offset is None:
            audible = np.flatnonzero(audio[0])
            if not len(audible) or n - audible[0] < 4:
                self.position += n
                return
            first = int(audible[0])
            place = np.flatnonzero(self.signal == audio[0, first])
            self.offset = int(place[0]) - self.position - first
            audio, self.position = audio[:, first:], self.position + first
            n = audio.shape[1]
        expected = self.signal[(self.offset + self.position + np.arange(n)) % len(self.signal)]
        is_right = (audio == expected).all(axis=0)
        if not is_right.all():
            self.wrong += int((~is_right).sum())
            self.offset = None  # find the place again
        self.position += n


class Lags:
    """How many blocks had come in since those that are about to be published: the margin they needed."""

    def __init__(self, duplex: DuplexBuffer) -> None:
        self._duplex = duplex
        self.reset()

    def reset(self) -> None:
        """Count from here."""
        self._counts = [0] * 1000

    def __call__(self) -> None:
        lag = -(-self._duplex.backlog // PERIOD)
        self._counts[min(lag, len(self._counts) - 1)] += 1

    def late_blocks(self, margin_blocks: int) -> int:
        """How many would have been late with such a margin."""
        return sum(n * max(0, lag - margin_blocks) for lag, n in enumerate(self._counts))


def may_be_real_time() -> bool:
    """Whether this process may have real-time priority."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        return False
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    return True


def live_run(channels: int, seconds: float, is_busy: bool) -> list[str]:
    """One run in this process; a line of the table."""
    import jack

    from dap_stream.apps.live.live_chain import LiveChain
    from dap_stream.apps.live.settings import LiveSettings
    from dap_stream.core.priority import undisturbed
    from dap_stream.core.stream_format import StreamFormat
    from dap_stream.realtime.backends.portaudio_devices import devices, pick
    from dap_stream.realtime.backends.portaudio_stream import PortAudioStream

    chain = LiveChain(LiveSettings(margin_blocks=MARGIN_BLOCKS), StreamFormat(RATE, channels), PERIOD)
    chain.warm_up(2.0)
    chain.start_learning()
    duplex, lags = chain.duplex, Lags(chain.duplex)
    chain.tapped.tap = lags
    index = next(device.index for device in devices() if "JACK" in device.host_api)
    source, target = pick(index, "input"), pick(index, "output")
    listener = Listener(played())
    hog = subprocess.Popen([sys.executable, "-c", HOG]) if is_busy else None
    try:
        client = jack.Client("dapcables", servername=SERVER, no_start_server=True)
        with undisturbed(), PortAudioStream(duplex, source, target, block_size=0) as stream, client:
            for port in client.get_ports(is_audio=True, is_input=True):
                if port.name.startswith("PortAudio"):
                    client.connect("dapplayer:out", port)
            time.sleep(0.1)  # one port may be connected a period before the other
            listener.position = duplex.shared.ring_in.end
            began, late, settled = time.monotonic(), 0, False
            while (now := time.monotonic() - began) < seconds + SETTLED_S:
                time.sleep(0.02)
                stream.check()
                if chain.error is not None:
                    raise chain.error
                if not settled and now > SETTLED_S:
                    late, settled = duplex.counts().late_blocks, True
                    duplex.loads.reset()
                    lags.reset()
                while (
                    heard := duplex.shared.ring_in.read(listener.position, RATE)
                ) is not None and heard.shape[1]:
                    listener.hear(heard)
            counts, latency = duplex.counts(), stream.latency
            if listener.offset is None or counts.n_samples - listener.position > RATE // 2:
                raise SystemExit("bench: what came in was not compared; is the player connected?")
        client.close()
    finally:
        if hog is not None:
            hog.kill()
            hog.wait()
        memory = [resident_mb(), *(resident_mb(pid) for pid in children())]
        n_steps = sum(block.steps for block in chain.history)
        chain.close()
    n_late = counts.late_blocks - late
    about = [f"{channels} channel{'s' if channels > 1 else ''}"]
    about += ["a core kept busy"] if is_busy else []
    about += [] if may_be_real_time() else ["no real-time priority"]
    return [
        ", ".join(about),
        f"{counts.blocks}",
        f"{listener.wrong + counts.lost_samples}",
        f"{n_late} ({n_late / counts.blocks:.3%})",
        " / ".join(f"{lags.late_blocks(n)}" for n in MARGINS),
        f"{duplex.loads.median:.3f}",
        f"{duplex.loads.p999:.3f}",
        f"{1000 * latency.processor / RATE:.1f}",
        f"{latency.total_ms:.1f}",
        f"{n_steps}",
        " + ".join(f"{megabytes:.0f}" for megabytes in memory),
    ]


def children() -> list[int]:
    """Of this process (Linux)."""
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listed.read_text().split()] if listed.is_file() else []


def resident_mb(pid: int | str = "self") -> float:
    """Of a process, now (Linux), else of this one at its peak."""
    pages = Path(f"/proc/{pid}/statm")
    if pages.is_file():
        return int(pages.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.live", description="Live, on a dummy server.")
    parser.add_argument("--minutes", type=float, default=10.0, help="of each run on the server")
    parser.add_argument("--play", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--run", nargs=2, metavar=("CHANNELS", "BUSY"), type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.play:
        play()
        return
    if args.run:
        print(json.dumps(live_run(args.run[0], args.minutes * 60, bool(args.run[1]))))
        return
    lines = []
    for channels, is_busy, is_plain in RUNS:
        if is_plain and not (may_be_real_time() and shutil.which(PLAIN[0])):
            continue
        before = PLAIN if is_plain else ()
        with server(channels, before):  # and a process of its own: PortAudio keeps to its first server
            minutes = args.minutes * (PLAIN_SHARE if is_plain else 1.0)
            options = ["--minutes", str(minutes), "--run", str(channels), str(int(is_busy))]
            command = [*before, sys.executable, "-m", "bench.live", *options]
            run = subprocess.run(command, stdout=subprocess.PIPE, check=True)
        lines.append(json.loads(run.stdout.splitlines()[-1]))
        print(*lines[-1], sep="\t", flush=True)
    header = [
        "48 kHz, 256 samples",
        "blocks",
        "lost or repeated samples",
        f"late blocks after {SETTLED_S:g} s",
        f"had the margin been {' / '.join(map(str, MARGINS))} blocks",
    ]
    header += ["load of a hop: median", "p99.9", "window + look-ahead, ms", "latency in all, ms", "steps"]
    header += ["memory, MB: stream + learning"]
    text = (
        f"jackd's dummy driver, {args.minutes:g} minutes each (without real-time priority "
        f"{PLAIN_SHARE * args.minutes:g}), learning on, margin {MARGIN_BLOCKS} blocks of "
        f"{1000 * PERIOD / RATE:.1f} ms. Load is the time that a hop (8 ms) takes, as a part of it.\n\n"
        + results.table(header, lines)
    )
    print(text)
    if args.minutes >= 10:
        results.write_section("live", "Live", text)


if __name__ == "__main__":
    main()
