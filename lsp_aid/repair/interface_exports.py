"""What an interface does not show and other modules ask for: by name, for a functor, or for a module type.

Stock.count in another file                    val count : t -> int in stock.mli
Hashtbl.Make (Sku), where sku.mli has no hash  val hash : t -> int in sku.mli
Pool.stats and `s.used` of what it gives         type stats = { used : int } and val stats : t -> stats in pool.mli
Names.Key.compare                              val compare : t -> t -> int in the `module Key` of names.mli
let+ x = a and+ y = b, Syntax being open       val ( and+ ) : 'a t -> 'b t -> ('a * 'b) t in that `module Syntax`

Types come from the compiler: to learn that of a value, the .mli is given a wrong one for it in a probe.
"""

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.text import apply_text_edits
from lsp_aid.ocaml import messages, syntax
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair import interface_types as types
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.interface_instances import instances
from lsp_aid.repair.interface_places import inserted
from lsp_aid.repair.interface_skeletons import in_code
from lsp_aid.repair.layout import line_start
from lsp_aid.repair.places import opened_at, text_of

_PROBE = "[ `Lsp_aid_probe ]"
_PATH = re.compile(r"\b[A-Z][\w']*(?:\s*\.\s*[A-Z][\w']*)*")
_OF_FUNCTORS = {"compare": "{0} -> {0} -> int", "equal": "{0} -> {0} -> bool", "hash": "{0} -> int"}
"""What the functors of the standard library ask for."""
_PARTS = ("constructor", "record field")
_WHOLE = ("type", "exception", "module type")
_DECLARED = ("record_declaration", "variant_declaration")


@frozen
class Module:
    """The two files of a module; or those of a module within, whose parts they are: `whole` is the file then."""

    name: str
    ml: Syntax
    mli: Syntax
    whole: Syntax
    start: int = 0  # of the part of the interface
    code: int = 0  # where the part of the implementation starts
    indent: str = ""
    around: "Module | None" = None

    @property
    def known(self) -> dict[str, types.Abbreviation]:
        """The abbreviations of its implementation, and of those around it."""
        outer = self.around.known if self.around is not None else {}
        return {**outer, **types.abbreviations(self.ml)}

    @property
    def hidden_types(self) -> list[str]:
        """The types that its interface keeps abstract, and those of the ones around it."""
        outer = self.around.hidden_types if self.around is not None else []
        own = [item.name for item in self.ml.items if item.kind == "type"]
        return [*self.abstract_types, *(name for name in outer if name not in own)]

    @property
    def exported_types(self) -> list[str]:
        return [item.name for item in self.mli.items if item.kind == "type"]

    @property
    def abstract_types(self) -> list[str]:
        return [i.name for i in self.mli.items if i.kind == "type" and i.node.field("body") is None]

    def showing(self, text: str, item: Item) -> "Module":
        """The module with an interface that declares the text, at the place of the item."""
        edit = inserted(self.mli, text, item.name, self.ml, item.kind)
        indented = evolve(edit, text=re.sub(r"\n(?!\n)", f"\n{self.indent}", edit.text)) if self.indent else edit
        part = apply_text_edits(self.mli.text, [indented])
        before = self.whole.text
        after = before[: self.start] + part + before[self.start + len(self.mli.text) :]
        path = self.mli.path
        return evolve(self, mli=syntax.parse(part, path), whole=syntax.parse(after, path))

    def change(self, before: str) -> ChangeSet:
        return ChangeSet.of([FileChange(self.mli.path, before, self.whole.text)])


def module_at(problem: Problem, ml: str) -> Module | None:
    """The module whose implementation is `ml`; None where it has no interface of its own."""
    mli = posixpath.splitext(ml)[0] + ".mli"
    implementation, interface = text_of(problem.view, ml), text_of(problem.view, mli)
    if implementation is None or interface is None:
        return None
    whole = syntax.parse(interface, mli)
    module = Module(module_of(ml), syntax.parse(implementation, ml), whole, whole)
    return None if module.ml.has_error or module.mli.has_error else module


