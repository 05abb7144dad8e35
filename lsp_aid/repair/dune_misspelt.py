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
from lsp_aid.repair.similarity import nearest

_VARIABLE = re.compile(r"%\{\s*(?P<name>[^:{}]*)")
_ALIKE = 0.6


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    if not isinstance(message, messages.BrokenRule) or not is_dune_file(problem.diagnostic.path):
        return []
    if message.rule == "dune-unknown-variable":
        return list(_variables(problem, message))
    if message.rule in ("dune-unknown-field", "dune-unknown-word", "dune-unknown-language"):
        return list(_words(problem, message))
    return []


def _words(problem: Problem, message: messages.BrokenRule) -> Iterator[Candidate]:
    word = word_at(problem)
    if word is None or word.value not in message.names:
        return
    around = groups_at(problem)
    is_head = bool(around) and around[-1].items[0] == word
    known = list(_known(message.rule, around, word))
    guesses = {name: 0.97 - 0.02 * number for number, name in enumerate(message.suggestions)}
    if (meant := dune_words.SYNONYMS.get(word.value.casefold())) in known and meant is not None:
        guesses[meant] = 0.98 if meant in guesses else 0.8
    if around and around[-1].head == "include_subdirs":
        known = ["no", "unqualified", "qualified"]
        if word.value in ("yes", "true", "recursive", "all"):
            guesses = {"unqualified": 0.95, "qualified": 0.7}
    for name, alike in nearest(word.value, known, _ALIKE)[:4]:
        guesses.setdefault(name, 0.85 * alike)
    for name, weight in guesses.items():
        weight *= _fit(name, around) if is_head else 1.0
        edit = TextEdit(word.start, word.end, name)
        yield Candidate(f"Replace `{word.value}` by `{name}`", problem.edit(edit), max(0.02, weight))


def _known(rule: str, around: Sequence[Group], word: Word) -> Iterable[str]:
    """The words that dune may know at the place."""
    if rule == "dune-unknown-language":
        return ("dune", *dune_words.EXTENSIONS)
    if len(around) == 1 and around[0].items[0] == word:
        return (*dune_words.STANZAS, *dune_words.PROJECT)
    if rule == "dune-unknown-field" and len(around) > 1:
        return dune_words.fields_of(around[-2].head) or _all_fields()
    return (*dune_words.ACTIONS, *dune_words.VALUES, *dune_words.MACROS)


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
