"""Clean what is selected in Audacity 3: python dap_stream_audacity.py [--replace] [--preset NAME].

Audacity has to run, with mod-script-pipe enabled (Preferences > Modules). The clean sound takes the
place of the old one in its track; the old one is kept as a muted track, but not with --replace. Labels stay.
Needs nothing but the standard library, and dap_stream_client.py beside it.
"""

import argparse
import json
import os
import select
import sys
import tempfile
import time
from typing import Any, Dict, List, Optional

from dap_stream_client import Bridge, BridgeError

ANSWER_S = 60.0
PIPE_ENDS = ("to", "from")


class AudacityError(Exception):
    """A line about something that a user can do something about."""


class Audacity:
    """Commands to a running Audacity, each with its answer in a limited time.

    Parameters
    ----------
    timeout
        How long to wait for each answer, in seconds.
    start_s
        How long to wait for its pipes.
    """

    def __init__(self, timeout: float = ANSWER_S, start_s: float = 5.0) -> None:
        self._timeout, self._start_s = timeout, start_s
        self._ends: List[int] = []
        try:
            for end, mode in zip(PIPE_ENDS, (os.O_WRONLY, os.O_RDONLY)):
                self._ends.append(self._open("/tmp/audacity_script_pipe.%s.%d" % (end, os.getuid()), mode))
        except BaseException:
            self.close()
            raise

    def _open(self, path: str, mode: int) -> int:
        # Without O_NONBLOCK, the pipe of an Audacity that has died would hold us for ever.
        end = time.monotonic() + self._start_s
        while True:
            try:
                return os.open(path, mode | os.O_NONBLOCK)
            except OSError:
                if time.monotonic() > end:
                    raise AudacityError(
                        "no Audacity answers; start it, and enable mod-script-pipe in Preferences > Modules"
                    ) from None
            time.sleep(0.1)

    def close(self) -> None:
        """Let go of the pipes."""
        for end in self._ends:
            os.close(end)
        self._ends = []

    def ask(self, command: str) -> str:
        """Answer of Audacity to a command; AudacityError if it fails or does not answer."""
        end, said, is_asked = time.monotonic() + self._timeout, b"", False
        to, back = self._ends
        while b"\n\n" not in said.lstrip(b"\n"):
            if time.monotonic() > end:
                raise AudacityError("Audacity does not answer to %s; look whether a dialog is open" % command)
            try:
                if not is_asked:
                    os.write(to, command.encode("utf-8") + b"\n")
                    said, is_asked = b"", True
                if select.select([back], [], [], 0.5)[0]:
                    piece = os.read(back, 65536)
                    if not piece:
                        raise AudacityError("Audacity has closed its pipe; is it still there?")
                    said += piece
                elif said == b"\n":
                    is_asked = False  # nothing but a line end: no project yet, and the command is lost
            except OSError as error:
                raise AudacityError("Audacity has gone (%s)" % (error.strerror or error)) from None
        text = said.lstrip(b"\n").split(b"\n\n")[0].decode("utf-8", "replace")
        answer, found, status = text.rpartition("BatchCommand finished:")
        if not found or not status.strip().startswith("OK"):
            raise AudacityError("Audacity: %s: %s" % (command, " ".join(text.split())))
        return answer

    def info(self, kind: str) -> Any:
        """Tracks, Clips or Labels as Audacity knows them."""
        return json.loads(self.ask("GetInfo: Type=%s Format=JSON" % kind))


def select_sound(audacity: Audacity, start: float, end: float, track: int, count: int = 1) -> None:
    """Select a time in some tracks that follow each other."""
    audacity.ask("SelectTracks: Track=%d TrackCount=%d Mode=Set" % (track, count))
    audacity.ask("SelectTime: Start=%.9f End=%.9f RelativeTo=ProjectStart" % (start, end))


# Runs once for each selected track: its sound as it is (no dither), and where it is. It has to be one
# expression, and the empty string at its end changes nothing: any other answer would be sound, or a dialog.
# Without that format, times have six digits.
_SAVE = """(let* ((*float-format* {float}) (wave (format nil {wave} (get '*track* 'index)))
  (file (open (format nil {info} (get '*track* 'index)) :direction :output)))
 (s-save *track* ny:all wave :format snd-head-Wave :mode snd-mode-float :bits 32)
 (format file {line} (get '*track* 'index) (get '*selection* 'start) (get '*selection* 'end))
 (close file) {nothing})"""
INFO = ".selection"


def selected_tracks(audacity: Audacity) -> List[int]:
    """Numbers of the tracks with sound that are selected, from 0."""
    tracks = audacity.info("Tracks")
    return [i for i, track in enumerate(tracks) if track["selected"] and track["kind"] == "wave"]


