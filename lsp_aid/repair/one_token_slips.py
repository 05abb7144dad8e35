"""One token that is another than was meant, missing, twice, or in its neighbour's place.

    match Monad.feed lexer c with         match Lexer.feed lexer c with
    include S  type sexp := t             include S with type sexp := t

Whatever the error says: each slip near it is taken back, what then reads most like the file and those beside it first
(`one_token/language.py`), and the type checker says what stays.
"""

import asyncio
import math
import posixpath
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence, Set
from contextlib import aclosing

from attrs import frozen

from lsp_aid.domain.ports import Typer, Typing
from lsp_aid.domain.text import TextEdit, apply_text_edits
from lsp_aid.domain.typed import CompilerFlags, Judgement, Told, Variant
from lsp_aid.errors import AidError
from lsp_aid.ocaml import messages
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.one_token.language import Language, class_of, code_of
from lsp_aid.repair.one_token.sites import Site, siblings, sites
from lsp_aid.repair.one_token.slips import Place, Slip, slips
from lsp_aid.repair.places import declared_elsewhere, modules_of, stanzas_of, text_of

SECONDS = 4.0
MOST_TYPED = 500
MOST_CHECKED = 12
MOST_WHOLE = 150
MOST = 5
MOST_BLAMED = 200
MOST_OF_ONE = 12
BEFORE, BEHIND = 40, 20
"""Tokens before and behind what the compiler blames."""
LANGUAGE = 600_000
"""So many characters of the files beside it are read."""
CERTAIN, LIKELY, DOUBTFUL, HALF = 0.93, 0.6, 0.25, -6.0
"""What a slip is worth at most: of the fingers; another, which is less than what reads the message; another where
little was read of the project. And the score at which that is halved."""
BESIDE_SYNTAX = 0.35
"""What any is worth of a text that does not parse: `syntax_errors` knows more of how such texts come about."""
_LONE = CompilerFlags(("-w", "-a"))
_NOT_ERASED = 16
"""The warning of an optional argument that was none before it got its `?`."""
_AFTER_DOT = re.compile(r"(?<![\w'])[a-z_)][\w']*\s*\.\s*$")
"""What a field stands behind, as `r.` and not `M.`."""
_HOLE = "(assert false)"
_SIGNATURE = "module type S = sig\n", "\nend\n"
_ITEM = re.compile(r"^(?:let|type|module|open|include|exception|external|class|val|\[@@@)\b", re.MULTILINE)
_VALUE = re.compile(r"^\s*val\s+([\w']+|\([^)]*\))", re.MULTILINE)
_OPENING = frozenset(("struct", "sig", "begin", "object"))
_BINDERS = frozenset(("let", "rec", "and", "fun", "(", ",", "as", "|", "::", "for"))


async def candidates(problem: Problem) -> Sequence[Candidate]:
    """The slips under which the module type-checks, likely ones first."""
    path = problem.diagnostic.path
    number = messages.warning_number(problem.diagnostic)
    if not path.endswith((".ml", ".mli")) or problem.typing is None or number not in (None, _NOT_ERASED):
        return ()
    found: dict[tuple[str, TextEdit], Slip] = {}
    is_rich = False
    for site in sites(problem):
        place = await asyncio.to_thread(_place, problem, site)
        is_rich = is_rich or place.language.is_rich
        likely = await asyncio.to_thread(_likely, place)
        typed = [slip async for slip in _typed(problem, site, likely)]
        for slip in typed:
            known = found.get((site.path, slip.edit))
            if not _declares_again(site, slip.edit) and (known is None or known.score < slip.score):
                found[site.path, slip.edit] = slip
        if found and site.is_declared:  # nothing else is as likely
            break
    ranked = sorted(((path, slip) for (path, _), slip in found.items()), key=lambda one: -one[1].score)
    return _weighed(problem, ranked, is_rich)


def _declares_again(site: Site, edit: TextEdit) -> bool:
    """Whether an interface has two values of one name then, of which nobody sees the first."""
    before, after = (_VALUE.findall(text) for text in (site.text, apply_text_edits(site.text, [edit])))
    return site.path.endswith(".mli") and len(after) - len({*after}) > len(before) - len({*before})


def _likely(place: Place) -> list[Slip]:
    best: dict[TextEdit, Slip] = {}
    for slip in slips(place):
        if slip.edit not in best or best[slip.edit].score < slip.score:
            best[slip.edit] = slip
    ranked = sorted(best.values(), key=lambda slip: -slip.score)
    return [*ranked[:MOST_TYPED], *(slip for slip in ranked[MOST_TYPED:] if slip.is_sibling)]


