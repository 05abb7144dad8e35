"""Writes docs/try.svg: what a terminal shows during `make try`, from a real run of it."""

import os
import pty
import re
import sys
from html import escape

from tools.own_ocaml import CHECKOUT

PAGE = CHECKOUT / "docs/try.svg"
LINE, CHARACTER, MARGIN = 18, 8.45, 16
COLOURS = {31: "#f47067", 32: "#8ddb8c", 33: "#f69d50", 34: "#6cb6ff", 35: "#dcbdfb", 36: "#76e3ea"}
STYLE = "font:14px ui-monospace,'DejaVu Sans Mono',Menlo,monospace;white-space:pre;fill:#d1d7e0"
_CODE = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")


def recorded() -> str:
    """All that `tools.try` writes to a terminal."""
    written = bytearray()

    def read(terminal: int) -> bytes:
        data = os.read(terminal, 65536)
        written.extend(data)
        return data

    status = pty.spawn([sys.executable, "-m", "tools.try"], read)
    if status:
        sys.exit(f"make try ended with {os.waitstatus_to_exitcode(status)}")
    return written.decode()


def lines_of(text: str) -> list[str]:
    """The lines as they stay: what was written over is gone."""
    lines = [re.split(r"\r(?!$)|\x1b\[K", line.rstrip("\r"))[-1] for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    while lines and not lines[0].strip():
        lines.pop(0)
    return lines


def spans(line: str) -> str:
    """One line as SVG, its colours kept."""
    found, at, attributes = [], 0, ""
    for match in (*_CODE.finditer(line), None):
        piece = line[at : match.start() if match else None]
        if piece:
            found.append(f"<tspan{attributes}>{escape(piece)}</tspan>" if attributes else escape(piece))
        if match:
            at = match.end()
            attributes = _attributes(match[1]) if match[2] == "m" else attributes
    return "".join(found)


def _attributes(codes: str) -> str:
    numbers = [int(code) for code in codes.split(";") if code]
    colour = next((COLOURS[number % 60] for number in numbers if number % 60 in COLOURS and number >= 30), "")
    bold = ' font-weight="bold"' if 1 in numbers else ""
    return bold + (f' fill="{colour}"' if colour else "")


def picture(lines: list[str]) -> str:
    columns = max(len(_CODE.sub("", line)) for line in lines)
    width, height = int(columns * CHARACTER + 2 * MARGIN), len(lines) * LINE + 2 * MARGIN
    rows = "".join(
        f'<text x="{MARGIN}" y="{MARGIN + LINE * number}" xml:space="preserve">{spans(line)}</text>\n'
        for number, line in enumerate(lines, 1)
        if line.strip()
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" style="{STYLE}">\n'
        f'<rect width="100%" height="100%" rx="8" style="fill:#212830"/>\n{rows}</svg>\n'
    )


if __name__ == "__main__":
    PAGE.write_text(picture(lines_of(recorded())), encoding="utf-8")
