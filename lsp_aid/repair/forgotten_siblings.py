"""Definitions and constructors that nothing uses, though others like them are used side by side.

    let tests = [ ("add", test_add) ]         let tests = [ ("add", test_add); ("pop", test_pop) ]
    is_short s && is_plain s                  is_short s && is_plain s && is_new s
    | "add" -> Some Add                       | "add" -> Some Add
                                              | "pop" -> Some Pop
    | "warn" -> Some Info                     | "warn" -> Some Warn

What is added is the part for the one defined before it, with the other name in it, also within its texts. Parts are the
elements of a list, steps of a sequence or of a chain of operators, cases of a matching, items of a file. What goes by
the name of a constructor, and gives another one, is mended.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, Node, Syntax
from lsp_aid.repair import places
from lsp_aid.repair.family import Candidate, Problem

_SURE, _STRONG, _LIKELY = 0.93, 0.9, 0.82
_GONE = 0.5  # below its removal
_NO_MORE = re.compile(
    r"\b(?:went away|gone|removed?|dropped|no longer|no more|retired|obsolete|used to|abandoned|withdrawn)\b",
    re.IGNORECASE,
)
_TELLING = 3  # letters of a text that stands in another one by no chance
_WORDS = re.compile(r"_|(?<=[a-z0-9])(?=[A-Z])")
_JOINS: Sequence[Callable[[Sequence[str]], str]] = (
    "_".join, "-".join, " ".join, "".join,
    lambda words: " ".join(words).capitalize(),
    lambda words: " ".join(words).title(),
    lambda words: "".join(word.title() for word in words),
    lambda words: "_".join(words).upper(),
    lambda words: words[0][:1] if words else "",
)  # fmt: skip
"""How a name may stand in a text; its first letter last, for a text that is no more than that."""
_TEXTS = ("string_content", "character_content", "tag")
_OPERATORS = ("&&", "||", "|>", "@", "^", ">>=", ">>", "@@")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.UnusedName) or message.sort not in ("value", "constructor"):
        return []
    tree = places.tree(problem)
    kind = message.sort
    own = (
        next((i for i in tree.declared if i.name == message.name and _is_at(i, problem, kind)), None) if tree else None
    )
    if tree is None or own is None or tree.is_interface:
        return []
    siblings = [
        item
        for item in tree.declared
        if item.kind == kind and (item.within, item.owner) == (own.within, own.owner) and item.name != own.name
    ]
    misnamed = _misnamed(problem, own, siblings, tree) if kind == "constructor" else ()
    found = [*misnamed, *(added for group in _groups(tree) for added in _added(problem, own, siblings, group))]
    return sorted(found, key=lambda one: -one.weight)[:3]


def _is_at(item: Item, problem: Problem, kind: str) -> bool:
    return item.kind == kind and item.definition.start <= problem.start < item.definition.end


# --- the parts that stand side by side ---


def _groups(tree: Syntax) -> Iterator[Sequence[Node]]:
    for node in tree.walk():
        match node.kind:
            case "list_expression" | "array_expression":
                yield node.named_children
            case "match_expression" | "function_expression" | "try_expression":
                yield [child for child in node.named_children if child.kind == "match_case" and _is_of_texts(child)]
            case "sequence_expression" if node.parent is None or node.parent.kind != node.kind:
                yield _steps(node)
            case "infix_expression":
                operator = node.field("operator")
                if operator is not None and operator.text in _OPERATORS and not _is_within(node, operator.text):
                    yield _operands(node, operator.text)
            case "compilation_unit" | "structure":
                yield [child for child in node.named_children if _is_done(child)]
            case _:
                pass


def _is_of_texts(case: Node) -> bool:
    pattern = case.field("pattern")
    return pattern is not None and any(True for _ in pattern.walk("string", "character"))


def _steps(node: Node) -> list[Node]:
    if node.kind != "sequence_expression":
        return [node]
    return [step for child in node.named_children for step in _steps(child)]


def _operands(node: Node, sign: str) -> list[Node]:
    left, operator, right = (node.field(name) for name in ("left", "operator", "right"))
    if node.kind != "infix_expression" or operator is None or operator.text != sign or left is None or right is None:
        return [node]
    return [*_operands(left, sign), *_operands(right, sign)]


def _is_within(node: Node, sign: str) -> bool:
    operator = node.parent.field("operator") if node.parent is not None else None
    return operator is not None and operator.text == sign


def _is_done(node: Node) -> bool:
    binding = node.child("let_binding") if node.kind == "value_definition" else None
    pattern = binding.field("pattern") if binding is not None else None
    return node.kind == "expression_item" or (pattern is not None and pattern.text in ("()", "_"))


# --- the part that is missing ---


@frozen
class _Part:
    node: Node
    sibling: Item


def _added(problem: Problem, own: Item, siblings: Sequence[Item], group: Sequence[Node]) -> Iterator[Candidate]:
    used = [{path.text.rpartition(".")[2] for path in _used(node, own.kind)} for node in group]
    everywhere = set[str].intersection(*used) if used else set()
    names = {sibling.name: sibling for sibling in siblings if sibling.name not in everywhere}
    parts = [part for node in group if (part := _part(node, names, own.kind)) is not None]
    if len(parts) < 2 or len({part.sibling.name for part in parts}) < len(parts):
        return
    template = _template(own, parts)
    if template is None:
        return
    stems = _stems([own.name, *(part.sibling.name for part in parts)])
    is_named = own.kind == "constructor" or stems[own.name] != _words(own.name)
    is_case = template.node.kind == "match_case"
    text, renamed = _renamed(template, own, stems, [part for part in parts if part != template])
    if (is_case and not renamed) or not (is_named or is_case or len(parts) == len(group)):
        return
    change = problem.edit(_inserted(parts, own, group, text))
    shown = " ".join(text.split())
    title = f"Add `{shown if len(shown) < 50 else own.name}` beside `{template.sibling.name}`"
    weight = _STRONG if is_named or is_case else _LIKELY
    if _is_gone(own, stems[own.name]) or (is_case and _is_not_offered(own, parts, text)):
        weight = _GONE
    yield Candidate(title, change, weight, Kind.GUESS)


def _misnamed(problem: Problem, own: Item, siblings: Sequence[Item], tree: Syntax) -> Iterator[Candidate]:
    """What is called like the constructor, by a text or by a definition, and gives another one."""
    alike = {sibling.name: sibling for sibling in siblings if _carries(sibling) == _carries(own)}
    forms = _forms(own.name)
    edits: list[TextEdit] = []
    for node in tree.walk("match_case", "tuple_expression", "let_binding"):
        part = _part(node, alike, own.kind) if _names(node) & forms else None
        old = part.sibling.name if part is not None else ""
        paths = [path for path in _used(node, own.kind) if old and path.text.rpartition(".")[2] == old]
        if len(paths) == 1 and not _names(node) & _forms(old):
            edits.append(TextEdit(paths[0].end - len(old), paths[0].end, own.name))
    if edits:
        title = f"Give `{own.name}` for what goes by that name"
        yield Candidate(title, problem.edit(*edits), _SURE, Kind.GUESS)


def _forms(name: str) -> set[str]:
    return {join(_words(name)) for join in _JOINS[:-1]}


def _names(node: Node) -> set[str]:
    """The texts of a case's pattern, or at the head of a tuple; the name of what is defined."""
    if node.kind == "let_binding":
        pattern = node.field("pattern")
        return {pattern.text} if pattern is not None and not node.child("parameter") else set()
    named = node.field("pattern") if node.kind == "match_case" else node.named_children[0]
    return {text.text for text in named.walk(*_TEXTS)} if named is not None else set()