def _place(problem: Problem, site: Site) -> Place:
    code = code_of(site.text)
    first = next((number for number, token in enumerate(code) if token.end > site.start), len(code) - 1)
    last = max(first + 1, sum(token.start < site.end for token in code))
    last = min(last, first + MOST_BLAMED)
    is_syntax = isinstance(messages.read(problem.diagnostic), messages.SyntaxProblem)
    start, end = max(0, first - BEFORE), min(len(code), last + (4 if is_syntax else BEHIND))
    if site.mismatch:  # a definition is blamed by its name
        item_end = _items(site.text, site.start, site.end)[1]
        start, end = first, min(last + BEHIND, sum(token.start < item_end for token in code))
    if site.is_declared:
        start, end = first, last
    beside = list(_beside(problem, site.path))
    language = Language.of(site.text, beside)
    left_over = {*_left_over(site.text, language, start, end), *(site.wanted if site.mismatch else ())}
    blamed = {token.text for token in code[first : min(last, first + MOST_OF_ONE)]}
    return Place(
        site.text,
        language,
        start,
        end,
        range(first, end if site.mismatch else last),
        is_syntax,
        () if site.mismatch else site.wanted,
        frozenset(left_over),
        [module for module, _ in modules_of(problem)] + list(_libraries(problem)),
        {word: siblings(word, [site.text, *beside]) for word in blamed},
        _members(
            problem, {code[at + 2].text for at in range(start, min(end, len(code) - 2)) if code[at + 1].text == "."}
        ),
    )


def _members(problem: Problem, names: Set[str]) -> dict[str, list[str]]:
    """Of names that stand behind a dot there, the modules of the project that have such a value or module."""
    found: dict[str, list[str]] = {}
    for declared in declared_elsewhere(problem) if names else ():
        module = declared.path.rpartition(".")[0].rpartition(".")[2]
        if declared.kind in ("value", "module") and declared.name in names and module:
            found.setdefault(declared.name, []).append(module)
    return found


def _libraries(problem: Problem) -> Iterator[str]:
    """The main modules of the project's libraries."""
    for stanza in stanzas_of(problem):
        yield from (module_of(name.replace("-", "_")) for name in stanza.names)


def _beside(problem: Problem, here: str) -> Iterator[str]:
    """Other files, the nearest first."""
    folder, stem = posixpath.dirname(here), posixpath.splitext(here)[0]

    def far(path: str) -> tuple[bool, bool, str]:
        return (posixpath.splitext(path)[0] != stem, posixpath.dirname(path) != folder, path)

    left = LANGUAGE
    for path in sorted((p for p in problem.view.paths() if p.endswith((".ml", ".mli")) and p != here), key=far):
        text = text_of(problem.view, path)
        left -= len(text or "")
        if left < 0:
            return
        if text:
            yield text


def _left_over(text: str, language: Language, start: int, end: int) -> Iterator[str]:
    code = code_of(text)
    for at in range(max(1, start - 200), min(len(code), end + 100)):
        word, before = code[at].text, code[at - 1]
        if class_of(word) == "x" and language.counts[word] == 1 and not word.startswith("_"):
            is_top = before.text in ("let", "rec", "and") and (before.start == 0 or text[before.start - 1] == "\n")
            if not is_top and (before.text in _BINDERS or class_of(before.text) == "x"):
                yield word


@frozen
class _Part:
    """What is typed: `[start, end)` of the text behind its head, or all of an interface as a signature."""

    typing: Typing
    path: str
    text: str
    flags: CompilerFlags
    start: int
    end: int

    @property
    def is_interface(self) -> bool:
        return self.path.endswith(".mli")

    def with_edit(self, edit: TextEdit) -> Variant:
        new = apply_text_edits(self.text, [edit])
        inner = new[self.start : len(new) - (len(self.text) - self.end)]
        return Variant(f"{_SIGNATURE[0]}{inner}{_SIGNATURE[1]}" if self.is_interface else inner)

    async def is_right(self) -> bool:
        return [
            one is not None and one.ok async for one in self.judged(iter([TextEdit(self.start, self.start, "")]))
        ] == [True]

    async def judged(self, edits: Iterator[TextEdit], told: Told = Told.NOTHING) -> AsyncIterator[Judgement | None]:
        """What typing says of each, in their order."""
        head = "" if self.is_interface else self.text[: self.start]
        variants = (self.with_edit(edit) for edit in edits)
        unit = self.path.removesuffix("i")
        asked = self.typing.typer.judge(unit, head, variants, "", self.flags, told=told)
        async with aclosing(asked) as judged:
            async for judgement in judged:
                yield judgement


async def _typed(problem: Problem, site: Site, likely: Sequence[Slip]) -> AsyncIterator[Slip]:
    """Those under which the item, and then the whole, has no error."""
    assert problem.typing is not None
    unit = site.path.removesuffix("i")
    flags = await problem.typing.flags_for(unit) or _LONE
    part = _part(problem.typing, flags, site, likely)
    is_right = await part.is_right()  # the first answer may take long, since the typer is started for it
    until = time.monotonic() + SECONDS
    good = likely[:MOST_WHOLE] if is_right else (await _right_in_item(part, likely, until))[:MOST_CHECKED]
    is_interface = site.path.endswith(".mli")
    other = text_of(problem.view, unit if is_interface else f"{unit}i")
    texts = [apply_text_edits(site.text, [slip.edit]) for slip in good]
    found = 0
    async for slip, is_green in _checked(problem.typing.typer, unit, flags, good, texts, other, is_interface):
        if is_green:
            found += 1
            yield slip
        if found >= MOST or time.monotonic() > until + SECONDS:
            return


