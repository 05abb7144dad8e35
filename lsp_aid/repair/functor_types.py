"""Types that a signature hides, and functors that are used without their argument.

module Make (K : KEY) : S = struct ...    module Make (K : KEY) : S with type key = K.t = struct ...
module Index = Map.Make                   module Index = Map.Make (Key)
module Make (K : KEY) : S                 module Make (K : KEY) : S with type key = K.t       in an interface, K unused
module Pages = Cache.Make (String)        module Pages = Cache.Make (String) (Clock.Real) where it takes a clock now,
                                                                                          and Clock.Real : Clock.S
"""

import re
from collections.abc import Iterator, Sequence, Set

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Node, Syntax, parse
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, modules_of, text_of, tree

MOST = 6
_COMPONENTS = re.compile(r"^The module [\"`']?(\S+?)[\"`']? is a functor, it cannot have any components")
_UNUSED = re.compile(r"unused functor parameter [\"`']?([A-Z][\w']*)")
_NAMED = re.compile(r"(?<![\w'.])([A-Z][\w'.]*)\.([a-z_][\w']*)")
_USUAL = ("String", "Int")
_MOST_NAMES = 4
_STANDS_IN = re.compile(r"(?i)fake|mock|stub|dummy|test|null|noop")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    if syntax is None:
        return ()
    if functor := _COMPONENTS.match(problem.diagnostic.flat_message):
        return list(_applied(problem, syntax, functor[1]))
    if unused := _UNUSED.search(problem.diagnostic.flat_message):
        return list(_told_of(problem, syntax, unused[1]))
    if isinstance(message, messages.TypeClash):
        hidden = dict.fromkeys(_NAMED.findall(f"{message.expected} {message.found}"))
        return [one for type_ in hidden for one in _shown(problem, syntax, *type_)][:MOST]
    return ()


# --- functors without their argument ---


def _applied(problem: Problem, syntax: Syntax, name: str) -> Iterator[Candidate]:
    """The modules of the file that stand before, the nearest first; then those of the project, then the usual keys."""
    binding = _module(syntax, name.rpartition(".")[2], problem.start)
    functor = binding.field("body") if binding is not None else None
    if binding is None or functor is None or functor.kind not in ("module_path", "module_application"):
        return
    own = [i.path for i in syntax.declared if i.kind == "module" and i.end <= binding.start and i.name != name]
    near = [path for path, is_near in modules_of(problem) if is_near]
    head = functor.text.split("(")[0].strip()
    known = [*reversed(own), *near, *(path for path, is_near in modules_of(problem) if not is_near), *_USUAL]
    parameter = _parameter(problem, syntax, head, functor.text.count("("))
    asked = parameter.child("module_name") if parameter is not None else None
    fitting = _of_type(problem, syntax, parameter, head) if parameter is not None else []
    known.sort(key=lambda module: asked is None or module.rpartition(".")[2] != asked.text)
    known = [*fitting, *(module for module in known if not fitting)]
    for number, module in enumerate([m for m in dict.fromkeys(known) if m != head.rpartition(".")[0]][:MOST]):
        edit = problem.edit(TextEdit(functor.end, functor.end, f" ({module})"))
        is_told = module in fitting or module in own or (asked is not None and module.rpartition(".")[2] == asked.text)
        weight = (0.9 if is_told else 0.6) - 0.05 * number
        yield Candidate(f"`{functor.text}` is a functor: apply it to `{module}`", edit, max(0.1, weight))


def _parameter(problem: Problem, syntax: Syntax, functor: str, number: int) -> Node | None:
    """The parameter of that number in the definition of a functor."""
    found = _definition(problem, syntax, problem.diagnostic.path, *reversed(functor.rpartition(".")[::2]))
    parameters = list(found[1].walk("module_parameter")) if found is not None else []
    return parameters[number] if number < len(parameters) else None


def _of_type(problem: Problem, syntax: Syntax, parameter: Node, functor: str) -> list[str]:
    """The modules that have all that the type of a functor's parameter asks for: those first that say so, then those
    beside the type; those last that stand in for others in tests."""
    type_ = next(iter(parameter.walk("module_type_path")), None)
    module, _, name = type_.text.rpartition(".") if type_ is not None else ("", "", "")
    module = module or functor.rpartition(".")[0]
    home = file_of_module(problem, module.rpartition(".")[2]) if module else problem.diagnostic.path
    text = text_of(problem.view, home) if home is not None else None
    signature = parameter.child("signature")
    if signature is None and text is not None and home is not None:
        signature = _signature(parse(text, home), name)
    wanted = {one.text for one in signature.walk("value_name")} if signature is not None else set()
    found = list(_with_all(problem, syntax, wanted, name)) if wanted else []
    found.sort(key=lambda pair: (bool(_STANDS_IN.search(pair[0])), not pair[1], not pair[0].startswith(f"{module}.")))
    return [m for m, _ in found]


