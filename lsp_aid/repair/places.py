"""Where in a project an error is, and where the names in it come from: what several families need."""

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from attrs import frozen

from lsp_aid.domain.ports import View
from lsp_aid.domain.text import TextEdit
from lsp_aid.errors import WorkspaceError
from lsp_aid.ocaml import dune_stanzas, messages
from lsp_aid.ocaml.dune_stanzas import Stanza
from lsp_aid.ocaml.embedded import ocaml_of
from lsp_aid.ocaml.generated import GRAMMARS
from lsp_aid.ocaml.scope import opened
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.family import Problem

_FILES_AT_MOST = 400  # of a large project only those nearest to the error are read
_TEXT_AT_MOST = 400_000
_OPENED_AT_MOST = 128


def text_of(view: View, path: str) -> str | None:
    """The text of a file; None where it cannot be read."""
    try:
        return view.read(path)
    except WorkspaceError:
        return None


def tree(problem: Problem) -> Syntax | None:
    """The tree of the file that the error is in; None where that is no readable OCaml file. Of a lexer or a grammar it
    is that of the OCaml in it."""
    path = problem.diagnostic.path
    text = text_of(problem.view, path) if path.endswith((".ml", ".mli", *GRAMMARS)) else None
    if text is not None and path.endswith(GRAMMARS):
        return parse(ocaml_of(path, text), f"{path}.ml")
    return None if text is None else parse(text, path)


def node_of(problem: Problem, syntax: Syntax) -> Node | None:
    """What the message points at: the outermost node of exactly its extent, else the smallest around it."""
    start, end = problem.start, problem.end
    return syntax.expression_at(start, end) or syntax.node_at(start, end)


def type_clash(problem: Problem) -> tuple[messages.TypeClash, Node] | None:
    """What the message says and points at, where it is of a type that is not the wanted one."""
    message = messages.read(problem.diagnostic)
    syntax = tree(problem) if isinstance(message, messages.TypeClash) else None
    node = node_of(problem, syntax) if syntax else None
    return (message, node) if isinstance(message, messages.TypeClash) and node is not None else None


def within_parentheses(node: Node) -> Node:
    """What stands in parentheses; the node itself where there are none."""
    while node.kind.startswith("parenthesized_") and len(node.named_children) == 1:
        node = node.named_children[0]
    return node


def of_some(node: Node) -> Node | None:
    """What `Some` holds in an expression that is `Some ...`."""
    node = within_parentheses(node)
    function, arguments = node.field("function"), node.fields("argument")
    is_some = function is not None and function.text == "Some" and len(arguments) == 1
    return within_parentheses(arguments[0]) if is_some else None


def outside_parentheses(node: Node, *through: str) -> Node:
    """The node with the parentheses around it; those of the other kinds, too, that are named."""
    while node.parent is not None and node.parent.kind in ("parenthesized_expression", *through):
        node = node.parent
    return node


def moved(offset: int, edits: Iterable[TextEdit]) -> int:
    """Where an offset is once the edits in front of it are made; of one in a replaced part, the end of what replaces
    it."""
    before = [edit for edit in edits if edit.start < offset or edit.start == edit.end == offset]
    return max([offset, *(edit.end for edit in before)]) + sum(len(e.text) - (e.end - e.start) for e in before)


def is_member(node: Node) -> bool:
    """Whether a name stands behind the dot of a path; that of an operator, as in `*. M.x`, is none."""
    before = node.syntax.text[: node.start].rstrip()
    return before.endswith(".") and bool(re.match(r"[\w')]", before[:-1].rstrip()[-1:]))


@frozen
class Declared:
    """A name that another file of the project declares: `kind` and `owner` as `Item` has them.

    `path` names it from the file that the error is in, `short` without what that file opens above the error: messages
    of the compiler have the one, the text most likely has the other. `near`: both files are in one folder.
    """

    name: str
    kind: str
    owner: str
    path: str
    near: bool
    short: str = ""


def declared_elsewhere(problem: Problem) -> Iterator[Declared]:
    """What the other files of the project declare and the file of the error can name, the nearest files first.

    An interface hides the implementation beside it.
    """
    here = problem.diagnostic.path
    view = problem.view
    paths = list(view.paths())
    stanzas = _stanzas(view, paths)
    own = dune_stanzas.owner(here, stanzas)
    folder = posixpath.dirname(here)
    sources = [p for p in paths if p.endswith((".ml", ".mli", ".mly")) and _module(p) != _module(here)]
    shown = [p for p in sources if p.endswith(".mli") or f"{p}i" not in sources]
    shown.sort(key=lambda p: (posixpath.dirname(p) != folder, p))
    opens = opened_at(problem)
    for path in shown[:_FILES_AT_MOST]:
        qualifier = _qualifier(path, own, stanzas)
        text = text_of(view, path) if qualifier is not None else None
        if qualifier is None or text is None or len(text) > _TEXT_AT_MOST:
            continue
        near = posixpath.dirname(path) == folder
        for name, kind, owner, inner in _declared(text, path):
            named = f"{qualifier}.{inner}"
            yield Declared(name, kind, owner, named, near, shortened(named, opens))


_TOKENS = re.compile(r'^%token\s*(?:<[^>]*>)?(?P<names>(?:\s*[A-Z]\w*(?:\s+"[^"\n]*")?)+)', re.MULTILINE)


