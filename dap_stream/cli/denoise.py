"""``dap-stream denoise``: options to jobs, jobs to lines on the terminal."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from dap_stream.cli.file_jobs import run_jobs
from dap_stream.cli.options import (
    KEEP_HELP,
    LOUDNESS_SHORT,
    add_chain,
    add_loudness,
    chain_names,
    chosen_repairs,
    chosen_values,
    last_of_chain,
    option_help,
)
from dap_stream.cli.recording_options import (
    Part,
    add_dry_run,
    add_files,
    add_inputs,
    add_tellings,
    check_pipes,
    inputs_and_output,
    part_of,
)
from dap_stream.core.units import parse_seconds
from dap_stream.errors import SettingError
from dap_stream.io.output_paths import CLEAN, PIPE, Names, is_same_file, make_names
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
  dap-stream denoise talk.wav --repair hum,clicks   repair first; dap-stream repair does nothing else
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
    add_inputs(parser)
    add_files(parser.add_argument_group("where results go"), CLEAN)
    add_method(parser.add_argument_group("what is done"))
    output = parser.add_argument_group("what is told")
    add_dry_run(output)
    add_tellings(output)


def _fit_s(quality: str) -> str:
    """Rough seconds that the fit takes."""
    return f"{BAND_STEP_S * BAND_STEPS[quality]:.0f}"


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
    names = make_names(*inputs_and_output(args), args.removed, args.in_place, args.report)
    chain = make_chain(args, names)
    check_pipes(args, names)
    part = part_of(args, names)
    if args.save_profile is not None:
        _check_save_profile(args.save_profile, names)
    return run_jobs(args, _jobs(args, names, chain, part))


def _noise(args: argparse.Namespace, names: Names, track: int | None) -> KnownNoise | None:
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
    return KnownNoise(names.source, start_s, end_s, track)


def make_chain(args: argparse.Namespace, names: list[Names]) -> ChainSettings:
    """Preset, then ``--set`` and the options that are short for it."""
    from dap_stream.processors.chain_settings import make_chain_settings

    values = chosen_values(args, SHORT)
    repairs, last = chosen_repairs(args), last_of_chain(args)
    chain = make_chain_settings(args.preset, values, chain_names(args), repairs=repairs, last=last)
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


def _check_save_profile(path: str, names: list[Names]) -> None:
    """A profile may replace a profile (that is how it gets better), and nothing else."""
    if len(names) > 1:
        raise SettingError(f"--save-profile keeps what was learned from one recording; here are {len(names)}")
    sounds = (names[0].source, names[0].output, names[0].removed, names[0].report)
    if any(is_same_file(path, sound) for sound in sounds if sound):
        raise SettingError(f"--save-profile {path}: is one of the recordings; choose another name")
    from dap_stream.io.profile_file import check_replaceable

    check_replaceable(path)


def _jobs(args: argparse.Namespace, names: list[Names], chain: ChainSettings, part: Part) -> list[Job]:
    from dap_stream.apps.files.job import Job
    from dap_stream.io.pipe_format import PipeFormat
    from dap_stream.io.profile_file import load_profile

    raw = None if args.raw is None else PipeFormat.parse(args.raw)
    profile = None if args.profile is None else load_profile(args.profile)
    return [
        Job(
            each,
            chain,
            part.start_s,
            part.end_s,
            raw,
            profile,
            args.save_profile,
            _noise(args, each, part.track),
            args.force,
            part.track,
        )
        for each in names
    ]
