"""From what a user asked for to a session on devices or on a file, and to what is told at its end."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from dap_stream.apps.live.backend import Backend, FileBackend
from dap_stream.apps.live.recorder import dry_name
from dap_stream.apps.live.report import SessionReport
from dap_stream.apps.live.session import Session
from dap_stream.apps.live.settings import LiveSettings
from dap_stream.core.interrupts import Stopped
from dap_stream.core.profile import Profile
from dap_stream.core.units import seconds_to_samples
from dap_stream.errors import SettingError
from dap_stream.io.file_set import replace_together
from dap_stream.io.file_sink import FileSink
from dap_stream.io.formats import output_format
from dap_stream.io.open_audio import open_audio
from dap_stream.io.output_paths import Names, check_free, check_names, is_same_file
from dap_stream.io.profile_file import stage_profile

Ended = tuple[SessionReport, BaseException | None]
"""Report, and the error to be raised once that was shown."""


def run_devices(settings: LiveSettings) -> Ended:
    """On sound devices, or as a JACK client, until it is ended."""
    from dap_stream.apps.live.backend_factory import JackBackend, PortAudioBackend

    backend: Backend = (
        PortAudioBackend(settings) if settings.jack is None else JackBackend(settings.jack, settings)
    )
    return Session(settings, backend).run()


def run_file(settings: LiveSettings, source_name: str, target_name: str, is_real_time: bool = False) -> Ended:
    """The file ``source_name`` in the place of a device; ``target_name`` appears when it is complete."""
    recording = settings.record
    recordings = () if recording is None else (recording, dry_name(recording))
    if any(is_same_file(one, other) for one in recordings for other in (source_name, target_name)):
        raise SettingError(f"--record {recording}: is one of the files of --simulate; choose another name")
    if is_same_file(source_name, target_name):
        raise SettingError(f"--simulate {source_name} {target_name}: IN and OUT must be two files")
    check_free(target_name, settings.force, "another OUT")
    names = Names(source_name, target_name)
    check_names(names, [names], settings.force)
    with ExitStack() as stack:
        source = open_audio(source_name)
        stack.enter_context(source)
        target_format = output_format(Path(target_name), source.format)
        sink = stack.enter_context(FileSink(target_name, target_format, force=settings.force))
        duration_s = settings.duration_s
        n_most = None if duration_s is None else max(1, seconds_to_samples(duration_s, source.sample_rate))
        ends = (source_name, target_name)
        backend = FileBackend(ends, source, sink, settings, is_real_time, n_most)
        of_sound = replace(settings, duration_s=None)  # the duration is that of the sound, not of the run
        together = [sink.hidden]

        def stage(path: str, profile: Profile) -> None:
            together.append(stage_profile(path, profile))
            stack.callback(together[-1].remove)

        report, error = Session(of_sound, backend, not is_real_time, stage).run()
        if isinstance(error, Stopped) and not is_real_time:
            raise error
        backend.check()
        sink.finish()
        replace_together(together)
    return report, error
