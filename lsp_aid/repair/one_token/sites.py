"""Where in a project the slip may be that an error tells of: what is blamed, a declaration, or an interface."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from lsp_aid.domain.text import SourceText
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.syntax import Item, parse
from lsp_aid.repair.family import Problem
from lsp_aid.repair.one_token.language import class_of, code_of
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import distance

LONGEST = 200_000
MOST = 5
MOST_MISSING = 20
_FIELDS = re.compile(r"\{[^{}]*\}")
_FIELD = re.compile(r"(?<![\w'.?~])(?:mutable\s+)?([a-z_][\w']*)\s*:")
_CASES = re.compile(r"(?:=|\|)\s*[A-Z][^=]*")
_CASE = re.compile(r"[|=]\s*([A-Z][\w']*)")
_CHOICES = 200


@frozen
class Site:
    """Where a slip is looked for: `[start, end)` of the text at `path`.

    `mismatch`: a module and its interface do not agree there. `wanted`: names that are asked for and not there.
    `is_declared`: what is declared there is asked for by another name, so that no other token is at fault.
    """

    path: str
    text: str
    start: int
    end: int
    mismatch: bool = False
    wanted: tuple[str, ...] = ()
    is_declared: bool = False


def sites(problem: Problem) -> Iterator[Site]:
    """The likeliest first."""
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.SignatureMismatch) and message.interface:
        yield from list(_mismatched(problem, message))[:MOST]
        return
    path = problem.diagnostic.path
    text = _text(problem, path)
    if text is None:
        return
    if messages.warning_number(problem.diagnostic) is not None:  # of an argument, whose name alone is blamed
        yield Site(path, text, max(0, problem.start - 1), problem.end, is_declared=True)
        return
    suggested = message.suggestions if isinstance(message, messages.UnboundName) else ()
    yield Site(path, text, problem.start, problem.end, wanted=tuple(suggested))
    if isinstance(message, messages.UnboundName):
        yield from _declarations(path, text, message)
        yield from _declared_in_half(problem, path, text, message)


def _text(problem: Problem, path: str) -> str | None:
    text = text_of(problem.view, path) if path.endswith((".ml", ".mli")) else None
    return text if text and len(text) <= LONGEST and code_of(text) else None


def _declarations(path: str, text: str, message: messages.UnboundName) -> Iterator[Site]:
    """What is declared by a name that is alike, or by a type that lacks the one that is asked for."""
    owner = re.split(r"[\s.]", message.of_type.strip())[-1] if message.of_type else ""
    for item in parse(text, path).declared:
        alike = distance(item.name, message.name) <= 2 and min(len(item.name), len(message.name)) > 2
        is_likely = item.name != message.name and (alike or (owner and item.owner == owner))
        if is_likely and (site := _named(path, text, item, (message.name,))) is not None:
            yield site


def _declared_in_half(problem: Problem, path: str, text: str, message: messages.UnboundName) -> Iterator[Site]:
    """What an interface declares by a name that its module does not, where the module declares the one asked for."""
    other = _text(problem, path.removesuffix("i")) if path.endswith(".mli") else None
    there = Counter(item.name for item in parse(other, path.removesuffix("i")).declared) if other is not None else {}
    if message.name not in there:
        return
    here = Counter(item.name for item in parse(text, path).declared)
    for item in [item for item in parse(text, path).declared if here[item.name] > there.get(item.name, 0)][:MOST]:
        if (site := _named(path, text, item, (message.name,))) is not None:
            yield site


def _mismatched(problem: Problem, message: messages.SignatureMismatch) -> Iterator[Site]:
    """The declarations that do not agree, in the interface and in the implementation."""
    path = problem.diagnostic.path
    pair = (f"{path.removesuffix('i')}i", path.removesuffix("i"))
    places = [(one.path, one.range) for one in problem.diagnostic.related]
    for entry in message.entries:
        places += [(at.path, at.range) for at in (entry.expected_at, getattr(entry, "actual_at", None)) if at]
    texts = {where: text for where in pair if (text := _text(problem, where)) is not None}
    missing = _missing(texts, *pair)
    yield from _not_provided(texts, pair[0], message, missing)
    found = False
    for where, extent in dict.fromkeys(places):
        if where in texts:
            found, source = True, SourceText(texts[where])
            yield Site(where, texts[where], source.offset(extent.start), source.offset(extent.end), True, missing)
    for name in [] if found else [entry.name for entry in message.entries]:
        for where, text in texts.items():
            token = next((token for token in code_of(text) if token.text == name), None)
            if token is not None:
                yield Site(where, text, token.start, token.end, True, missing)


def _not_provided(
    texts: Mapping[str, str], interface: str, message: messages.SignatureMismatch, missing: tuple[str, ...]
) -> Iterator[Site]:
    """The name of what an interface has and its module has not, which may be there by one of the names of its own."""
    text = texts.get(interface)
    names = {entry.name for entry in message.entries if isinstance(entry, messages.NotProvided)}
    for item in parse(text, interface).declared if text is not None else ():
        if item.name in names and (site := _named(interface, text or "", item, missing)) is not None:
            yield site


def _named(path: str, text: str, item: Item, wanted: tuple[str, ...]) -> Site | None:
    """The name by which something is declared."""
    name = re.search(rf"(?<![\w']){re.escape(item.name)}(?![\w'])", text[item.node.start : item.node.end])
    if name is None:
        return None
    start = item.node.start + name.start()
    return Site(path, text, start, start + len(item.name), wanted=wanted, is_declared=True)


def _missing(texts: Mapping[str, str], interface: str, implementation: str) -> tuple[str, ...]:
    """What the one declares and the other does not name, what is used least first."""
    if len(texts) < 2:
        return ()
    counts = {where: Counter(token.text for token in code_of(text)) for where, text in texts.items()}
    found: dict[str, int] = {}
    for one, other in ((interface, implementation), (implementation, interface)):
        names = {item.name: None for item in parse(texts[one], one).items}
        found.update({name: counts[one][name] for name in names if not counts[other][name]})
    return tuple(sorted(found, key=lambda name: found[name]))[:MOST_MISSING]


def siblings(word: str, texts: Sequence[str]) -> list[str]:
    """The other fields of a record type, or cases of a variant, that has a field or case of this name."""
    kind = class_of(word)
    holder, part = (_FIELDS, _FIELD) if kind == "x" else (_CASES, _CASE)
    found: dict[str, None] = {}
    for text in texts:
        if kind not in ("x", "C") or word not in text:
            continue
        for match in holder.finditer(text):
            if word in match[0]:
                names = part.findall(match[0])
                if word in names:
                    found.update(dict.fromkeys(name for name in names if name != word))
        if len(found) > _CHOICES:
            break
    return list(found)
