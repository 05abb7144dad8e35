"""Modules of libraries, called by a name that they do not have outside.

Dates.today         Tools.Dates.today           of the wrapped library `tools`
Tools.Dates.today   Dates.today                 of a library that is not wrapped
Shop.Stock.count    module Stock = Stock        in shop.ml, which says what the library `shop` shows
Lib.Dates.today     Tools.Dates.today           where `lib` is only the folder of the library `tools`
Base.Clock.now      Platform.Clock.now          where that library has the module now: it is added where it lacks
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_stanzas, messages
from lsp_aid.ocaml.dune_stanzas import Stanza, module_of
from lsp_aid.ocaml.scope import opened
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.dune_places import SOURCES, Dunes, described, read_dunes
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.layout import newline
from lsp_aid.repair.missing_library import called
from lsp_aid.repair.module_uses import kind_of, use_of
from lsp_aid.repair.places import is_member, text_of, tree

_ALIAS = re.compile(r"^module\s+[A-Z][\w']*\s*=\s*[A-Z][\w'.]*[ \t]*$", re.MULTILINE)

_DOT = re.compile(r"\s*\.\s*")

_FROM_ELSEWHERE = re.compile(r"\binclude\b|\[@@|\[%")
"""What gives a module names that its text does not declare."""

_FILES_AT_MOST = 400


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnboundName) or message.sort != "module":
        return []
    dunes = read_dunes(problem.view)
    own = dune_stanzas.owner(problem.diagnostic.path, dunes.stanzas)
    if own is None:
        return []
    if message.qualifier:
        return [
            *_not_shown(problem, dunes, own, message.qualifier, message.name),
            *_moved(problem, dunes, message.qualifier, message.name),
        ]
    return [
        *_qualified(problem, dunes, own, message.name),
        *_not_wrapped(problem, dunes, own, message.name),
        *_of_folder(problem, dunes, own, message.name),
    ]


def _libraries(dunes: Dunes, own: Stanza) -> Iterator[tuple[Stanza, bool]]:
    """The other libraries of the project, and whether the stanza lists them."""
    for stanza in dunes.stanzas:
        if stanza.kind == "library" and stanza != own:
            yield stanza, bool({*stanza.names, *stanza.public_names} & set(own.libraries))


def _modules(dunes: Dunes, library: Stanza) -> dict[str, str]:
    """The paths of the modules of a library by their names."""
    found = (path for path in dunes.paths if path.endswith(SOURCES))
    return {module_of(path): path for path in found if dune_stanzas.owner(path, dunes.stanzas) == library}


def _roots(syntax: Syntax, module: str) -> list[Node]:
    """The places where a module stands at the head of a path."""
    found = []
    for node in syntax.walk("module_name"):
        before = syntax.text[: node.start].rstrip()
        parent = node.parent
        if node.text == module and not before.endswith(".") and parent is not None and parent.kind == "module_path":
            found.append(node)
    return found


def _linked(dunes: Dunes, own: Stanza, library: Stanza, is_linked: bool) -> ChangeSet:
    return ChangeSet() if is_linked else dunes.adding([(own, called(library, dunes.stanzas))])


def _and_linked(own: Stanza, library: Stanza, is_linked: bool) -> str:
    return "" if is_linked else f", and add {described(library)} to {described(own)}"


def _qualified(problem: Problem, dunes: Dunes, own: Stanza, module: str) -> Iterator[Candidate]:
    """The library's name before that of each of its modules that the file names without."""
    syntax = tree(problem)
    if syntax is None:
        return
    here = dunes.modules_beside(own)
    for library, is_linked in _libraries(dunes, own):
        theirs, main = _modules(dunes, library), library.main_module
        if not library.is_wrapped or module not in theirs or module == main or main in theirs or module in here:
            continue
        names = [name for name in theirs if name not in here and (name == module or not _is_bound(syntax, name))]
        places = [node for name in names for node in _roots(syntax, name)]
        edits = [TextEdit(node.start, node.start, f"{main}.") for node in places]
        used = sorted({node.text for node in places})
        if not edits:
            continue
        linking = _linked(dunes, own, library, is_linked)
        linked = _and_linked(own, library, is_linked)
        shown = ", ".join(f"`{name}`" for name in used)
        title = f"Call {shown} by {'their' if len(used) > 1 else 'its'} library's name, `{main}.{used[0]}`{linked}"
        yield Candidate(title, problem.edit(*edits).then(linking), 0.94)
        line = newline(syntax.text)
        opened = problem.edit(TextEdit(0, 0, f"open {main}{line}{line}")).then(linking)
        yield Candidate(f"Open the library's module `{main}`{linked}", opened, 0.7 if len(places) > 2 else 0.5)


