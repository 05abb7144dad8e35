"""A text as a list of lines, and edits that cost the lines that they touch, not the length of the text.

Lines end at LF, CRLF or CR and nowhere else; each is kept with its end, and the last, which has none, may be empty.
Nothing but the language itself is imported: the relay, which has to start at once, keeps documents by this as well.
"""

Place = tuple[int, int]
"""A line and a column in it, in code points, both from 0."""


def split_lines(text: str) -> list[str]:
    """The lines with their ends."""
    lines = text.split("\n")
    last = lines.pop()
    lines = [f"{line}\n" for line in lines]
    lines.append(last)
    return lines if "\r" not in text else [part for line in lines for part in _at_carriage_returns(line)]


def _at_carriage_returns(line: str) -> list[str]:
    """A line feed comes last if at all, so that a carriage return in front of it is the only one that ends no line."""
    end = line.endswith("\r\n")
    parts = (line[:-2] if end else line).split("\r")
    last = parts.pop() + ("\r\n" if end else "")
    return [*(f"{part}\r" for part in parts), last]


def without_end(line: str) -> str:
    """A line without what ends it."""
    if line.endswith("\n"):
        return line[:-2] if line.endswith("\r\n") else line[:-1]
    return line.removesuffix("\r")


def column(line: str, units: int, encoding: str) -> int:
    """The column, in code points, of a place counted in units of `utf-8`, `utf-16` or `utf-32`. A place inside a
    character is drawn back to its start, one beyond the line to its end."""
    if encoding == "utf-32" or line.isascii():
        return max(0, min(units, len(line)))
    is_utf8, seen = encoding == "utf-8", 0
    for index, character in enumerate(line):
        seen += width_utf8(character) if is_utf8 else 2 if character > "\uffff" else 1
        if seen > units:
            return index
    return len(line)


def width_utf8(character: str) -> int:
    """How many bytes of UTF-8 a character takes."""
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def place(lines: list[str], line: int, units: int, encoding: str) -> Place:
    """The place that an editor names. One beyond its line or the text is drawn back to the end of it."""
    if line < 0:
        return 0, 0
    if line >= len(lines):
        return len(lines) - 1, len(lines[-1])
    return line, column(without_end(lines[line]), units, encoding)


def replace(lines: list[str], start: Place, end: Place, text: str) -> None:
    """Replaces what is between two places, `start` not behind `end`."""
    first, left = start
    last, right = end
    head = lines[first][:left] + text
    if not left and first and lines[first - 1].endswith("\r"):
        # A line feed that arrives behind a bare carriage return makes one line end of the two.
        first -= 1
        head = lines[first] + head
    new = split_lines(head + lines[last][right:])
    if last + 1 < len(lines):
        new.pop()  # nothing follows the last line end but the next line
    lines[first : last + 1] = new