def _signature(syntax: Syntax, name: str) -> Node | None:
    """What a module type that is written out asks for."""
    for definition in syntax.walk("module_type_definition"):
        own, body = definition.child("module_type_name"), definition.child("signature")
        if own is not None and own.text == name:
            return body
    return None


def _with_all(problem: Problem, syntax: Syntax, wanted: Set[str], type_: str) -> Iterator[tuple[str, bool]]:
    """The modules of the project that define these names, and whether they say that they are of the type."""
    for binding in syntax.walk("module_binding"):
        own = binding.child("module_name")
        if own is not None and binding.end <= problem.start and wanted <= _names(binding.child("structure")):
            yield own.text, _says(binding, type_)
    for path, _ in modules_of(problem):
        file = file_of_module(problem, path.rpartition(".")[2])
        text = text_of(problem.view, file) if file is not None else None
        if text is None or file is None or not all(name in text for name in wanted):
            continue
        other = parse(text, file)
        if wanted <= {item.name for item in other.items if item.kind == "value"}:
            yield path, False
        for binding in other.walk("module_binding"):
            own = binding.child("module_name")
            is_outer = binding.enclosing("module_binding") is None and binding.child("module_parameter") is None
            if own is not None and is_outer and wanted <= _names(binding.child("structure")):
                yield f"{path}.{own.text}", _says(binding, type_)


def _names(structure: Node | None) -> Set[str]:
    return {one.text for one in structure.walk("value_name")} if structure is not None else frozenset()


def _says(binding: Node, type_: str) -> bool:
    said = binding.child("module_type_path", "module_type_constraint")
    return said is not None and re.search(rf"(?<![\w']){re.escape(type_)}(?![\w'])", said.text) is not None


def _module(syntax: Syntax, name: str, before: int | None = None) -> Node | None:
    """The binding of a module, the last one before an offset."""
    found = None
    for binding in syntax.walk("module_binding"):
        own = binding.child("module_name")
        if own is not None and own.text == name and (before is None or binding.start < before):
            found = binding
    return found


# --- hidden types ---


def _shown(problem: Problem, syntax: Syntax, path: str, name: str) -> Iterator[Candidate]:
    """The type `Names.key`, where `Names` is made by a functor of the project, or has a signature that hides it."""
    found = _definition(problem, syntax, problem.diagnostic.path, path.rpartition(".")[2])
    if found is None:
        yield from _of_file(problem, path, name)
        return
    file, binding = found
    body = binding.field("body")
    if body is not None and body.kind in ("module_application", "module_path"):
        functor = re.split(r"[\s(]", body.text)[0]
        found = _definition(problem, binding.syntax, file, functor.rpartition(".")[2], functor.rpartition(".")[0])
        if found is None:
            return
        file, binding = found
    yield from _uncovered(problem, file, binding, name)


def _definition(problem: Problem, syntax: Syntax, file: str, module: str, within: str = "") -> tuple[str, Node] | None:
    """Where a module is bound: in the file, else in that of the module that it is named with."""
    if not within and (binding := _module(syntax, module)) is not None:
        return file, binding
    other = file_of_module(problem, (within or module).rpartition(".")[2])
    text = text_of(problem.view, other) if other is not None else None
    binding = _module(parse(text, other), module) if text is not None and other is not None else None
    return (other, binding) if binding is not None and other is not None else None


def _of_file(problem: Problem, path: str, name: str) -> Iterator[Candidate]:
    """The type of a file whose interface includes a module type that leaves it open."""
    file = file_of_module(problem, path.rpartition(".")[2])
    text = text_of(problem.view, file) if file is not None else None
    interface = text_of(problem.view, f"{file}i")
    if file is None or text is None or interface is None:
        return
    item = next((i for i in parse(text, file).items if i.kind == "type" and i.name == name), None)
    manifest = item.node.field("body") if item is not None else None
    tree = parse(interface, f"{file}i")
    included = [node.named_children[-1] for node in tree.walk("include_module_type") if node.named_children]
    if manifest is None or manifest.kind in ("variant_declaration", "record_declaration") or len(included) != 1:
        return
    if any(i.kind == "type" and i.name == name for i in tree.items) or f"type {name} " in f"{included[0].text} ":
        return
    word = "and" if included[0].kind == "module_type_constraint" else "with"
    edit = TextEdit(included[0].end, included[0].end, f" {word} type {name} = {manifest.text}")
    title = f"Say in the interface what `{name}` is: `{word} type {name} = {manifest.text}`"
    yield Candidate(title, problem.edit(edit, path=f"{file}i"), 0.88)


