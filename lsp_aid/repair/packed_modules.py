"""A packed module whose signature nothing tells, or another than is asked for.

let describe (module P) = P.name              let describe (module P : Plugin.S) = P.name
let module P = (val plugin) in P.name         let module P = (val plugin : Plugin.S) in P.name
fun p -> p.name, of a (module Plugin.S)       fun (module P : Plugin.S) -> P.name
| Some p -> p.name, of such an option         | Some (module P) -> P.name
let sum (module S : Num) xs = fold S.add xs   let sum (type a) (module S : Num with type t = a) xs = fold S.add xs
sum (module Int : Num) [ 1 ]                  sum (module Int) [ 1 ], where `Num with type t = 'a` is asked for
let i = (module Int : Num) in sum i [ 1 ]     let i = (module Int : Num with type t = Int.t) in sum i [ 1 ]
[ (module Int : Num with type t = int) ]      [ (module Int : Num) ], where that is asked for
"""

import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml import syntax as ocaml_syntax
from lsp_aid.ocaml.scope import lookup
from lsp_aid.ocaml.syntax import Node, Syntax
from lsp_aid.repair.calls_in_code import item_around
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import file_of_module, modules_of, node_of, text_of, tree, within_parentheses

_ESCAPES = re.compile(r"type constructor [\"`']?([A-Z][\w']*)\.([a-z_][\w']*)[\"`']? would escape its scope")
_PACKED = re.compile(r"\(module (?P<path>[\w'.]+)(?: with (?P<types>[^()]*(?:\([^()]*\)[^()]*)*))?\)")
_TYPES = re.compile(r"\btype (?:'\w+ |\([^)]*\) )?([a-z_][\w']*)")
_NOT_INFERRED = re.compile(r"signature for this packaged module couldn't be inferred")
_MOST = 4


async def candidates(problem: Problem) -> Sequence[Candidate]:
    flat = problem.diagnostic.flat_message
    message = messages.read(problem.diagnostic)
    syntax = tree(problem)
    node = node_of(problem, syntax) if syntax else None
    if syntax is None or node is None:
        return ()
    if isinstance(message, messages.TypeClash) and (found := list(_said_otherwise(problem, syntax, node, message))):
        return found
    if _NOT_INFERRED.search(flat):
        return list(_with_signature(problem, syntax, node))
    if said := _ESCAPES.search(flat):
        return list(_with_type(problem, node, said[1], said[2]))
    is_field = isinstance(message, messages.UnboundName) and message.sort == "record field" and not message.of_type
    if is_field or isinstance(message, messages.NotARecord):
        return list(_unpacked(problem, syntax, node))
    return ()


def _said_otherwise(problem: Problem, syntax: Syntax, node: Node, message: messages.TypeClash) -> Iterator[Candidate]:
    """One of both types says of the same module type which types are in it, the other does not."""
    given, wanted = _PACKED.match(message.found), _PACKED.match(message.expected)
    if given is None or wanted is None or given["path"] != wanted["path"]:
        return
    is_here = node.kind == "package_expression"
    pack = node if is_here else _bound_to(syntax, node)
    module = pack.named_children[0] if pack is not None and len(pack.named_children) == 2 else None
    if pack is None or module is None:
        return
    said = pack.named_children[1]
    if given["types"] and not wanted["types"] and said.kind == "module_type_constraint":
        path = said.named_children[0]
        change = problem.edit(TextEdit(path.end, said.end, ""))
        yield Candidate(f"It is asked for as a `{path.text}` alone", change, 0.92)
    if is_here:
        change = problem.edit(TextEdit(module.end, said.end, ""))
        yield Candidate("Which module type it is, what takes it says", change, 0.9)
    if wanted["types"] and module.kind == "module_path":
        names = [name for name in _TYPES.findall(wanted["types"]) if name not in _TYPES.findall(said.text)]
        types = " and ".join(f"type {name} = {module.text}.{name}" for name in names)
        joined = "and" if said.kind == "module_type_constraint" else "with"
        if types:
            change = problem.edit(TextEdit(said.end, said.end, f" {joined} {types}"))
            yield Candidate(f"Say which types are in `{module.text}`: `{joined} {types}`", change, 0.86)


def _bound_to(syntax: Syntax, node: Node) -> Node | None:
    """The packed module that a `let` gives the name."""
    binding = lookup(syntax, node.text, node.start) if node.kind == "value_path" else None
    body = binding.binding.field("body") if binding is not None and binding.kind == "value" else None
    body = within_parentheses(body) if body is not None else None
    return body if body is not None and body.kind == "package_expression" else None


