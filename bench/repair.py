"""Repairs of damage that is made here, beside those of other programs; writes sections of RESULTS.md.

python -m bench.repair [--audio PATH] [hum clicks gaps clipping bandwidth speed]
"""

from __future__ import annotations

import argparse
import importlib
import shutil
import subprocess

from bench import results
from bench.audio import add_audio_argument, audio_folder

TITLES = {
    "hum": "Repair: hum",
    "clicks": "Repair: clicks",
    "gaps": "Repair: gaps",
    "clipping": "Repair: clipping",
    "bandwidth": "Repair: missing highs",
    "speed": "Repair: speed",
}


def programs() -> str:
    """Versions of the programs beside which we stand."""
    lines = []
    for name, option in (("ffmpeg", "-version"), ("sox", "--version")):
        if shutil.which(name) is None:
            lines.append(f"{name} absent")
            continue
        told = subprocess.run([name, option], capture_output=True, text=True, check=True)
        lines.append(told.stdout.splitlines()[0].split(" Copyright")[0].strip())
    return f"Programs: {', '.join(lines)}\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.repair", description="Repairs beside others.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(TITLES)}; all by default")
    add_audio_argument(parser)
    args = parser.parse_args()
    unknown = set(args.kinds) - set(TITLES)
    if unknown:
        parser.error(f"no kind {', '.join(sorted(unknown))}")
    folder = audio_folder(args.audio)
    for kind in args.kinds or TITLES:
        # Each has `section(folder)`: tables and what they show, in Markdown.
        text = importlib.import_module(f"bench.repairs.{kind}").section(folder)
        print(text, flush=True)
        results.write_section(
            f"repair-{kind}", TITLES[kind], f"{programs()}\n{text}", ("pesq", *results.PEER_PACKAGES)
        )


if __name__ == "__main__":
    main()