def _is_bound(syntax: Syntax, module: str) -> bool:
    """Whether the file itself defines a module of that name, or it is one of the standard library."""
    return any(item.kind == "module" and item.name == module for item in syntax.declared) or module in _STDLIB


_STDLIB = frozenset(
    """Arg Array Bool Buffer Bytes Char Complex Digest Domain Either Filename Float Format Fun Gc Hashtbl In_channel Int
    Lazy Lexing List Map Marshal Mutex Obj Option Out_channel Parsing Printexc Printf Queue Random Result Scanf Seq Set
    Stack String Sys Type Uchar Unit Weak""".split()  # noqa: SIM905
)


def _not_wrapped(problem: Problem, dunes: Dunes, own: Stanza, module: str) -> Iterator[Candidate]:
    """The name of a library that is not wrapped is nobody's module: it goes."""
    syntax = tree(problem)
    if syntax is None:
        return
    for library, is_linked in _libraries(dunes, own):
        if library.is_wrapped or library.main_module != module or module in _modules(dunes, library):
            continue
        dots = ((node, _DOT.match(syntax.text, node.end)) for node in _roots(syntax, module))
        edits = [TextEdit(node.start, dot.end(), "") for node, dot in dots if dot]
        if edits:
            title = f"{described(library)[:1].upper()}{described(library)[1:]} is not wrapped: leave `{module}.` out"
            change = problem.edit(*edits).then(_linked(dunes, own, library, is_linked))
            yield Candidate(title + _and_linked(own, library, is_linked), change, 0.93)


def _of_folder(problem: Problem, dunes: Dunes, own: Stanza, module: str) -> Iterator[Candidate]:
    """The library's name for that of its folder."""
    syntax = tree(problem)
    for library, is_linked in _libraries(dunes, own):
        main = library.main_module
        if module_of(posixpath.basename(library.folder)) != module or main == module or not library.is_wrapped:
            continue
        if syntax is None or main in dunes.modules_beside(own):
            continue
        edits = [TextEdit(node.start, node.end, main) for node in _roots(syntax, module)]
        if edits:
            title = f"Replace `{module}`, the folder, by `{main}`, the library in it"
            change = problem.edit(*edits).then(_linked(dunes, own, library, is_linked))
            yield Candidate(title + _and_linked(own, library, is_linked), change, 0.9)


def _not_shown(problem: Problem, dunes: Dunes, own: Stanza, qualifier: str, module: str) -> Iterator[Candidate]:
    """An alias in the module that says what its library shows, in its interface as well where it has one."""
    for library, _ in _libraries(dunes, own):
        theirs, main = _modules(dunes, library), library.main_module
        if main != qualifier or main not in theirs or module not in theirs:
            continue
        files = [p for p in dunes.paths if module_of(p) == main and dune_stanzas.owner(p, dunes.stanzas) == library]
        change = ChangeSet()
        for path in files:
            text = text_of(problem.view, path)
            if path.endswith((".ml", ".mli")) and text is not None:
                change = change.then(problem.edit(_aliased(text, module), path=path))
        names = " and ".join(f"`{posixpath.basename(path)}`" for path in files)
        yield Candidate(f"Show the module `{module}` to users of {described(library)}, in {names}", change, 0.94)


def _moved(problem: Problem, dunes: Dunes, qualifier: str, module: str) -> Iterator[Candidate]:
    """The library that has the module now, wherever the project names it by the one that had it."""
    libraries = [stanza for stanza in dunes.stanzas if stanza.kind == "library"]
    had = [library for library in libraries if library.main_module == qualifier]
    if not had or any(module in _modules(dunes, library) for library in had):
        return
    uses = list(_uses(problem, dunes, qualifier, module))
    asked = frozenset(one for use in uses for one in use.asked)
    homes = [one for one in libraries if _shows(problem, dunes, one, module, asked)]
    for home in homes:
        edits = _renaming(uses, home, module)
        users = [dune_stanzas.owner(path, dunes.stanzas) for path in edits]
        needs = [
            (user, called(home, dunes.stanzas))
            for user in users
            if user is not None and user != home and not {*home.names, *home.public_names} & set(user.libraries)
        ]
        change = dunes.adding(needs).then(problem.edit_each(edits))
        links = ", ".join(dict.fromkeys(described(user) for user, _ in needs))
        linked = f", and add it to {links}" if links else ""
        title = f"`{module}` is in {described(home)} now, not in `{qualifier}`{linked}"
        yield Candidate(title, change, 0.93 / len(homes))


