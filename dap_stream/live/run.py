"""From what a user asked for to a session, on devices or on a file, and to what is told at its end."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from dap_stream.errors import OutputError, SettingError
from dap_stream.io.file import FileSink, FileSource
from dap_stream.io.formats import output_format
from dap_stream.live.record import dry_name
from dap_stream.live.rig import Plan, Rig, Stream, usual_block_size
from dap_stream.live.session import Session, Wishes
from dap_stream.live.simulate import SimulatedStream
from dap_stream.live.summary import Summary, first_line
from dap_stream.naming import Names, check_names
from dap_stream.profile import Profile
from dap_stream.settings import Settings
from dap_stream.signals import Stopped
from dap_stream.units import seconds_to_samples


@dataclass(frozen=True)
class Request:
    """What was asked for. None: as the device has it."""

    settings: Settings
    profile: Profile | None
    wishes: Wishes
    margin_blocks: int
    block_size: int | None = None
    sample_rate: int | None = None
    channels: int = 1
    source: str | None = None
    target: str | None = None
    jack: str | None = None
    is_bypassed: bool = False

    def plan(self, sample_rate: int, channels: int, block_size: int) -> Plan:
        """With what the device says."""
        return Plan(self.settings, sample_rate, channels, block_size, self.margin_blocks, self.is_bypassed)


Ended = tuple[Summary, BaseException | None]


def run_devices(request: Request) -> Ended:
    """On sound devices, or as a JACK client, until it is ended."""
    from dap_stream.live.openers import Asked, JackOpener, Opener, PortAudioOpener

    asked = Asked(request.source, request.target, request.sample_rate, request.block_size, request.channels)
    opener: Opener = PortAudioOpener(asked) if request.jack is None else JackOpener(request.jack, asked)
    plan = request.plan(opener.sample_rate, request.channels, opener.block_size)

    def describe(stream: Stream) -> tuple[str, str, str]:
        ends = (opener.source, opener.target)
        return *ends, first_line(*ends, plan, stream.latency, opener.told_block_size)

    def open_stream(rig: Rig) -> Stream:
        return opener.open(rig.link)

    return Session(plan, request.profile, open_stream, describe, request.wishes).run()


def run_file(request: Request, source_name: str, target_name: str, is_real_time: bool = False) -> Ended:
    """The file ``source_name`` in the place of a device; ``target_name`` appears when it is complete."""
    record = request.wishes.record
    taken = {Path(each).resolve() for each in (record, record and dry_name(record)) if each}
    if taken & {Path(source_name).resolve(), Path(target_name).resolve()}:
        raise SettingError(f"--record {record}: is one of the files of --simulate; choose another name")
    if Path(source_name).resolve() == Path(target_name).resolve():
        raise SettingError(f"--simulate {source_name} {target_name}: IN and OUT must be two files")
    if Path(target_name).is_file() and not request.wishes.force:
        raise OutputError(f"{target_name}: exists already; choose another OUT, or say --force to replace it")
    names = Names(source_name, target_name)
    check_names(names, [names], request.wishes.force)
    with ExitStack() as stack:
        source = stack.enter_context(FileSource(source_name))
        plan = request.plan(
            source.sample_rate, source.channels, request.block_size or usual_block_size(source.sample_rate)
        )
        sink = stack.enter_context(FileSink(target_name, output_format(Path(target_name), source.format)))

        def describe(stream: Stream) -> tuple[str, str, str]:
            ends = (source_name, target_name)
            return *ends, first_line(*ends, plan, stream.latency, plan.block_size)

        duration_s = request.wishes.duration_s
        n_most = None if duration_s is None else max(1, seconds_to_samples(duration_s, source.sample_rate))
        streams: list[SimulatedStream] = []

        def open_stream(rig: Rig) -> Stream:
            streams.append(SimulatedStream(rig.link, source, sink, is_real_time, n_most))
            return streams[-1]

        wishes = replace(
            request.wishes,
            duration_s=None,  # of the sound, not of the run
            is_inline=not is_real_time,
            is_finished=lambda: streams[-1].is_finished,
        )
        summary, error = Session(plan, request.profile, open_stream, describe, wishes).run()
        if isinstance(error, Stopped) and not is_real_time:
            raise error
        streams[-1].check()
        sink.commit()
    return summary, error
