"""``dap-stream denoise``: options to jobs, jobs to lines on the terminal."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from dap_stream.cli.options import (
    KEEP_HELP,
    LOUDNESS_SHORT,
    add_chain,
    add_loudness,
    chain_names,
    chosen_values,
    last_of_chain,
    option_help,
)
from dap_stream.core.units import parse_seconds
from dap_stream.errors import SettingError
from dap_stream.io.output_paths import PIPE, Names, OutputCheck, is_same_file, make_names
from dap_stream.processors.denoise.cost import BAND_STEP_S
from dap_stream.processors.denoise.settings import BAND_STEPS, DenoiseSettings

if TYPE_CHECKING:
    from dap_stream.apps.files.job import Job
    from dap_stream.apps.files.known_noise import KnownNoise
    from dap_stream.processors.chain_settings import ChainSettings

# Option -> key of DenoiseSettings that it is short for.
SHORT = {
    "reduction": "reduction_db",
    "wet": "wet",
    "device": "device",
    "generator": "generator",
    "passes": "passes",
    "steps": "steps",
    "seed": "seed",
    "keep": "keep",
    "quality": "quality",
    **LOUDNESS_SHORT,
}

_EPILOG = """\
examples:
  dap-stream denoise talk.wav                       writes talk_clean.wav beside it
  dap-stream denoise talk.wav -o quiet.flac --preset podcast --reduction 12
  dap-stream denoise *.wav -o cleaned/              many recordings into one folder
  dap-stream denoise talk.wav --removed noise.wav   result + noise.wav = talk.wav, exactly
  dap-stream denoise talk.wav --start 1:30 --end 1:50 -o try.wav
  dap-stream denoise monday.wav --save-profile studio.npz
  dap-stream denoise tuesday.wav --profile studio.npz
  dap-stream denoise talk.wav --noise 0:00-0:02.5   there is only noise in this stretch
  dap-stream denoise talk.wav --loudness -16        as loud as podcasts are
  dap-stream denoise film.mp4                       film_clean.mp4, with the picture as it is
  ffmpeg -i talk.mp4 -f f32le -ar 48000 -ac 2 - | dap-stream denoise - - --raw f32le:48000:2 > clean.f32

The result keeps sample rate, channels, length and sample format (16, 24 or 32 bit, float) of the
recording, aligned to the sample. No dither is added: what was not changed is stored unchanged.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = (
        "Clean recordings: WAV, FLAC, OGG, Opus, MP3, AIFF, CAF, M4A, films and others, or a pipe."
    )
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run)
    parser.add_argument(
        "inputs", nargs="+", metavar="IN", help="recordings; - is standard input, a last - standard output"
    )
    _add_files(parser.add_argument_group("where results go"))
    add_method(parser.add_argument_group("what is done"))
    output = parser.add_argument_group("what is told")
    output.add_argument(
        "--dry-run", action="store_true", help="say what would be done, with time and memory; do nothing"
    )
    add_tellings(output)


def add_tellings(group: Any) -> None:
    """Options of what is told."""
    group.add_argument("--json", action="store_true", help="one line of JSON for each recording")
    group.add_argument(
        "-q", "--quiet", action="store_true", help="no progress and no result line; warnings stay"
    )


def _fit_s(quality: str) -> str:
    """Rough seconds that the fit takes."""
    return f"{BAND_STEP_S * BAND_STEPS[quality]:.0f}"


def _add_files(group: Any) -> None:
    group.add_argument(
        "-o", "--output", metavar="OUT", help="file or existing folder; default: NAME_clean.EXT beside it"
    )
    group.add_argument("--in-place", action="store_true", help="replace the recordings themselves")
    group.add_argument("--force", action="store_true", help="replace files that exist already")
    group.add_argument(
        "--removed", metavar="FILE", help="also write what was taken out (a folder for several inputs)"
    )
    group.add_argument(
        "--report",
        metavar="FILE",
        help="also write a page to see and hear what was done, FILE.html (a folder for several inputs)",
    )
    group.add_argument(
        "--raw", metavar="FORMAT", help="pipes without a header: ENCODING:RATE:CHANNELS, f32le:48000:2"
    )
    group.add_argument(
        "--track",
        metavar="N",
        help="which track of sound of a film, from 1; default: the one players take",
    )
    group.add_argument("--start", metavar="TIME", help="from here on: 90, 1:30 or 1:01:30.5")
    group.add_argument("--end", metavar="TIME", help="up to here")


