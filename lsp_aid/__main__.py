"""`lsp-aid`: dispatch. Editors get the relay, which has to start at once; for all else there are the subcommands."""

import sys


def main() -> int:
    """The entry point of the command `lsp-aid`. The result is the exit status."""
    arguments = sys.argv[1:]
    if is_for_editor(arguments):
        from lsp_aid.sidecar.relay import main as relay

        return relay(arguments)
    from lsp_aid.cli import dispatch

    return dispatch(arguments)


def is_for_editor(arguments: list[str]) -> bool:
    """Editors start it by the bare name, or with the flags that language clients add."""
    if not arguments:
        return not (sys.stdin and sys.stdin.isatty())
    return arguments[0] == "--stdio" or arguments[0].startswith("--clientProcessId")


if __name__ == "__main__":
    sys.exit(main())
