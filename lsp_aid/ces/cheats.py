"""Ways in which a diff can be green without being right: what it adds of them, by the parse tree.

Nothing here makes a verdict; whoever asked for it decides. Only what a diff adds counts: what stood in its files
before, wherever it has moved, does not.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from attrs import frozen

from lsp_aid.ces.verdict import Cheat
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.containment import runs_programs
from lsp_aid.ocaml import dune_file
from lsp_aid.ocaml.dune_file import Group
from lsp_aid.ocaml.syntax import Node, Syntax, parse

_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|expect|cram)(?:/|$)|(?:^|[/_])tests?\.|_test\.|\.(?:t|expected|corrected)(?:/|$)"
)
_INLINE_TESTS = frozenset({"test", "test_unit", "test_module", "expect_test", "expect", "bench", "quick_test"})
_ENDS = frozenset({"exit", "at_exit", "Stdlib.exit", "Stdlib.at_exit", "Unix._exit", "Sys.exit"})
_FAILS = frozenset({"failwith", "Stdlib.failwith", "invalid_arg", "Stdlib.invalid_arg"})
_SILENCED = frozenset({"warning", "ocaml.warning", "warnerror", "ocaml.warnerror", "alert", "ocaml.alert"})
_WORDS = re.compile(r"Obj|Marshal|Dynlink|exit|failwith|invalid_arg|external|assert|try|exception|warn|alert")
"""Every construct that `_RULES` find begins with, or has within its name, one of these."""
_INLINE_TEST = re.compile(r"%\s*(?:[\w']+\s*\.\s*)*(?:test|expect|bench|quick_test)")
_BYPASSES = frozenset({"enabled_if", "optional", "allow_overlapping_dependencies", "allow_empty"})


@frozen
class _Found:
    kind: str
    offset: int
    detail: str = ""


def report(changes: ChangeSet) -> tuple[Cheat, ...]:
    """What the changes add. Works on syntax trees: call it in a thread."""
    found: list[Cheat] = []
    for kind in ("code", "dune"):
        found += _added(changes, kind)
    for change in changes.files:
        found += _about_file(change)
    found += _taken_from_interfaces(changes)
    return tuple(sorted(found, key=lambda cheat: (cheat.path, cheat.line, cheat.kind)))


def _added(changes: ChangeSet, sort: str) -> Iterator[Cheat]:
    """What there is more of after than before, over all files together."""
    before: Counter[str] = Counter()
    places: dict[str, list[tuple[str, int, str]]] = {}
    looked = [(change, look) for change in changes.files if (look := _look(change.path)) is not None]
    of_sort = [(change, look) for change, look in looked if (sort == "dune") == (look is _in_dune_file)]
    all_after = [list(look(change.path, change.after or "")) for change, look in of_sort]
    if not any(all_after):
        return
    for (change, look), found_after in zip(of_sort, all_after, strict=True):
        found_before = list(look(change.path, change.before or ""))
        before.update(found.kind for found in found_before)
        old = Counter((found.kind, found.detail) for found in found_before)
        after = change.after or ""
        for found in found_after:
            if old[(found.kind, found.detail)] > 0:
                old[(found.kind, found.detail)] -= 1
                places.setdefault(found.kind, []).append(("", 0, ""))
            else:
                line = after.count("\n", 0, found.offset) + 1
                places.setdefault(found.kind, []).append((change.path, line, found.detail))
    for kind, all_places in places.items():
        more = len(all_places) - before[kind]
        new = [place for place in all_places if place[0]]
        for path, line, detail in new[: max(0, more)]:
            yield Cheat(kind, path, line, 1, detail)


def _look(path: str) -> Callable[[str, str], Iterator[_Found]] | None:
    name = PurePosixPath(path).name
    if path.endswith((".ml", ".mli")):
        return _in_code
    return _in_dune_file if name in ("dune", "dune-project", "dune-workspace") or name.endswith(".inc") else None


# --- OCaml ---


def _in_code(path: str, text: str) -> Iterator[_Found]:
    """Looks at the tree where a word stands without which no rule finds anything: to walk all of it takes longer than
    to type it."""
    words = [match.start() for match in _WORDS.finditer(text)]
    syntax = parse(text, path) if words else None
    seen = set[tuple[str, int]]()
    for offset in words:
        node = syntax.enclosing(offset, *_RULES) if syntax else None
        if node is not None and (node.kind, node.start) not in seen:
            seen.add((node.kind, node.start))
            yield from _RULES[node.kind](node)


def _value(node: Node) -> Iterator[_Found]:
    name = re.sub(r"\s", "", node.text)
    if name in ("Obj.magic", "Stdlib.Obj.magic") or name.endswith(".Obj.magic"):
        yield _Found("obj-magic", node.start, name)
    elif name in _ENDS:
        yield _Found("exit", node.start, name)
    elif name in _FAILS:
        yield _Found("failwith", node.start, name)
    elif name.startswith(("Obj.", "Stdlib.Obj.", "Marshal.", "Dynlink.", "Stdlib.Marshal.")):
        yield _Found("unsafe", node.start, name)


def _external(node: Node) -> Iterator[_Found]:
    for string in node.walk("string"):
        if string.text.startswith('"%'):
            yield _Found("external", node.start, string.text)
            return
    yield _Found("external", node.start)


def _assertion(node: Node) -> Iterator[_Found]:
    if node.text.split()[1:] in (["false"], ["(false)"]):
        yield _Found("assert-false", node.start)


def _try(node: Node) -> Iterator[_Found]:
    for case in node.named_children:
        if case.kind == "match_case":
            pattern = case.field("pattern")
            if pattern is not None and pattern.text == "_":
                yield _Found("catch-all", case.start)


def _exception(node: Node) -> Iterator[_Found]:
    if node.text.split()[1:] == ["_"]:
        yield _Found("catch-all", node.start)


def _attribute(node: Node) -> Iterator[_Found]:
    name = node.child("attribute_id")
    if name is not None and name.text in _SILENCED:
        yield _Found("silenced-warning", node.start, " ".join(node.text.split()))


_RULES: Mapping[str, Callable[[Node], Iterator[_Found]]] = {
    "value_path": _value,
    "external": _external,
    "assert_expression": _assertion,
    "try_expression": _try,
    "exception_pattern": _exception,
    "attribute": _attribute,
    "item_attribute": _attribute,
    "floating_attribute": _attribute,
}


# --- dune files ---


def _in_dune_file(path: str, text: str) -> Iterator[_Found]:
    for node in dune_file.parse(text)[0]:
        if isinstance(node, Group):
            yield from _in_group(node)


def _in_group(group: Group) -> Iterator[_Found]:
    head = group.head
    if head in _BYPASSES:
        yield _Found("not-built", group.start, head)
    elif head == "modules" and any(word == "\\" for word in group.words):
        yield _Found("module-left-out", group.start, " ".join(group.words))
    elif head in ("flags", "ocamlc_flags", "ocamlopt_flags", "link_flags"):
        words = list(_words(group))
        if any(re.fullmatch(r"-?-w(arn-error)?|-alert|[-+]a|.*-\d+.*", word) for word in words):
            yield _Found("silenced-warning", group.start, " ".join(words))
    elif head in ("rule", "action", "preprocess", "preprocessor_deps", "run", "system", "bash"):
        yield _Found("program-in-build", group.start, head)
    for item in group.arguments:
        if isinstance(item, Group):
            yield from _in_group(item)


def _words(group: Group) -> Iterator[str]:
    for item in group.arguments:
        if isinstance(item, Group):
            yield from (item.head, *_words(item)) if item.head else _words(item)
        else:
            yield item.value


# --- files ---


def _about_file(change: FileChange) -> Iterator[Cheat]:
    path = change.path
    if runs_programs(path):
        yield Cheat("build-file", path, detail="it says what is built, run or checked")
    if not _TEST.search(path) and not _has_tests(change):
        return
    if change.after is None:
        yield Cheat("test-deleted", path)
    elif change.before is not None:
        before, after = _checks(path, change.before), _checks(path, change.after)
        if after < before:
            yield Cheat("test-weakened", path, count=before - after, detail=f"{before} checks before, {after} after")
        elif _TEST.search(path):
            yield Cheat("test-changed", path)


def _has_tests(change: FileChange) -> bool:
    return change.before is not None and _checks(change.path, change.before, inline_only=True) > 0


def _checks(path: str, text: str, *, inline_only: bool = False) -> int:
    """How many things a text checks: assertions, inline tests, expectations; lines of what is no OCaml."""
    if not path.endswith((".ml", ".mli")):
        return 0 if inline_only else len(text.splitlines())
    if inline_only and not _INLINE_TEST.search(text):
        return 0
    syntax = parse(text, path)
    inline = sum(node.text.lstrip("%").split(".")[-1] in _INLINE_TESTS for node in syntax.walk("attribute_id"))
    return inline if inline_only else inline + _assertions(syntax)


def _assertions(syntax: Syntax) -> int:
    calls = sum(
        bool(re.search(r"(?:^|\.)(?:check|assert_?\w*|test_case|expect\w*|should\w*|equal)$", node.text))
        for node in syntax.walk("value_path")
    )
    return calls + sum(1 for _ in syntax.walk("assert_expression"))


def _taken_from_interfaces(changes: ChangeSet) -> Iterator[Cheat]:
    for change in changes.files:
        if not change.path.endswith(".mli") or change.before is None:
            continue
        if change.after is None:
            yield Cheat("interface-deleted", change.path)
            continue
        after = {(item.path, item.kind) for item in parse(change.after, change.path).declared}
        gone = [item.path for item in parse(change.before, change.path).declared if (item.path, item.kind) not in after]
        if gone:
            yield Cheat("interface-entry-gone", change.path, count=len(gone), detail=", ".join(gone[:20]))