def add_method(group: Any, saves: bool = True) -> None:
    """Options of the denoiser and the chain; ``saves``: and of keeping what was learned."""
    group.add_argument(
        "--reduction", metavar="DB", help=option_help("largest attenuation, 0..60 dB", "reduction_db")
    )
    group.add_argument(
        "--wet", metavar="PART", help=option_help("0 to 1: part of the result that is processed", "wet")
    )
    group.add_argument("--keep", metavar="WHAT", help=option_help(KEEP_HELP, "keep"))
    group.add_argument(
        "--quality",
        metavar="NAME",
        help=option_help(
            f"how long it is fitted to the recording: fast not at all, standard, best; takes "
            f"{_fit_s('standard')} s or {_fit_s('best')} s more on two cores",
            "quality",
        ),
    )
    group.add_argument(
        "--noise",
        metavar="START-END",
        help="a stretch that has only noise: 0:00-0:02.5; times count from the start of the file, and of "
        "several inputs each has its own stretch there",
    )
    group.add_argument("--noise-file", metavar="FILE", help="a recording of the noise alone")
    group.add_argument(
        "--generator",
        metavar="NAME",
        help=option_help(
            "what predicts the sound: band (taught beforehand, then this recording), context (this recording "
            "alone), dcgan, skip, decoder (deep priors, slow), classical (no network, fastest)",
            "generator",
        ),
    )
    group.add_argument(
        "--passes",
        metavar="N",
        help=option_help("2: learn from the whole file first; 1: on the way", "passes"),
    )
    group.add_argument(
        "--steps",
        metavar="N",
        help="steps of learning: in all (2 passes), at most per block (1 pass; 4 times that for the first)",
    )
    group.add_argument("--seed", metavar="N", help=option_help("another start of the random numbers", "seed"))
    group.add_argument("--device", metavar="NAME", help=option_help("auto, cpu or cuda", "device"))
    group.add_argument("--profile", metavar="FILE", help="start with weights learned before")
    if saves:
        group.add_argument(
            "--save-profile", metavar="FILE", help="keep the weights learned now, for --profile"
        )
    add_chain(group)
    add_loudness(group)


def run(args: argparse.Namespace) -> int:
    """Check everything that is cheap to check, then do the work."""
    names = make_names(*_inputs_and_output(args), args.removed, args.in_place, args.report)
    chain = make_chain(args, names)
    _check_pipes(args, names)
    start_s, end_s = _range(args)
    if start_s or end_s is not None:
        if args.in_place:
            raise SettingError(
                "--in-place with --start or --end would cut the recording; write to another file"
            )
        if names[0].source == PIPE:
            raise SettingError("--start and --end need a file; cut before the pipe")
    if args.save_profile is not None:
        _check_save_profile(args.save_profile, names)
    return _run_jobs(args, names, chain, start_s, end_s)


def _noise(args: argparse.Namespace, names: Names) -> KnownNoise | None:
    """Noise that is shown: a stretch of each recording, or a file."""
    from dap_stream.apps.files.known_noise import KnownNoise

    if args.noise is None:
        return None if args.noise_file is None else KnownNoise(args.noise_file)
    if args.noise_file is not None:
        raise SettingError("--noise and --noise-file both show noise; keep one")
    if names.source == PIPE:
        raise SettingError("--noise is a stretch of a file, and a pipe is heard only once; use --noise-file")
    begin, dash, end = args.noise.partition("-")
    try:
        if not dash:
            raise ValueError(f"{args.noise!r} must look like 0:00-0:02.5")
        start_s, end_s = parse_seconds(begin), parse_seconds(end)
    except ValueError as error:
        raise SettingError(f"--noise: {error}") from error
    if end_s <= start_s:
        raise SettingError(f"--noise {args.noise} must end later than it starts")
    return KnownNoise(names.source, start_s, end_s, _track(args, [names]))


def _inputs_and_output(args: argparse.Namespace) -> tuple[list[str], str | None]:
    """``denoise IN -`` means standard output, ``denoise - -`` the whole pipeline."""
    inputs, output = list(args.inputs), args.output
    if len(inputs) > 1 and inputs[-1] == PIPE:
        if output is not None:
            raise SettingError(f"standard output (the last -) and -o {output} are two outputs; keep one")
        return inputs[:-1], PIPE
    return inputs, output