def save_selection(audacity: Audacity, folder: str) -> List[Dict[str, Any]]:
    """Write what is selected of each track into the folder, as floats; where each part was."""
    chosen = selected_tracks(audacity)
    strings = {
        "info": os.path.join(folder, "~a" + INFO).replace("\\", "/"),
        "wave": os.path.join(folder, "~a.wav").replace("\\", "/"),
        "line": "~a ~a ~a",
        "float": "%.9f",
        "nothing": "",
    }
    program = _SAVE.format(**{name: '\\"%s\\"' % text for name, text in strings.items()}).replace("\n", " ")
    audacity.ask('NyquistPrompt: Command="%s" Version=4' % program)
    parts: List[Dict[str, Any]] = []
    for name in sorted(os.listdir(folder)):
        if not name.endswith(INFO):
            continue
        with open(os.path.join(folder, name)) as file:
            number, start, end = file.read().split()
        path = os.path.join(folder, number + ".wav")
        # Nyquist counts the selected tracks, from 1.
        track = chosen[int(number) - 1]
        parts.append({"track": track, "start": float(start), "end": float(end), "path": path})
    parts.sort(key=lambda part: part["track"])
    if not parts:
        raise AudacityError("nothing was saved; select a time and a track with sound in Audacity")
    return parts


def put_back(audacity: Audacity, part: Dict[str, Any], cleaned: str, is_replaced: bool) -> None:
    """The clean sound at its place in its track; the old one as a muted track at the end, unless replaced."""
    track, start, end = part["track"], part["start"], part["end"]
    if not is_replaced:
        select_sound(audacity, start, end, track)
        audacity.ask("Duplicate:")
        last = len(audacity.info("Tracks")) - 1
        audacity.ask('SetTrackStatus: Track=%d Name="%s"' % (last, "before dap_stream"))
        audacity.ask("SetTrackAudio: Track=%d Mute=1" % last)
    audacity.ask('Import2: Filename="%s"' % cleaned)
    tracks = audacity.info("Tracks")
    last = len(tracks) - 1
    select_sound(audacity, tracks[last]["start"], tracks[last]["end"], last)
    audacity.ask("Copy:")
    audacity.ask("RemoveTracks:")
    select_sound(audacity, start, end, track)
    audacity.ask("Paste:")


def clean_selection(
    audacity: Audacity, bridge: Bridge, folder: str, is_replaced: bool, preset: Optional[str]
) -> int:
    """Clean the selected part of each selected track; how many there were.

    Nothing in Audacity changes before all of it has been cleaned.
    """
    before = audacity.info("Tracks")
    if not selected_tracks(audacity):
        raise AudacityError("no sound is selected; select a time and a track in Audacity")
    parts = save_selection(audacity, folder)
    for part in parts:
        name = before[part["track"]]["name"]

        def show(stage: str, share: float, name: str = name) -> None:
            if sys.stderr.isatty():
                sys.stderr.write("\r%s: %s %3.0f %%  " % (name, stage, 100 * share))

        part["cleaned"] = part["path"][:-4] + "_clean.wav"
        bridge.clean(part["path"], part["cleaned"], progress=show, preset=preset)
    for part in parts:
        put_back(audacity, part, part["cleaned"], is_replaced)
    audacity.ask("SelectTracks: Track=%d TrackCount=1 Mode=Set" % parts[0]["track"])
    for part in parts[1:]:
        audacity.ask("SelectTracks: Track=%d TrackCount=1 Mode=Add" % part["track"])
    audacity.ask(
        "SelectTime: Start=%.9f End=%.9f RelativeTo=ProjectStart" % (parts[0]["start"], parts[0]["end"])
    )
    return len(parts)


def main(argv: List[str]) -> int:
    """Clean the selection of the Audacity that runs; the exit status."""
    parser = argparse.ArgumentParser(description="Clean what is selected in Audacity with dap-stream.")
    parser.add_argument("--replace", action="store_true", help="do not keep the old sound as a muted track")
    parser.add_argument(
        "--preset", metavar="NAME", help="settings that go together, by name or as a TOML file"
    )
    parser.add_argument("--timeout", type=float, default=ANSWER_S, help="for each answer of Audacity, in s")
    args = parser.parse_args(argv)
    preset, presets = args.preset, []
    if preset and os.path.exists(preset):
        preset = os.path.abspath(preset)
        presets = [os.path.dirname(preset)]
    audacity = None
    try:
        audacity = Audacity(args.timeout)
        with tempfile.TemporaryDirectory(prefix="dap_stream_audacity_") as folder:
            with Bridge.start(folders=[folder, *presets]) as bridge:
                count = clean_selection(audacity, bridge, folder, args.replace, preset)
    except KeyboardInterrupt:
        sys.stderr.write("dap_stream: stopped\n")
        return 130
    except (AudacityError, BridgeError, OSError) as error:
        sys.stderr.write("dap_stream: error: %s\n" % error)
        return 1
    finally:
        if audacity is not None:
            audacity.close()
    print("cleaned %d track%s" % (count, "" if count == 1 else "s"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
