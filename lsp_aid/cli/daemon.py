"""Run the daemon in the foreground: for systemd, launchd and the like. Editors start one by themselves.

The daemon serves all editors of this user. `lsp-aid status` tells of it, `restart` and `stop` end it.
"""

import argparse

NAME = "daemon"
HELP = "run the daemon in the foreground, for systemd and the like"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stay", action="store_true", help="do not end when no editor needs it for long")
    parser.add_argument("--replace", action="store_true", help="take the place of the one that runs")
    parser.add_argument("--detached", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--lock", type=int, metavar="FD", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    from lsp_aid.server import READING
    from lsp_aid.sidecar.running import run_daemon
    from lsp_aid.wiring import Engine

    return run_daemon(
        Engine().serve,
        READING,
        stay=options.stay,
        replace=options.replace,
        detached=options.detached,
        lock=options.lock,
    )
