"""What the commands `fix` and `diff` print: for people, or as one JSON object for scripts."""

import enum
import json
import os
import sys
import textwrap
import time
from collections.abc import Sequence
from typing import Any, TextIO

from attrs import field, frozen

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.proposal import Kind, Level, Proposal
from lsp_aid.edits.unified_diff import render
from lsp_aid.errors import AidError
from lsp_aid.tasks.explain import explained
from lsp_aid.tasks.report import diagnostic_data, proposal_data

_WIDTH = 100


class Status(enum.StrEnum):
    GREEN = "green"  # nothing to do
    FIXED = "fixed"  # applied, and green now
    PROPOSED = "proposed"  # there are proposals, nothing was applied
    RED = "red"  # red, and no proposal, or applied and still red
    FAILED = "failed"  # could not work


@frozen
class Report:
    """What a command found. `green`: whether what is on disk is green at the end. `declined`: what was to be applied
    was not, although it could be worked out."""

    status: Status
    green: bool
    proposals: Sequence[Proposal] = ()
    diagnostics: Sequence[Diagnostic] = ()
    seconds: float = 0.0
    message: str = ""
    declined: bool = False

    @property
    def exit_status(self) -> int:
        if self.status is Status.FAILED:
            return 2
        return 0 if self.green and not self.declined else 1


def print_report(report: Report, *, as_json: bool, explain: bool = False) -> int:
    """Prints and returns the exit status. The diff alone goes to standard output, so that it can be piped.

    `explain`: each message with what it means in plain words."""
    if as_json:
        data = {
            "status": report.status.value,
            "proposals": [proposal_data(proposal) for proposal in report.proposals],
            "diagnostics": [_data(diagnostic, explain=explain) for diagnostic in report.diagnostics],
            "seconds": round(report.seconds, 3),
        }
        if report.message:
            data["message"] = report.message
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
        return report.exit_status
    paint = Paint(sys.stderr)
    say = sys.stderr.write
    if report.status in (Status.RED, Status.PROPOSED):
        for diagnostic in report.diagnostics:
            say(headline(diagnostic, paint))
            if explain:
                say(textwrap.fill(explained(diagnostic), _WIDTH, initial_indent="  ", subsequent_indent="  ") + "\n")
    if report.status is Status.PROPOSED:
        sys.stdout.write(colour_diff(render(report.proposals[0].changes), Paint(sys.stdout)))
        sys.stdout.flush()
    for number, proposal in enumerate(report.proposals, 1):
        mark = paint.green("✓") if proposal.verdict.level is Level.VERIFIED else paint.yellow("?")
        kind = f", {proposal.kind}" if proposal.kind in (Kind.GUESS, Kind.SKELETON) else ""
        say(f"{mark} {number}. {proposal.title} [{proposal.verdict.level}{kind}: {proposal.verdict.detail}]\n")
    if report.message:
        say(report.message + "\n")
    return report.exit_status


def failure(error: AidError, started: float) -> Report:
    """The report of a command that could not work."""
    return Report(Status.FAILED, False, seconds=time.monotonic() - started, message=f"lsp-aid: {error}")


def _data(diagnostic: Diagnostic, *, explain: bool) -> dict[str, Any]:
    data = diagnostic_data(diagnostic)
    return {**data, "explanation": explained(diagnostic)} if explain else data


def headline(diagnostic: Diagnostic, paint: "Paint") -> str:
    """A diagnostic on one line."""
    place = f"{diagnostic.path}:{diagnostic.range.start.line + 1}:{diagnostic.range.start.column + 1}: "
    word = paint.red("error") if diagnostic.is_error else paint.yellow("warning")
    return f"{place if diagnostic.path else ''}{word}: {diagnostic.flat_message}\n"


def colour_diff(diff: str, paint: "Paint") -> str:
    """The diff as it is, or with colours on a terminal."""
    if not paint.on:
        return diff
    return "".join(_colour_line(line, paint) for line in diff.splitlines(keepends=True))


def _colour_line(line: str, paint: "Paint") -> str:
    if line.startswith("+") and not line.startswith("+++"):
        return paint.green(line)
    if line.startswith("-") and not line.startswith("---"):
        return paint.red(line)
    return paint.cyan(line) if line.startswith("@@") else line


@frozen
class Paint:
    """Colours, on a terminal alone and not where NO_COLOR is set."""

    stream: TextIO
    on: bool = field(init=False)

    @on.default
    def _on(self) -> bool:
        return self.stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def _wrap(self, code: int, text: str) -> str:
        body = text.rstrip("\n")
        return f"\x1b[{code}m{body}\x1b[0m{text[len(body) :]}" if self.on else text

    def red(self, text: str) -> str:
        return self._wrap(31, text)

    def green(self, text: str) -> str:
        return self._wrap(32, text)

    def yellow(self, text: str) -> str:
        return self._wrap(33, text)

    def cyan(self, text: str) -> str:
        return self._wrap(36, text)


@frozen
class TerminalProgress:
    """Implements the port `Progress`: one line that is written over, on a terminal alone."""

    stream: TextIO

    def report(self, message: str) -> None:
        if self.stream.isatty():
            self.stream.write(f"\r\x1b[K{message[:100]}")
            self.stream.flush()

    def clear(self) -> None:
        if self.stream.isatty():
            self.stream.write("\r\x1b[K")
            self.stream.flush()