@lru_cache(maxsize=2 * _FILES_AT_MOST)
def _declared(text: str, path: str) -> tuple[tuple[str, str, str, str], ...]:
    """Name, kind, owner and path of what a file declares: kept, since most files are the same for the next error. A
    grammar declares its tokens."""
    if path.endswith(".mly"):
        names = [name for line in _TOKENS.finditer(text) for name in re.findall(r"(?<![\w\"])[A-Z]\w*", line["names"])]
        return tuple((name, "constructor", "token", name) for name in names)
    return tuple((item.name, item.kind, item.owner, item.path) for item in parse(text, path).declared)


def declared_together(problem: Problem, syntax: Syntax, kind: str, names: Collection[str]) -> list[str]:
    """The constructors or the record fields of the type of the project that has all of these, in its order; none where
    there is no such type."""
    own = ((i.kind, (*i.within, i.owner), i.name) for i in syntax.declared)
    theirs = ((d.kind, (d.path.rpartition(".")[0], d.owner), d.name) for d in declared_elsewhere(problem))
    for declared in (own, theirs):
        owners: dict[tuple[str, ...], list[str]] = {}
        for sort, owner, name in declared:
            if sort == kind:
                owners.setdefault(owner, []).append(name)
        for found in owners.values():
            if set(names) <= set(found):
                return found
    return []


def modules_of(problem: Problem) -> Iterator[tuple[str, bool]]:
    """The names of the project's modules as the file of the error can write them, and whether they are near."""
    here = problem.diagnostic.path
    paths = list(problem.view.paths())
    stanzas = _stanzas(problem.view, paths)
    own = dune_stanzas.owner(here, stanzas)
    folder = posixpath.dirname(here)
    for path in paths:
        if path.endswith((".ml", ".mli", *GRAMMARS)) and _module(path) != _module(here):
            qualifier = _qualifier(path, own, stanzas)
            if qualifier:
                yield qualifier, posixpath.dirname(path) == folder


def opened_at(problem: Problem) -> tuple[str, ...]:
    """The modules that are open where the error is, by the file or by the flags that it is compiled with."""
    syntax = tree(problem)
    if syntax is None:
        return ()
    own = dune_stanzas.owner(problem.diagnostic.path, stanzas_of(problem))
    found: list[str] = list(own.opens) if own is not None else []
    for path in reversed(opened(syntax, problem.start)):
        room = max(0, _OPENED_AT_MOST - len(found))  # each may be within any before it: twice as many with each
        found += [path, *[f"{outer}.{path}" for outer in found][:room]]
    return tuple(dict.fromkeys(found))


def shortened(path: str, opens: Sequence[str]) -> str:
    """The path without the longest module in front of it that is open."""
    around = max((module for module in opens if path.startswith(f"{module}.")), key=len, default=None)
    return path if around is None else path[len(around) + 1 :]


def as_written(problem: Problem, type_: str) -> str:
    """A type as the compiler prints it, as the file of the error can name it: `Dune__exe.IL.expr`, `Lib__IL.expr` and
    `Lib.IL.expr` in the library `lib` itself are `IL.expr`, or `expr` where `IL` is open."""
    own, here = dune_stanzas.owner(problem.diagnostic.path, stanzas_of(problem)), problem.diagnostic.path
    around = {dune_stanzas.module_of(name.replace("-", "_")) for name in own.names} if own is not None else set()
    opens = opened_at(problem)

    def named(path: re.Match[str]) -> str:
        modules = [module.rpartition("__")[2] for module in path[0].split(".")]
        mangled = [number for number, module in enumerate(path[0].split(".")) if module.endswith("__exe")]
        modules = modules[max(mangled, default=-1) + 1 :]
        if len(modules) > 2 and modules[0] in around:
            modules = modules[1:]
        if len(modules) == 2 and modules[0] == dune_stanzas.module_of(here):
            modules = modules[1:]
        return shortened(".".join(modules), opens)

    return re.sub(r"\b[A-Z][\w']*(?:\.[A-Za-z][\w']*)+", named, type_)


def stanzas_of(problem: Problem) -> tuple[Stanza, ...]:
    """The stanzas with modules of the project's dune files."""
    return _stanzas(problem.view, list(problem.view.paths()))


def file_of_module(problem: Problem, module: str) -> str | None:
    """The .ml file that holds a module of the project, the nearest one; None where there is none."""
    folder = posixpath.dirname(problem.diagnostic.path)
    found = [p for p in problem.view.paths() if p.endswith(".ml") and dune_stanzas.module_of(p) == module]
    found.sort(key=lambda p: (posixpath.dirname(p) != folder, p))
    return found[0] if found else None


def _module(path: str) -> str:
    return posixpath.join(posixpath.dirname(path), dune_stanzas.module_of(path))


def _stanzas(view: View, paths: list[str]) -> tuple[Stanza, ...]:
    dune_files = {path: text_of(view, path) or "" for path in paths if posixpath.basename(path) == "dune"}
    return dune_stanzas.read(dune_files)


def _qualifier(path: str, own: Stanza | None, stanzas: tuple[Stanza, ...]) -> str | None:
    """How a file of stanza `own` names the module in `path`: `Calc`, `Maths.Calc`; None where it cannot."""
    theirs = dune_stanzas.owner(path, stanzas)
    module = dune_stanzas.module_of(path)
    if theirs == own:
        return module
    if theirs is None or theirs.kind != "library" or own is None:
        return None
    if not {*theirs.names, *theirs.public_names} & set(own.libraries):
        return None
    main = dune_stanzas.module_of((theirs.names or theirs.public_names or ("",))[0].replace("-", "_"))
    return module if not theirs.is_wrapped or module == main else f"{main}.{module}"