def _shows(problem: Problem, dunes: Dunes, library: Stanza, module: str, asked: frozenset[tuple[str, str]]) -> bool:
    """Whether others can name this module of the library, and it has what is asked of it."""
    theirs, main = _modules(dunes, library), library.main_module
    if module in theirs and not _has(problem, theirs[module], asked):
        return False
    if not library.is_wrapped or main == module or main not in theirs:
        return module in theirs
    text = text_of(problem.view, theirs[main]) or ""
    return re.search(rf"^module\s+{re.escape(module)}\b", text, re.MULTILINE) is not None


def _has(problem: Problem, path: str, asked: frozenset[tuple[str, str]]) -> bool:
    """Whether a file declares all of these, or may have them from elsewhere."""
    text = text_of(problem.view, path) or ""
    if not path.endswith((".ml", ".mli")) or _FROM_ELSEWHERE.search(text):
        return True
    return asked <= {(kind_of(item.kind), item.name) for item in parse(text, path).declared if not item.within}


@frozen
class _Mention:
    """A place that names the module by its old library, in a file of stanza `user`, and what it asks of it."""

    path: str
    user: Stanza | None
    start: int
    end: int
    asked: frozenset[tuple[str, str]] = frozenset()


def _uses(problem: Problem, dunes: Dunes, qualifier: str, module: str) -> Iterator[_Mention]:
    """The places of all files that name the module by its old library, or that open that and name it at all."""
    beside: dict[Stanza, Mapping[str, str]] = {}
    paths = [path for path in dunes.paths if path.endswith(SOURCES)]
    paths.sort(key=lambda path: path != problem.diagnostic.path)
    for path in paths[:_FILES_AT_MOST]:
        text = text_of(problem.view, path) or ""
        if module not in text or qualifier not in text:
            continue
        user = dune_stanzas.owner(path, dunes.stanzas)
        if user is not None and user not in beside:
            beside[user] = dunes.modules_beside(user)
        is_beside = user is not None and module in beside[user]
        for start, end, asked in _mentions(text, path, qualifier, module, is_beside=is_beside):
            yield _Mention(path, user, start, end, asked)


def _renaming(uses: Sequence[_Mention], home: Stanza, module: str) -> dict[str, list[TextEdit]]:
    """The edits of each file that name the module by its new library."""
    main = home.main_module
    found: dict[str, list[TextEdit]] = {}
    for use in uses:
        is_inside = use.user == home or not home.is_wrapped or main == module
        named = module if is_inside else f"{main}.{module}"
        found.setdefault(use.path, []).append(TextEdit(use.start, use.end, named))
    return found


def _mentions(
    text: str, path: str, qualifier: str, module: str, *, is_beside: bool
) -> Iterator[tuple[int, int, frozenset[tuple[str, str]]]]:
    if not path.endswith((".ml", ".mli")):
        pattern = rf"(?<![\w'.]){re.escape(qualifier)}\.{re.escape(module)}(?![\w'])"
        yield from ((*match.span(), frozenset()) for match in re.finditer(pattern, text))
        return
    syntax = parse(text, path)
    for node in syntax.walk("module_path", "extended_module_path"):
        if "".join(node.text.split()) == f"{qualifier}.{module}" and not is_member(node):
            yield node.start, node.end, use_of(node.children[-1]).asked
    if not is_beside and not _is_bound(syntax, module):
        for node in _roots(syntax, module):
            if qualifier in opened(syntax, node.start):
                yield node.start, node.end, use_of(node).asked


def _aliased(text: str, module: str) -> TextEdit:
    """Behind the last alias of a module; at the end where there is none."""
    line = newline(text)
    aliases = list(_ALIAS.finditer(text))
    if aliases:
        return TextEdit(aliases[-1].end(), aliases[-1].end(), f"{line}module {module} = {module}")
    start = line if text.strip() else ""
    end = "" if text.endswith("\n") or not text else line
    return TextEdit(len(text), len(text), f"{end}{start}module {module} = {module}{line}")