def item_of(tree: Syntax, name: str, kind: str) -> Item | None:
    kinds = ("value", "external") if kind == "value" else (kind,)
    return next((item for item in tree.items if item.name == name and item.kind in kinds), None)


# --- which module is asked ---


def _called(problem: Problem, paths: Iterable[str], apart: str = "") -> Iterator[Module]:
    """The modules that paths may name, modules within files too, each once; without the one `apart` itself."""
    ways = [re.split(r"\s*\.\s*", path) for path in dict.fromkeys(paths)]
    named = {part for parts in ways for part in parts}
    known = [file for file in problem.view.paths() if file.endswith(".ml") and module_of(file) in named]
    files = [file for file in known if problem.view.exists(f"{file}i")]
    seen: set[tuple[str, ...]] = set()
    for parts, file in itertools.product(ways, files):
        inner = parts[parts.index(module_of(file)) + 1 :] if module_of(file) in parts else None
        if inner is None or (file, *inner) in seen or (module_of(file) == apart and not inner):
            continue
        seen.add((file, *inner))
        module = module_at(problem, file)
        for name in inner:
            module = within(module, name) if module is not None else None
        if module is not None:
            yield module


def within(around: Module, name: str) -> Module | None:
    """A module within, whose interface has a signature of its own."""
    ours, theirs = (item_of(tree, name, "module") for tree in (around.ml, around.mli))
    structure = ours.node.child("structure") if ours is not None else None
    signature = theirs.node.child("signature") if theirs is not None else None
    if structure is None or signature is None or not signature.named_children:
        return None
    inner = structure.start + len("struct"), structure.end - len("end")
    ml = syntax.parse(around.ml.text[inner[0] : inner[1]], around.ml.path)
    start, end = signature.start + len("sig"), signature.named_children[-1].end
    mli = syntax.parse(around.mli.text[start:end], around.mli.path)
    first = signature.named_children[0].start
    indent = around.mli.text[line_start(around.mli.text, first) : first]
    indent = indent if not indent.strip() else ""
    module = Module(
        f"{around.name}.{name}", ml, mli, around.whole, around.start + start, around.code + inner[0], indent, around
    )
    return None if ml.has_error or mli.has_error else module


async def asked_by_name(problem: Problem, message: messages.UnboundName) -> list[Candidate]:
    """A value or a type that another file names, by its path or by what of that is not open there; or a constructor or
    a field of such a type."""
    kind = "value" if message.sort == "value" else "type"
    found: dict[ChangeSet, Candidate] = {}
    opens = opened_at(problem)
    paths = [".".join(filter(None, (opened, message.qualifier))) for opened in ("", *opens)]
    for module in _called(problem, filter(None, paths), apart=module_of(problem.diagnostic.path)):
        name = message.name if message.sort not in _PARTS else _owner(module.ml, message)
        item = item_of(module.ml, name, kind)
        if item is not None and item_of(module.mli, name, kind) is None:
            for candidate in await _exported(problem, module, [item]):
                found.setdefault(candidate.changes, candidate)
    return list(found.values())


def _owner(tree: Syntax, message: messages.UnboundName) -> str:
    """The type that the constructor or the field is of."""
    parts = [item for item in tree.declared if item.kind == message.sort and item.name == message.name]
    return next((item.owner for item in reversed(parts) if not item.within), "")


async def asked_by_signature(problem: Problem, message: messages.SignatureMismatch) -> list[Candidate]:
    """What a functor, or a module type, asks of a module that has it and does not show it."""
    lacking = [e for e in message.entries if isinstance(e, messages.NotProvided) and not e.within]
    if len(lacking) < len(message.entries):
        return []
    for path in reversed(_PATH.findall(problem.source.text[problem.start : problem.end])):
        for module in _called(problem, [path]):
            items = [item_of(module.ml, entry.name, entry.sort) for entry in lacking]
            asked = [item for item in items if item is not None]
            if len(asked) == len(items):
                return await _exported(problem, module, asked, is_signature=True)
    return []


# --- what is shown then ---