def _uncovered(problem: Problem, file: str, binding: Node, name: str) -> Iterator[Candidate]:
    structure = binding.child("structure")
    signature = binding.child("module_type_path", "module_type_constraint")
    if structure is None or signature is None or f"type {name} " in f"{signature.text} ":
        return
    for type_ in structure.walk("type_binding"):
        constructor, manifest = type_.child("type_constructor"), type_.named_children[-1]
        if constructor is None or constructor.text != name or manifest == constructor or len(type_.named_children) != 2:
            continue
        if manifest.kind in ("variant_declaration", "record_declaration"):
            return
        word = "and" if signature.kind == "module_type_constraint" else "with"
        edit = TextEdit(signature.end, signature.end, f" {word} type {name} = {manifest.text}")
        is_functor = binding.child("module_parameter") is not None
        title = f"Say in the signature what `{name}` is: `with type {name} = {manifest.text}`"
        yield Candidate(title, problem.edit(edit, path=file), 0.9 if is_functor else 0.5)
        return


# --- parameters that an interface says nothing of ---


def _told_of(problem: Problem, syntax: Syntax, parameter: str) -> Iterator[Candidate]:
    """The types of the result that the implementation takes from the parameter, where the interface hides them."""
    path = problem.diagnostic.path
    at = syntax.node_at(problem.start, problem.end)
    binding = at.enclosing("module_binding") if at is not None and path.endswith(".mli") else None
    name = binding.child("module_name") if binding is not None else None
    text = text_of(problem.view, path[:-1])
    made = _module(parse(text, path[:-1]), name.text) if name is not None and text is not None else None
    structure = made.child("structure") if made is not None else None
    signature = binding.named_children[-1] if binding is not None else None
    if binding is None or made is None or structure is None or signature is None:
        return
    ours, theirs = (_parameters(one) for one in (binding, made))
    if parameter not in ours or len(ours) != len(theirs):
        return
    own = theirs[ours.index(parameter)]
    hidden = _abstract(problem, syntax, signature)
    types = {t: m.replace(f"{own}.", f"{parameter}.", 1) for t, m in _taken(structure, own) if t in hidden}
    if not types:
        return
    if signature.kind == "signature":
        edits = [TextEdit(hidden[t].end, hidden[t].end, f" = {manifest}") for t, manifest in types.items()]
    else:
        said = " and ".join(f"type {t} = {manifest}" for t, manifest in types.items())
        word = "and" if signature.kind == "module_type_constraint" else "with"
        edits = [TextEdit(signature.end, signature.end, f" {word} {said}")]
    shown = ", ".join(f"`{t}` is `{manifest}`" for t, manifest in types.items())
    yield Candidate(f"Say in the interface that {shown}", problem.edit(*edits), 0.92)


def _parameters(binding: Node) -> list[str]:
    return [n.text for p in binding.children if p.kind == "module_parameter" and (n := p.child("module_name"))]


def _taken(structure: Node, parameter: str) -> Iterator[tuple[str, str]]:
    """The types of a structure that are types of a functor's parameter, with these."""
    for definition in structure.children:
        for type_ in definition.named_children if definition.kind == "type_definition" else ():
            constructor, body = type_.child("type_constructor"), type_.field("body")
            if constructor is not None and body is not None and re.fullmatch(rf"{parameter}\.[a-z_][\w']*", body.text):
                yield constructor.text, body.text


def _abstract(problem: Problem, syntax: Syntax, signature: Node) -> dict[str, Node]:
    """The types without parameters of which a signature, or the module type so named, does not say what they are."""
    told = set(re.findall(r"\btype ([a-z_][\w']*)", signature.text)) if signature.kind != "signature" else set()
    if signature.kind == "module_type_constraint":
        signature = signature.named_children[0]
    if signature.kind == "module_type_path":
        signature = _signature_of(problem, syntax, signature.text) or signature
    parts = [t for d in signature.named_children if d.kind == "type_definition" for t in d.named_children]
    return {
        t.text: t
        for t in parts
        if t.kind == "type_binding" and re.fullmatch(r"[a-z_][\w']*", t.text) and t.text not in told
    }


def _signature_of(problem: Problem, syntax: Syntax, path: str) -> Node | None:
    """The signature of a module type, which other module types may be other names of."""
    for _ in range(_MOST_NAMES):
        module, _, name = path.rpartition(".")
        file = file_of_module(problem, module.rpartition(".")[2]) if module else None
        text = text_of(problem.view, file) if file is not None else None
        if file is not None and text is not None:
            syntax = parse(text, file)
        named = [
            d for d in syntax.walk("module_type_definition") if (n := d.child("module_type_name")) and n.text == name
        ]
        if whole := next((s for d in named if (s := d.child("signature")) is not None), None):
            return whole
        others = [p.text for d in named if (p := d.child("module_type_path")) is not None and p.text != path]
        if not others:
            return None
        path = others[0]
    return None
