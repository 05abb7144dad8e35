"""What a module lacks, told by the types: a value that has another name in it, or what makes one basic type of another.

let get t k = ...       let find_opt t k = ...      where `find_opt : t -> string -> string option` is asked for
type t = int            let to_string = string_of_int
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import stdlib
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Node, parse
from lsp_aid.repair.calls_in_code import expanded
from lsp_aid.repair.conversions import CONVERSIONS
from lsp_aid.repair.family import Problem
from lsp_aid.repair.places import file_of_module, is_member, text_of
from lsp_aid.repair.synonyms import mean_the_same
from lsp_aid.repair.type_shapes import Type, apart, parameters, read, unified

MODULES = {"int": "Int", "string": "String", "float": "Float", "char": "Char", "bool": "Bool"}
_MODULES = {**MODULES, "int32": "Int32", "int64": "Int64", "bytes": "Bytes", "unit": "Unit"}
_GIVEN = re.compile(r"Modules do not match: sig (?P<given>.*?) end is not included in (?P<type>[\w.']+)")
_FILES_AT_MOST = 400
_ENDINGS = re.compile(r"_(?:opt|exn|option)$")


@frozen
class Way:
    """`text` is put in; or `edits` are made, and those `elsewhere`; and `shown` in the interface beside."""

    text: str
    title: str
    weight: float
    kind: Kind = Kind.FIX
    edits: tuple[TextEdit, ...] = ()
    shown: TextEdit | None = None
    elsewhere: tuple[tuple[str, TextEdit], ...] = ()


@frozen
class MemberTypes:
    """The types of the values that a module has, and of those that are asked of it; types that are other names of
    types are written out."""

    given: Mapping[str, Type]
    asked: Mapping[str, Type]
    short: Mapping[str, Type]

    def fits(self, name: str, asked: str) -> bool:
        """Whether the value may be the one asked for; so may all whose types are not known."""
        if name not in self.given or asked not in self.asked:
            return True
        return unified(apart(self.given[name], "!"), _rigid(self.asked[asked]), {}) is not None


def member_types(problem: Problem, new: str) -> MemberTypes:
    """As the message tells of the module, and the project of the module type that has the value `new`."""
    said = _GIVEN.search(problem.diagnostic.flat_message)
    signature = _module_type(problem, said["type"], new) if said is not None else None
    given = parse(said["given"], "given.mli").root if said is not None else None
    short = dict(_abbreviations(given))
    ours, theirs = ({n: expanded(t, short) for n, t in _types(one).items()} for one in (given, signature))
    return MemberTypes(ours, theirs, short)


def _rigid(type_: Type) -> Type:
    """The type with its variables as types of their own: any type is asked for, not one of them."""
    head = f"any {type_.head}" if type_.is_variable else type_.head
    return Type(head, tuple(_rigid(part) for part in type_.parts), type_.label)


def _module_type(problem: Problem, path: str, asked: str) -> Node | None:
    """The signature of a module type of the project, where it has the value."""
    module, _, name = path.rpartition(".")
    file = file_of_module(problem, module.rpartition(".")[2]) if module else problem.diagnostic.path
    for source in (file, f"{file}i") if file is not None else ():
        text = text_of(problem.view, source)
        for definition in parse(text, source).walk("module_type_definition") if text is not None else ():
            named, signature = definition.child("module_type_name"), definition.child("signature")
            if named is not None and named.text == name and signature is not None and asked in _types(signature):
                return signature
    return None


def _types(signature: Node | None) -> dict[str, Type]:
    """The types of the values that a signature has itself."""
    found = {}
    for node in signature.named_children if signature is not None else ():
        name, type_ = (
            (node.child("value_name"), node.field("type")) if node.kind == "value_specification" else (None, None)
        )
        if name is not None and type_ is not None:
            found[name.text] = read(" ".join(type_.text.split()))
    return found


def _abbreviations(signature: Node | None) -> Iterator[tuple[str, Type]]:
    """The types of a signature without parameters that are other names of types."""
    for definition in signature.named_children if signature is not None else ():
        for type_ in definition.named_children if definition.kind == "type_definition" else ():
            said = re.fullmatch(r"([a-z_][\w']*) = ([\w.' ()*]+|.+->.+)", " ".join(type_.text.split()))
            if said is not None:
                yield said[1], read(said[2])


# --- a value that has another name ---


def of_same_type(problem: Problem, structure: Node, module: str, new: str) -> Iterator[Way]:
    """The value of that type which the signature does not ask for: it has another name there, wherever it is used. Of
    several, the one whose name means the same."""
    types = member_types(problem, new)
    if new not in types.asked:
        return
    known = [name for name, type_ in types.given.items() if name not in types.asked and type_.head == "->"]
    alike = [name for name in known if types.fits(name, new)]
    if len(alike) > 1:
        alike = [name for name in alike if mean_the_same(*(_ENDINGS.sub("", one) for one in (name, new)))]
    if len(alike) != 1:
        return
    old = alike[0]
    names = [n for n in structure.walk("value_name") if n.text == old and not is_member(n)]
    names += list(_named(structure, f"{module}.{old}")) if module and structure.parent is not None else []
    edits = tuple(TextEdit(n.start, n.end, new) for n in dict.fromkeys(names))
    elsewhere = tuple(_elsewhere(problem, structure.syntax.path, old, new)) if structure.parent is None else ()
    if edits:
        title = f"Rename `{old}` to `{new}`, which is of that type"
        yield Way("", title, 0.82, edits=edits, elsewhere=elsewhere)


def _named(structure: Node, path: str) -> Iterator[Node]:
    for used in structure.syntax.walk("value_path"):
        if f".{used.text}".endswith(f".{path}") and (name := used.child("value_name")) is not None:
            yield name


def _elsewhere(problem: Problem, path: str, old: str, new: str) -> Iterator[tuple[str, TextEdit]]:
    """The new name of a value of a whole file: in its interface, and where other files use it."""
    interface = text_of(problem.view, f"{path}i")
    for item in parse(interface, f"{path}i").items if interface is not None else ():
        name = item.node.child("value_name") if item.kind == "value" and item.name == old else None
        if name is not None:
            yield f"{path}i", TextEdit(name.start, name.end, new)
    said = f"{module_of(path)}.{old}"
    for other in [p for p in problem.view.paths() if p.endswith(".ml") and p != path][:_FILES_AT_MOST]:
        text = text_of(problem.view, other)
        root = parse(text, other).root if text is not None and said in text else None
        for name in _named(root, said) if root is not None else ():
            yield other, TextEdit(name.start, name.end, new)


# --- what everybody has for a type ---


def of_basic_type(problem: Problem, structure: Node, new: str) -> Iterator[Way]:
    """A function of the standard library, or of the module of the type, where the module's own type is another's."""
    types = member_types(problem, new)
    for path, weight in _defined_elsewhere(problem, structure, types, new):
        yield Way(f"let {new} = {path}", f"Define `{new}` as `{path}`", weight)


def _defined_elsewhere(problem: Problem, structure: Node, types: MemberTypes, new: str) -> Iterator[tuple[str, float]]:
    asked = types.asked.get(new)
    takes, gives = parameters(asked) if asked is not None else ([], Type(""))
    given = [one.parts[0] for one in takes]
    if len(given) == 1 and not takes[0].label:
        yield from _conversion(structure, given[0], gives)
    if [one.head.rpartition(".")[2] for one in given[:1]] == ["formatter"] and len(given) == 2:
        printed = given[1].head
        if printed in ("int", "string", "float", "bool", "char"):
            yield f"Format.pp_print_{printed}", 0.85
    items = [i for i in structure.syntax.declared if i.kind == "type" and structure.start <= i.start < structure.end]
    written = {i.name: body.text for i in items if (body := i.node.field("body")) is not None}
    for name, type_ in types.short.items():
        path = written.get(name, type_.head)  # the compiler says all of it, the library as well
        module = path.rpartition(".")[0] or _MODULES.get(type_.head, "")
        if module and _has(problem, module, new):
            yield f"{module}.{new}", 0.8


def _conversion(structure: Node, given: Type, gives: Type) -> Iterator[tuple[str, float]]:
    is_option = gives.head == "option"
    to = gives.parts[0] if is_option else gives
    function = CONVERSIONS.get((given.head, to.head))
    if given == gives and given.head in _MODULES:
        yield "Fun.id", 0.8
    elif function is not None and " " not in function and not given.parts and not to.parts:
        by_module = f"{_MODULES.get(given.head, '-')}.to_{to.head}"
        text = structure.syntax.text
        if not is_option and by_module in text and function not in text:
            yield by_module, 0.88
        elif not is_option or given.head == "string":
            yield f"{function}_opt" if is_option else function, 0.87


def _has(problem: Problem, module: str, name: str) -> bool:
    """Whether a module of the project, or of the standard library, has a value."""
    file = file_of_module(problem, module.rpartition(".")[2])
    if file is None:
        return name in stdlib.MODULES.get(module, ())
    path = f"{file}i" if problem.view.exists(f"{file}i") else file
    text = text_of(problem.view, path)
    declared: Sequence[str] = [i.name for i in parse(text, path).items if i.kind == "value"] if text else []
    return name in declared
