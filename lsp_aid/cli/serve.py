"""Serve an editor over standard input and output, in this very process."""

import argparse
import asyncio

NAME = "serve"
HELP = "serve an editor over standard input and output"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stdio", action="store_true", help="speak over standard input and output (always so)")
    parser.add_argument("--clientProcessId", type=int, metavar="N", help="end when the process N ends")


def run(options: argparse.Namespace) -> int:
    from lsp_aid.server import serve_stdio
    from lsp_aid.wiring import Wiring

    return asyncio.run(serve_stdio(Wiring().services(), options.clientProcessId))
