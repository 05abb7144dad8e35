"""What the formats share: the names of files and the fences around code, as models write them."""

import re

from attrs import frozen

from lsp_aid.domain.reply import Block

_KNOWN = r"(?:mli?|ml[lydt]|opam|atd|proto|md|txt|t|c|h|expected|json|toml|ya?ml|sh|js|py|html|css|sexp|re|rei)"
_NAMED = re.compile(rf"(?:.*/)?(?:dune(?:-project|-workspace)?|Makefile|\.ocamlformat|[^/]+\.{_KNOWN}|[^/]+\.\w+)")
_PLAIN = re.compile(r"[\w@%+=.,~/()-]+")
_EXTENSION = re.compile(_KNOWN)
_NUMBERS = re.compile(r"\s*-(?P<old>\d{1,9})(?:,(?P<olds>\d{1,9}))?\s+\+(?P<new>\d{1,9})(?:,(?P<news>\d{1,9}))?\s*")
_LONGEST = 2000
_LONGEST_PATH = 300
"""Characters of a line in which a fence or a path is looked for."""
_FENCE = re.compile(r"\s{0,3}(?P<marks>`{3,}|~{3,})\s*(?P<info>[^`]*)$")


@frozen
class Fence:
    marks: str
    info: str

    def is_closed_by(self, line: str) -> bool:
        other = fence_in(line)
        return other is not None and not other.info and other.marks.startswith(self.marks)


def fence_in(line: str) -> Fence | None:
    """The fence that a line opens or closes."""
    if "```" not in line and "~~~" not in line:
        return None
    match = _FENCE.match(line) if len(line) <= _LONGEST else None
    return Fence(match["marks"], match["info"].strip()) if match else None


def path_in(line: str) -> str | None:
    """The path that a line consists of: `lib/a.ml`, `**lib/a.ml**:`, `### File: lib/a.ml`, backticks or not."""
    if len(line) > _LONGEST_PATH:
        return None
    text = re.sub(r"^(#+|[-*]\s)\s*", "", line.strip())
    text = (
        re.sub(r"^\**(new\s+)?(file(name)?|path)\**\s*:\s*\**", "", text, flags=re.IGNORECASE)
        .strip()
        .strip("*:")
        .strip()
    )
    quoted = re.fullmatch(r"[`\"'](.+)[`\"']", text)
    text = quoted[1].strip() if quoted else text
    is_path = _NAMED.fullmatch(text) and (quoted or _PLAIN.fullmatch(text))
    sure = "/" in text or re.fullmatch(rf"dune.*|Makefile|\.\w+|.*\.{_KNOWN}", text)
    return text if is_path and sure and not text.endswith((".", "/")) else None


def path_in_info(info: str) -> str | None:
    """The path in what stands behind a fence: `ocaml lib/a.ml`, `ocaml:lib/a.ml`, `ocaml title="lib/a.ml"`."""
    for word in re.split(r"[\s:]+", info):
        path = path_in(re.sub(r"^\w+=", "", word))
        if path and word not in ("dune", "dune-project"):  # a language, not a file
            return path
    return None


def may_name_file(line: str) -> bool:
    """Whether a line between two blocks may be for a file: it speaks of one, or consists of one word that is no prose,
    `LICENSE` or `bin/configure`."""
    text = re.sub(r"^([-*]|\d+\.)\s+", "", line[:_LONGEST].strip())
    text = re.sub(r"^\W*(file(name)?|path)\W*:", "`", text, flags=re.IGNORECASE)
    word = text.strip("#*`\"': ")
    if not word or " " in word:
        return mentions_path(line)
    is_marked = text.rstrip(":") != word
    is_prose = not word[-1].isalnum() or (text.endswith(":") and not set(word) & {"/", "."})
    return is_marked or word.isupper() or not is_prose


def mentions_path(line: str) -> bool:
    """Whether a line of prose speaks of a file."""
    if re.search(r"`[^`\s]*/[^`\s]*`", line[:_LONGEST]):
        return True
    for word in re.findall(r"[\w./-]+", line[:_LONGEST]):
        name = word.strip("./-")
        head, mark, extension = name.rpartition(".")
        if name == "dune-project" or name.endswith("/dune") or (mark and head and _EXTENSION.fullmatch(extension)):
            return True
    return "`dune`" in line


def unquoted(path: str) -> str:
    """A path without the white space, the quotes or the backticks around it."""
    path = path.strip()
    return path[1:-1].strip() if len(path) > 2 and path[0] == path[-1] and path[0] in "`\"'" else path


@frozen
class HunkHead:
    """What stands on a hunk's first line. `old` and `new` count from 1. The numbers are all there, or none is."""

    within: str
    old: int | None = None
    olds: int | None = None
    new: int | None = None
    news: int | None = None


def hunk_head(line: str) -> HunkHead:
    """Reads `@@ -1,2 +3,4 @@ let f`, `@@ ... @@ let f`, `@@ let f` and `@@`."""
    numbers, mark, within = line[2:].partition("@@")
    if not mark or re.sub(r"[\s\d,.+\-…]", "", numbers[:_LONGEST]):
        return HunkHead(line[2:].strip())
    match = _NUMBERS.fullmatch(numbers)
    if match is None:
        return HunkHead(within.strip())
    old, olds, new, news = (int(text) if text else 1 for text in match.group("old", "olds", "new", "news"))
    return HunkHead(within.strip(), old, olds, new, news)


def block_of(lines: list[str], line: int | None = None, within: str = "") -> Block | None:
    """The block of a hunk: each line begins with its sign. None where nothing is changed."""
    search = "".join([f"{text[1:]}\n" for text in lines if text[:1] in (" ", "-")])
    replace = "".join([f"{text[1:]}\n" for text in lines if text[:1] in (" ", "+")])
    if not any(text[:1] in ("+", "-") for text in lines):
        return None
    return Block(search, replace, line, within)


def without_empty_fences(prose: list[str]) -> list[str]:
    """The prose without the fences that stood around edits, which have been taken out."""
    kept: list[str] = []
    for line in prose:
        if kept and fence_in(line) and fence_in(kept[-1]):
            kept.pop()
        else:
            kept.append(line)
    return kept