def _is_gone(own: Item, words: Sequence[str]) -> bool:
    """Whether a comment says that what goes by the name is no more."""
    named = re.compile(rf"(?<![a-z]){'[-_ ]?'.join(map(re.escape, words))}(?![a-z])", re.IGNORECASE)
    sentences = (part for node in own.node.syntax.walk("comment") for part in re.split(r"[.;()]\s|[()]", node.text))
    return any(_NO_MORE.search(sentence) and named.search(sentence) for sentence in sentences)


def _is_not_offered(own: Item, parts: Sequence[_Part], text: str) -> bool:
    """Whether a text of the file, or a comment, lists what the other cases are for, and not what this one would be."""
    others = {node.text for part in parts for pattern in _patterns(part.node) for node in pattern.walk(*_TEXTS)}
    new = set(re.findall(r'"([^"]+)"', text.partition("->")[0])) - others
    if len(others) < 2 or not new or any(len(one) < _TELLING for one in others):
        return False
    listed = (n.text for n in own.node.syntax.walk("comment", "string_content") if n.text not in others)
    return any(all(one in said for one in others) and not any(one in said for one in new) for said in listed)


def _patterns(case: Node) -> Iterator[Node]:
    pattern = case.field("pattern")
    if pattern is not None:
        yield pattern


