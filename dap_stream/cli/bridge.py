"""``dap-stream bridge``: options to a warm process that does jobs for other programs."""

from __future__ import annotations

import argparse
import sys

from dap_stream.cli.bridge_install import add_install_options
from dap_stream.errors import SettingError

_MAX_JOBS, _MAX_PORT, _MAX_IDLE_S = 64, 65535, 10**9

_EPILOG = """\
examples:
  dap-stream bridge                                   a host starts it and talks to it
  dap-stream bridge --watch jobs --folder takes       a host writes jobs/NAME.job.json
  dap-stream bridge --socket dap.sock                 several programs of this user
  dap-stream bridge --tcp 0 --token-file token        several programs of this machine
  dap-stream bridge --schema > schema.json            all messages, as JSON Schema

One JSON-RPC 2.0 message a line:
  {"jsonrpc": "2.0", "id": 1, "method": "clean", "params": {"input": "talk.wav"}}
A closed pipe, a client that goes away and Ctrl-C cancel what runs; nothing half-written is left.
For Python there is a client in one file without any package: dap_stream/apps/bridge/client/.
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add description and options to the parser of the command."""
    parser.description = "A warm process that cleans for other programs: editors, DAW scripts, servers."
    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.set_defaults(run=run)
    ways = parser.add_argument_group("the way in (default: standard input and output)")
    ways.add_argument("--watch", metavar="DIR", help="a folder of job files, on a share too")
    ways.add_argument("--socket", metavar="PATH", help="a Unix domain socket that only this user can open")
    ways.add_argument("--tcp", metavar="PORT", help="TCP on the loopback interface; 0: any port")
    ways.add_argument("--token-file", metavar="FILE", help="of --tcp: where the token for hello goes")
    rest = parser.add_argument_group("what it may do")
    rest.add_argument(
        "--folder",
        metavar="DIR",
        action="append",
        default=[],
        help="may be read and written; nothing outside is touched. Several times for several, relative paths "
        "count from the first; default: the watched folder, else the current one",
    )
    rest.add_argument("--jobs", metavar="N", default="1", help="so many at once (default 1)")
    rest.add_argument("--idle", metavar="S", help="end after so many seconds without a job (default: never)")
    rest.add_argument(
        "--schema", action="store_true", dest="tells_only", help="print the JSON Schema of all messages"
    )
    add_install_options(
        parser.add_subparsers(title="scripts for editors", metavar="install", dest="word").add_parser(
            "install", help="give REAPER, Audacity, Ardour or OBS the way here", allow_abbrev=False
        )
    )


def run(args: argparse.Namespace) -> int:
    """Serve until it ends; or print the schema."""
    if args.tells_only:
        from dap_stream.apps.bridge.schema import schema_text

        print(schema_text(), end="")
        return 0
    ways = [f"--{name}" for name in ("watch", "socket", "tcp") if getattr(args, name) is not None]
    if len(ways) > 1:
        raise SettingError(f"{' and '.join(ways)} are two ways in; keep one, or start two bridges")
    if (args.tcp is None) != (args.token_file is None):
        raise SettingError("--tcp and --token-file belong together; give both")
    n_jobs = _whole_number("jobs", args.jobs, 1, _MAX_JOBS)
    port = None if args.tcp is None else _whole_number("tcp", args.tcp, 0, _MAX_PORT)
    idle_s = None if args.idle is None else _whole_number("idle", args.idle, 1, _MAX_IDLE_S)

    from dap_stream.apps.bridge.folders import Folders
    from dap_stream.apps.bridge.serve import BridgeSettings, run_bridge

    if args.watch is not None:
        Folders([args.watch])
    if not ways and sys.stdin.isatty():
        _say("standard input is a terminal: type requests, one a line, or see dap-stream bridge --help")
    folders = Folders(args.folder or [args.watch or "."])
    run_bridge(BridgeSettings(folders, args.watch, args.socket, port, args.token_file, n_jobs, idle_s), _say)
    return 0


def _whole_number(option: str, text: str, low: int, high: int) -> int:
    from dap_stream.cli.options import whole_number

    value = whole_number(option, text)
    if not low <= value <= high:
        raise SettingError(f"--{option} {value} must be in {low}..{high}")
    return value


def _say(text: str) -> None:
    print(f"dap-stream: {text}", file=sys.stderr, flush=True)
