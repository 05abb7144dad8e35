"""What the formats share: the names of files and the fences around code, as models write them."""

import re

from attrs import frozen

from lsp_aid.domain.reply import Block
from lsp_aid.errors import ReplyFormatError

_KNOWN = r"(?:mli?|ml[lydt]|opam|atd|proto|md|txt|t|c|h|expected|json|toml|ya?ml|sh|js|py|html|css|sexp|re|rei)"
_NAMED = re.compile(rf"(?:.*/)?(?:dune(?:-project|-workspace)?|Makefile|\.ocamlformat|[^/]+\.{_KNOWN}|[^/]+\.\w+)")
_PLAIN = re.compile(r"[\w@%+=.,~/()-]+")
_MENTION = re.compile(rf"[\w./-]+\.{_KNOWN}\b|[\w.-]+/[\w./-]*dune\b|`dune`|\bdune-project\b")
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
    match = _FENCE.match(line)
    return Fence(match["marks"], match["info"].strip()) if match else None


def path_in(line: str) -> str | None:
    """The path that a line consists of: `lib/a.ml`, `**lib/a.ml**:`, `### File: lib/a.ml`, backticks or not."""
    text = re.sub(r"^(#+|[-*]\s)\s*", "", line.strip())
    text = (
        re.sub(r"^\**(new\s+)?(file(name)?|path)\**\s*:\s*\**", "", text, flags=re.IGNORECASE)
        .strip()
        .strip("*:")
        .strip()
    )
    quoted = re.fullmatch(r"[`\"'](.+)[`\"']", text)
    text = quoted[1].strip() if quoted else text
    is_path = _NAMED.fullmatch(text) and len(text) < 300 and (quoted or _PLAIN.fullmatch(text))
    sure = "/" in text or re.fullmatch(rf"dune.*|Makefile|\.\w+|.*\.{_KNOWN}", text)
    return text if is_path and sure and not text.endswith((".", "/")) else None


def path_in_info(info: str) -> str | None:
    """The path in what stands behind a fence: `ocaml lib/a.ml`, `ocaml:lib/a.ml`, `ocaml title="lib/a.ml"`."""
    for word in re.split(r"[\s:]+", info):
        path = path_in(re.sub(r"^\w+=", "", word))
        if path and word not in ("dune", "dune-project"):  # a language, not a file
            return path
    return None


def mentions_path(line: str) -> bool:
    """Whether a line of prose speaks of a file."""
    return _MENTION.search(line) is not None


def block_of(lines: list[str], line: int | None = None, within: str = "") -> Block:
    """The block of a hunk: each line begins with its sign. Raises ReplyFormatError where nothing is changed."""
    search = "".join(f"{text[1:]}\n" for text in lines if text[:1] in (" ", "-"))
    replace = "".join(f"{text[1:]}\n" for text in lines if text[:1] in (" ", "+"))
    if not any(text[:1] in ("+", "-") for text in lines):
        raise ReplyFormatError(
            "A hunk has neither lines that begin with + nor lines that begin with -",
            "Leave out hunks without a change.",
        )
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