async def _exported(
    problem: Problem, module: Module, items: Sequence[Item], *, is_signature: bool = False
) -> list[Candidate]:
    """The likeliest declarations of all; for one alone, each that it may have."""
    ways = [await _declarations(problem, module, item, is_signature) for item in items]
    if not all(ways):
        return []
    chosen = [tuple(found[0] for found in ways)] if len(ways) > 1 else [(text,) for text in ways[0]]
    found = []
    for number, texts in enumerate(chosen):
        shown = module
        for item, text in zip(items, texts, strict=True):
            shown = shown.showing(text, item)
        shown = _with_types(problem, shown, texts)
        said = ", ".join(_told(module, item, text) for item, text in zip(items, texts, strict=True))
        weight = 0.7 if any(item.kind in _WHOLE for item in items) else 0.9 - 0.03 * number
        found.append(Candidate(f"Export {said}", shown.change(module.whole.text), weight))
    return found


def _with_types(problem: Problem, module: Module, texts: Sequence[str]) -> Module:
    """The module with an interface that has the records and variants, too, that its new declarations name."""
    names = [one.text for text in texts for one in syntax.parse(f"{text}\n", "a.mli").walk("type_constructor_path")]
    for item in [one for one in module.ml.items if one.kind == "type" and one.name in names]:
        body = item.node.field("body")
        if item.name in module.exported_types or body is None or body.kind not in _DECLARED or item.node != _only(item):
            continue
        is_seen = _is_taken_apart(problem, module, item)
        head = item.definition.text[: body.start - item.start].rstrip().removesuffix("=").rstrip()
        module = module.showing(item.definition.text if is_seen else head, item)
        if is_seen:
            module = _with_types(problem, module, [item.definition.text])
    return module


def _only(item: Item) -> Node | None:
    """The sole type of a definition; None where it defines several by `and`."""
    bindings = [child for child in item.definition.named_children if child.kind == "type_binding"]
    return bindings[0] if len(bindings) == 1 else None


def _is_taken_apart(problem: Problem, module: Module, item: Item) -> bool:
    """Whether another file that uses the module names a field or a constructor of the type."""
    names = [one.text for one in item.node.walk("field_name", "constructor_name")]
    used = re.compile(rf"(?<![\w'])(?:{'|'.join(names)})(?![\w'])")
    own = (module.ml.path, module.mli.path)
    texts = [text_of(problem.view, p) or "" for p in problem.view.paths() if p.endswith(".ml") and p not in own]
    return any(used.search(text) for text in texts if module.name in text)


def _told(module: Module, item: Item, text: str) -> str:
    if item.kind in _WHOLE:
        return f"the {item.kind} `{module.name}.{item.name}`"
    return f"`{module.name}.{item.name} : {text.partition(' : ')[2]}`"


async def _declarations(problem: Problem, module: Module, item: Item, is_signature: bool) -> list[str]:
    """How the interface may declare an item."""
    if item.kind in _WHOLE:
        return [item.definition.text]
    if item.kind not in ("value", "external"):
        return []
    name = in_code(item.name)
    texts: list[str] = []
    if is_signature and item.name in _OF_FUNCTORS and "t" in module.exported_types:
        texts.append(_OF_FUNCTORS[item.name].format("t"))
    learnt = await _learn(problem, module, item)
    if learnt is not None:
        known = module.known
        as_printed = list(types.variants(learnt, known, module.exported_types))
        plain = [name for name in module.hidden_types if types.is_everyday(name, known)]
        other = [name for name in module.hidden_types if name not in plain]
        texts += [*instances(learnt, known, other), *as_printed, *instances(learnt, known, plain)]
    return [f"val {name} : {text}" for text in dict.fromkeys(texts)]


async def _learn(problem: Problem, module: Module, item: Item) -> Node | None:
    """The type of a value, from the compiler."""
    probed = module.showing(f"val {in_code(item.name)} : {_PROBE}", item)
    result = await problem.probe(probed.change(module.whole.text))
    for error in result.errors if result else ():
        message = messages.read(error)
        if isinstance(message, messages.SignatureMismatch):
            for entry in message.entries:
                is_it = isinstance(entry, messages.Mismatch) and entry.name.strip("() ") == item.name
                if isinstance(entry, messages.Mismatch) and is_it and "'_" not in entry.given:
                    return types.type_of(entry.given)
    return None