def make_chain(args: argparse.Namespace, names: list[Names]) -> ChainSettings:
    """Preset, then ``--set`` and the options that are short for it."""
    from dap_stream.processors.chain_settings import make_chain_settings

    values = chosen_values(args, SHORT)
    chain = make_chain_settings(args.preset, values, chain_names(args), last=last_of_chain(args))
    denoise = chain.get("denoise")
    if (
        isinstance(denoise, DenoiseSettings)
        and denoise.passes == 2
        and {"passes", "denoise.passes"} & set(values)
    ):
        if denoise.is_deep:
            raise SettingError(f"generator={denoise.generator} learns while it cleans; use --passes 1")
        if names[0].source == PIPE:
            raise SettingError(
                "passes=2 needs a file, since standard input can be read only once; use --passes 1"
            )
    for option in ("profile", "save_profile"):
        if getattr(args, option) is not None and not chain.learns:
            name = option.replace("_", "-")
            raise SettingError(f"--{name} is of no use where nothing learns; take generator=band or context")
    return chain


def _check_pipes(args: argparse.Namespace, names: list[Names]) -> None:
    uses_pipe = PIPE in (names[0].source, names[0].output)
    if args.raw is not None and not uses_pipe:
        raise SettingError("--raw is for pipes; give - as input or output, or leave it out")
    if names[0].source == PIPE and sys.stdin.isatty():
        raise SettingError("standard input is a terminal; pipe audio into it, or name a file")
    if names[0].output == PIPE and sys.stdout.isatty() and not args.dry_run:
        raise SettingError("standard output is a terminal; pipe it on, or name a file with -o")


def _range(args: argparse.Namespace) -> tuple[float, float | None]:
    times = []
    for option in ("start", "end"):
        text = getattr(args, option)
        try:
            times.append(None if text is None else parse_seconds(text))
        except ValueError as error:
            raise SettingError(f"--{option}: {error}") from error
    start_s, end_s = times[0] or 0.0, times[1]
    if end_s is not None and end_s <= start_s:
        raise SettingError(f"--end {args.end} must be later than --start {args.start or 0}")
    return start_s, end_s


def _track(args: argparse.Namespace, names: list[Names]) -> int | None:
    if args.track is None:
        return None
    if names[0].source == PIPE:
        raise SettingError("--track is for files; a pipe has one track")
    if not args.track.isdecimal() or int(args.track) < 1:
        raise SettingError(f"--track {args.track} must be a number from 1 on; see dap-stream info")
    return int(args.track)


def _check_save_profile(path: str, names: list[Names]) -> None:
    """A profile may replace a profile (that is how it gets better), and nothing else."""
    if len(names) > 1:
        raise SettingError(f"--save-profile keeps what was learned from one recording; here are {len(names)}")
    sounds = (names[0].source, names[0].output, names[0].removed, names[0].report)
    if any(is_same_file(path, sound) for sound in sounds if sound):
        raise SettingError(f"--save-profile {path}: is one of the recordings; choose another name")
    from dap_stream.io.profile_file import check_replaceable

    check_replaceable(path)


def _run_jobs(
    args: argparse.Namespace,
    names: list[Names],
    chain: ChainSettings,
    start_s: float,
    end_s: float | None,
) -> int:
    from dap_stream.apps.files.batch import exit_status, run_all, summary
    from dap_stream.apps.files.job import Job
    from dap_stream.apps.files.job_check import check
    from dap_stream.cli.console import Console
    from dap_stream.io.pipe_format import PipeFormat
    from dap_stream.io.profile_file import load_profile

    raw = None if args.raw is None else PipeFormat.parse(args.raw)
    profile = None if args.profile is None else load_profile(args.profile)

    track = _track(args, names)

    jobs = [
        Job(
            each,
            chain,
            start_s,
            end_s,
            raw,
            profile,
            args.save_profile,
            _noise(args, each),
            args.force,
            track,
        )
        for each in names
    ]
    console = Console(len(jobs), args.quiet, args.json, is_piped=names[0].output == PIPE and not args.dry_run)

    outputs = OutputCheck(names, args.force)

    def check_job(job: Job) -> None:
        outputs.check(job.names)
        check(job)

    work = console.estimate if args.dry_run else console.clean
    failures = run_all(jobs, check_job, work, console.failed)
    if len(jobs) > 1 and not args.quiet:
        console.note(summary(failures, len(jobs)))
    return exit_status(failures, len(jobs))
