"""`lsp-aid`: dispatch to the subcommands. Imports nothing heavy before it knows what is wanted."""

import sys


def main() -> int:
    """The entry point of the command `lsp-aid`. The result is the exit status."""
    from lsp_aid.cli import dispatch

    return dispatch(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
