"""Words of a dune file or a `dune-project` that dune does not know: stanzas, fields, values, variables, extensions.

    (librares unix)         (libraries unix)
    (executible ...)        (executable ...), or executables where it has several names
    %{input_file}           %{input-file}
    (libs unix)             (libraries unix)

dune's own hints come first, then the words that can stand there, and what other build tools call them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_words, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.repair.dune_places import groups_at, is_dune_file, word_at
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.similarity import is_short_for, nearest

_VARIABLE = re.compile(r"%\{\s*(?P<name>[^:{}]*)")
_ALIKE = 0.6
_CONDITIONS = {"enabled_if", "build_if"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.BrokenRule) or not is_dune_file(problem.diagnostic.path):
        return []
    if message.rule == "dune-unknown-variable":
        return list(_variables(problem, message))
    if message.rule in ("dune-unknown-field", "dune-unknown-word", "dune-unknown-language"):
        return list(_words(problem, message, groups_at(problem), word_at(problem)))
    around = groups_at(problem)
    if message.rule == "dune-syntax" and around and _CONDITIONS & {group.head for group in around[:-1]}:
        head = around[-1].items[0]
        return list(_words(problem, message, around, head if isinstance(head, Word) else None))
    return []


def _words(
    problem: Problem, message: messages.BrokenRule, around: Sequence[Group], word: Word | None
) -> Iterator[Candidate]:
    if word is None or (message.names and word.value not in message.names):
        return
    is_head = bool(around) and around[-1].items[0] == word
    known = list(_known(message.rule, around, word))
    guesses = {name: 0.97 - 0.02 * number for number, name in enumerate(message.suggestions)}
    for number, meant in enumerate(n for n in dune_words.SYNONYMS.get(word.value.casefold(), ()) if n in known):
        guesses[meant] = 0.98 if meant in guesses else 0.9 - 0.1 * number
    if around and around[-1].head == "include_subdirs" and word.value in ("yes", "true", "recursive", "all"):
        guesses = {"unqualified": 0.95, "qualified": 0.7}
    for name, alike in nearest(word.value, known, _ALIKE)[:4]:
        guesses.setdefault(name, 0.85 * alike)
    for name in known:
        if is_short_for(word.value.replace("-", "_"), name.replace("-", "_")):
            guesses.setdefault(name, 0.75)
    for name, weight in guesses.items():
        weight *= _fit(name, around) if is_head else 1.0
        edit = TextEdit(word.start, word.end, name)
        yield Candidate(f"Replace `{word.value}` by `{name}`", problem.edit(edit), max(0.02, weight))


def _known(rule: str, around: Sequence[Group], word: Word) -> Iterable[str]:
    """The words that dune may know at the place."""
    if rule == "dune-unknown-language":
        return ("dune", *dune_words.EXTENSIONS)
    if word.value.startswith(":"):
        return dune_words.SYMBOLS
    is_head = bool(around) and around[-1].items[0] == word
    if len(around) == 1 and is_head:
        return (*dune_words.STANZAS, *dune_words.PROJECT)
    above = around[:-1] if is_head else around
    if rule == "dune-unknown-field" and above:
        actions = dune_words.ACTIONS if above[-1].head == "rule" else ()
        return (*(dune_words.fields_of(above[-1].head) or _all_fields()), *actions)
    field = next((g.head for g in reversed(above) if g.head in dune_words.VALUES_OF or g.head == "action"), "")
    return dune_words.VALUES_OF.get(field) or (*dune_words.ACTIONS, *dune_words.VALUES, *dune_words.MACROS)


def _all_fields() -> Iterable[str]:
    return sorted({field for fields in dune_words.STANZAS.values() for field in fields})


def _fit(name: str, around: Sequence[Group]) -> float:
    """How well the word goes with what stands beside it: a stanza with its fields, a field with those already there."""
    heads = [item.head for item in around[max(0, len(around) - 2)].items if isinstance(item, Group)]
    if len(around) > 1:
        return 0.3 if name in heads else 1.0
    fields = dune_words.fields_of(name)
    return 1.0 - 0.5 * sum(head not in fields for head in heads) / max(1, len(heads)) if fields else 1.0


def _variables(problem: Problem, message: messages.BrokenRule) -> Iterator[Candidate]:
    text = problem.source.text
    found = _VARIABLE.search(text, max(0, problem.start))
    if found is None or found.start() > problem.end or found["name"] not in message.names:
        return
    name = found["name"]
    is_macro = text[found.end() : found.end() + 1] == ":"
    known = dune_words.MACROS if is_macro else dune_words.VARIABLES
    guesses = {other: 0.96 - 0.02 * number for number, other in enumerate(message.suggestions)}
    dashed = {other.replace("-", "_"): other for other in known}
    if (meant := dashed.get(name.replace("-", "_").casefold())) is not None:
        guesses.setdefault(meant, 0.95)
    for other, alike in nearest(name, known, 0.5)[:4]:
        guesses.setdefault(other, 0.85 * alike)
    for other, weight in guesses.items():
        edits = [
            TextEdit(match.start("name"), match.end("name"), other)
            for match in _VARIABLE.finditer(text)
            if match["name"] == name and (text[match.end() : match.end() + 1] == ":") == is_macro
        ]
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        yield Candidate(f"Replace `%{{{name}}}` by `%{{{other}}}`{times}", problem.edit(*edits), weight)