def _part(node: Node, names: Mapping[str, Item], kind: str) -> _Part | None:
    """A part that uses one of the siblings, and no other."""
    used = {name for path in _used(node, kind) if (name := path.text.rpartition(".")[2]) in names}
    return _Part(node, names[used.pop()]) if len(used) == 1 else None


def _used(node: Node, kind: str) -> Iterator[Node]:
    if kind == "value":
        yield from node.walk("value_path")
        return
    place = node.field("body") if node.kind == "match_case" else node
    for path in place.walk("constructor_path") if place is not None else ():
        case = path.enclosing("match_case")
        pattern = case.field("pattern") if case is not None else None
        if case is None or case.start < node.start or (pattern is not None and path.start >= pattern.end):
            yield path


def _template(own: Item, parts: Sequence[_Part]) -> _Part | None:
    """The part for what is defined last before the one that nothing uses, else for the first behind it."""
    fitting = [part for part in parts if _carries(part.sibling) == _carries(own)]
    before = [part for part in fitting if part.sibling.node.start < own.node.start]
    if before:
        return max(before, key=lambda part: part.sibling.node.start)
    return min(fitting, key=lambda part: part.sibling.node.start, default=None)


def _carries(item: Item) -> str:
    """What a constructor carries; how many parameters a definition has."""
    if item.kind == "constructor":
        return item.node.text.removeprefix(item.name).strip()
    return str(sum(child.kind == "parameter" for child in item.node.named_children))


# --- names and the texts that are made of them ---


def _words(name: str) -> list[str]:
    return [word.lower() for word in _WORDS.split(name) if word]


def _stems(names: Sequence[str]) -> dict[str, list[str]]:
    """The words of each name without those that all of them begin, or end, with."""
    words = {name: _words(name) for name in names}
    shortest = min(len(found) for found in words.values())
    front, back = 0, 0
    while front < shortest - 1 and len({found[front] for found in words.values()}) == 1:
        front += 1
    while back < shortest - 1 - front and len({found[-1 - back] for found in words.values()}) == 1:
        back += 1
    return {name: found[front : len(found) - back] for name, found in words.items()}


def _renamed(template: _Part, own: Item, stems: Mapping[str, list[str]], others: Sequence[_Part]) -> tuple[str, int]:
    """The part with the other name, and in how many of its texts that is."""
    old, node = template.sibling.name, template.node
    forms = {join(stems[old]): join(stems[own.name]) for join in reversed(_JOINS)}
    forms.pop("", None)
    edits = [(path.end - len(old), path.end, own.name) for path in _used(node, own.kind) if path.text.endswith(old)]
    texts = list(node.walk(*_TEXTS))
    same = [{text.text for text in part.node.walk(*_TEXTS)} for part in others]
    renamed = 0
    for text in texts:
        if all(text.text in found for found in same):
            continue
        new = _in_text(text.text, forms)
        if new is None and not renamed and node.kind != "match_case":
            new = " ".join(stems[own.name])
        if new is not None:
            edits.append((text.start, text.end, new))
            renamed += 1
    made, at = "", node.start
    for start, end, new in sorted(edits):
        made += node.syntax.text[at:start] + new
        at = end
    return made + node.syntax.text[at : node.end], renamed


def _in_text(text: str, forms: Mapping[str, str]) -> str | None:
    tag = "`" if text.startswith("`") else ""
    inner = text.removeprefix("`")
    if inner in forms:
        return tag + forms[inner]
    for old, new in sorted(forms.items(), key=lambda pair: -len(pair[0])):
        if len(old) > 1 and re.search(rf"(?<![\w]){re.escape(old)}(?![\w])", inner):
            return tag + re.sub(rf"(?<![\w]){re.escape(old)}(?![\w])", new, inner)
    return None


def _inserted(parts: Sequence[_Part], own: Item, group: Sequence[Node], text: str) -> TextEdit:
    """Behind the part for what is defined last before it, else in front of all."""
    source = group[0].syntax.text
    gaps = [source[one.end : other.start] for one, other in itertools.pairwise(group)]
    usual = " | " if group[0].kind == "match_case" else "; "
    gap = min((gap for gap in gaps if not re.search(r"\w|\(\*", gap)), key=len, default=usual)
    before = [part for part in parts if part.sibling.node.start < own.node.start]
    if before:
        at = max(before, key=lambda part: part.sibling.node.start).node.end
        return TextEdit(at, at, gap + text)
    at = min(part.node.start for part in parts)
    return TextEdit(at, at, text + gap)