async def _checked(
    typer: Typer,
    unit: str,
    flags: CompilerFlags,
    slips: Sequence[Slip],
    texts: Sequence[str],
    other: str | None,
    is_interface: bool,
) -> AsyncIterator[tuple[Slip, bool]]:
    """Whether a module and its interface have no error, each of these texts as one of them and `other` as the other."""
    if is_interface:
        for slip, text in zip(slips, texts, strict=True):
            try:
                checked = await typer.check(unit, other, flags, interface=text) if other is not None else None
            except AidError:  # the compiler itself fails where modules that use the interface know it as it was built
                continue
            yield slip, checked is None or checked.build.green
        return
    number = 0
    async with aclosing(typer.check_many(unit, texts, flags, interface=other)) as answers:
        async for answer in answers:
            yield slips[number], answer is not None and answer.build.green
            number += 1


def _part(typing: Typing, flags: CompilerFlags, site: Site, likely: Sequence[Slip]) -> _Part:
    """The items around what is blamed, and around the slips."""
    first = min((slip.edit.start for slip in likely), default=0)
    start, end = (0, len(site.text)) if site.path.endswith(".mli") else _items(site.text, first, site.end)
    return _Part(typing, site.path, site.text, flags, start, end)


async def _right_in_item(part: _Part, likely: Sequence[Slip], until: float) -> list[Slip]:
    """Those under which the items have no error, what is behind them left out."""
    inside = [slip for slip in likely if part.start <= slip.edit.start and slip.edit.end <= part.end]
    hopeless = await _hopeless(part, inside, until)
    good: list[Slip] = []
    taken: list[Slip] = []

    def edits() -> Iterator[TextEdit]:
        for slip in inside:
            if time.monotonic() > until or len(good) >= MOST_CHECKED:
                return
            if not (slip.is_name and slip.edit.start in hopeless):
                taken.append(slip)
                yield slip.edit

    number = 0
    async for judgement in part.judged(edits()):
        if judgement is not None and judgement.ok:
            good.append(taken[number])
        number += 1
    return good


async def _hopeless(part: _Part, slips: Sequence[Slip], until: float) -> set[int]:
    """Where no other name helps, since an expression of any type does not."""
    named = Counter(slip.edit.start for slip in slips if slip.is_name)
    places = [at for at, count in named.items() if count > 2 and not _AFTER_DOT.search(part.text, max(0, at - 80), at)]
    ends = {slip.edit.start: slip.edit.end for slip in slips if slip.is_name}
    found: set[int] = set()
    number = 0
    holes = (TextEdit(at, ends[at], _HOLE) for at in places if time.monotonic() < until)
    async for judgement in part.judged(holes, Told.ALL):
        if judgement is not None and not judgement.ok and not judgement.message.startswith("Syntax error"):
            found.add(places[number])
        number += 1
    return found


def _items(text: str, start: int, end: int) -> tuple[int, int]:
    """Whole items around a span, where `struct` and `end` are as many before them and in them."""
    depth, depths, code = 0, {}, iter(code_of(text))
    token = next(code, None)
    for match in _ITEM.finditer(text):
        while token is not None and token.start < match.start():
            depth += (token.text in _OPENING) - (token.text == "end")
            token = next(code, None)
        depths[match.start()] = depth
    first = max((at for at, depth in depths.items() if at <= start and depth == 0), default=0)
    return first, min((at for at, depth in depths.items() if at > end and depth == 0), default=len(text))


def _weighed(problem: Problem, found: Sequence[tuple[str, Slip]], is_rich: bool) -> list[Candidate]:
    """By how likely each is among them, and by itself. One token that cures several errors is hardly chance."""
    made = []
    is_syntax = isinstance(messages.read(problem.diagnostic), messages.SyntaxProblem)
    cures_several = sum(one.is_error and one.path == problem.diagnostic.path for one in problem.errors) > 1
    total = sum(math.exp(slip.score - found[0][1].score) for _, slip in found)
    for path, slip in found[:MOST]:
        share = math.exp(slip.score - found[0][1].score) / total
        alone = 1 / (1 + math.exp((HALF - slip.score) / 2))
        most = CERTAIN if slip.is_plain or cures_several else LIKELY if is_rich else DOUBTFUL
        most = min(most, BESIDE_SYNTAX) if is_syntax else most
        weight = max(0.02, most * share * alone)
        changes = problem.edit(slip.edit, path=path)
        made.append(Candidate(slip.title, changes, weight, cures_file=path == problem.diagnostic.path))
    return made