def _with_signature(problem: Problem, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    bound = node.parent if node.kind == "packed_module" else None
    module = bound.child("module_name") if bound is not None else next(node.walk("module_name"), None)
    if bound is not None:  # `module E = (val e)`, in all that follows
        around = bound.enclosing("let_expression") or syntax.root
    else:
        around = node.enclosing("fun_expression", "let_binding", "let_expression", "match_case")
    if module is None or around is None:
        return
    place = node.named_children[-1] if bound is not None else module
    used = {m[1] for m in re.finditer(rf"\b{re.escape(module.text)}\.([a-z_][\w']*)", around.text)}
    for number, path in enumerate(_fitting(problem, syntax, used)[:_MOST]):
        edit = TextEdit(place.end, place.end, f" : {path}")
        yield Candidate(f"The module is a `{path}`", problem.edit(edit), 0.92 - 0.15 * number)


def _with_type(problem: Problem, node: Node, module: str, type_: str) -> Iterator[Candidate]:
    """The type in a module that a function is given is that of its other arguments or of its result: it has a name."""
    for around in node.ancestors():
        parameters = [child for child in around.children if child.kind == "parameter"]
        unpacked = next((p for p in parameters if re.match(rf"\(\s*module\s+{module}\s*:", p.text)), None)
        if around.kind not in ("let_binding", "fun_expression") or unpacked is None:
            continue
        taken = set(re.findall(r"\(type ([^)]*)\)", around.text.partition("=")[0]))
        name = next(n for n in ("a", "b", "c", "elt") if n not in taken)
        end = unpacked.start + len(unpacked.text.rstrip(" )"))
        joined = "and" if re.search(r"\bwith\b", unpacked.text) else "with"
        edits = [
            TextEdit(unpacked.start, unpacked.start, f"(type {name}) "),
            TextEdit(end, end, f" {joined} type {type_} = {name}"),
        ]
        title = f"`{module}.{type_}` is a type of the caller: `with type {type_} = {name}`"
        yield Candidate(title, problem.edit(*edits), 0.93)
        return


def _fitting(problem: Problem, syntax: Syntax, used: set[str]) -> list[str]:
    """The module types that have all these, the smallest first."""
    found = [(path, len(names)) for path, names in _signatures(problem, syntax) if used <= names]
    return [path for path, _ in sorted(found, key=lambda one: one[1])]


def _signatures(problem: Problem, syntax: Syntax) -> Iterator[tuple[str, set[str]]]:
    """The module types that the file can name, with the names of what is in them."""
    yield from _declared(syntax, "")
    for qualifier, _ in modules_of(problem):
        path = file_of_module(problem, qualifier.rpartition(".")[2])
        text = text_of(problem.view, path) if path else None
        if path is not None and text is not None and "module type" in text:
            yield from _declared(ocaml_syntax.parse(text, path), f"{qualifier}.")


def _declared(syntax: Syntax, qualifier: str) -> Iterator[tuple[str, set[str]]]:
    for definition in syntax.walk("module_type_definition"):
        name = definition.child("module_type_name")
        if name is not None:
            yield f"{qualifier}{name.text}", {n.text for n in definition.walk("value_name", "type_constructor")}


def _unpacked(problem: Problem, syntax: Syntax, node: Node) -> Iterator[Candidate]:
    """The variable whose fields are asked for is a module: it is unpacked, and its members are named by it."""
    get = next((n for n in (node, *node.ancestors()) if n.kind == "field_get_expression"), None)
    record = get.named_children[0] if get is not None else None
    binding = lookup(syntax, record.text, record.start) if record is not None and record.kind == "value_path" else None
    if record is None or binding is None or binding.kind not in ("parameter", "variable", "value"):
        return
    if binding.kind == "value" and (binding.arity or binding.node.enclosing("let_expression") is None):
        return
    uses = [use for use in syntax.walk("value_path") if use.text == record.text]
    uses = [use for use in uses if lookup(syntax, use.text, use.start) == binding]
    paths = [use.parent.field("field") if use.parent is not None else None for use in uses]
    if any(path is None for path in paths) or "(module " not in syntax.text:
        return
    signature = next(iter(_fitting(problem, syntax, {path.text for path in paths if path is not None})), None)
    if signature is None:
        return
    item = item_around(binding.node)
    name = _name(syntax, record.text, signature, syntax.text[item[0] : item[1]])
    edits = [TextEdit(use.start, use.end, name) for use in uses]
    body = _body(binding.node) if binding.type and binding.kind == "parameter" else None
    if body is not None:  # what it is stands there
        bound = f"let (module {name}) = {record.text} in{_gap(syntax, body)}"
        edits.append(TextEdit(body.start, body.start, bound))
    else:
        said = f" : {signature}" if binding.kind == "parameter" else ""
        edits.append(TextEdit(binding.node.start, binding.node.end, f"(module {name}{said})"))
    yield Candidate(f"`{record.text}` is a module: unpack it", problem.edit(*edits), 0.9)


def _body(parameter: Node) -> Node | None:
    """What a function does, of the one that has the parameter, behind the modules that it unpacks already."""
    around = parameter.enclosing("let_binding", "fun_expression")
    body = around.field("body") if around is not None else None
    while body is not None and body.kind == "let_expression" and re.match(r"let\s+\(module\b", body.text):
        body = body.field("body")
    return body


def _gap(syntax: Syntax, body: Node) -> str:
    """What stands between a line and the next one: a line break where the body stands on a line of its own."""
    start = syntax.text.rfind("\n", 0, body.start) + 1
    indent = syntax.text[start : body.start]
    return " " if indent.strip() else f"\n{indent}"


def _name(syntax: Syntax, name: str, signature: str, item: str) -> str:
    """What the file calls modules of the signature elsewhere; else what the parameter is called, or its first letter
    where that is a module already. `item` is the definition around, which has its own."""
    patterns = (
        rf"\(\s*module\s+([A-Z][\w']*)\s*:\s*{re.escape(signature)}\s*\)",
        r"\blet\s+\(module\s+([A-Z][\w']*)\)\s*=\s*(?i:(?!\1\b))",
    )
    for pattern in patterns:
        elsewhere = re.search(pattern, syntax.text)
        if elsewhere is not None and not re.search(rf"\b{elsewhere[1]}\b", item):
            return elsewhere[1]
    made = name[0].upper() + name[1:]
    return made[0] if re.search(rf"\b{re.escape(made)}\b", f"{syntax.text} {signature}") else made
