"""What an edit throws away of what its author wrote, and which edits a person might have meant."""

import re
from collections import Counter

from lsp_aid.repair.search.edit import Edit

MOST_LOST = 1
"""A name, an operator, a literal may go: an argument too many, a conversion. More is no repair."""

_LAYOUT = frozenset(("(", ")", "begin", "end", ";;", ",", ";", "->", "fun", "in", "rec", "[", "]"))
"""Tokens that say how the others are put together."""

_HONEST = re.compile(
    r"""(?:\+|-|\*|/)>(?:\+|-|\*|/)\. | (?:\+|-|\*|/)\.>(?:\+|-|\*|/) | all\ (?:float|int)
    | [\^+]>[@^] | @>(?:\^|::) | ::>@ | =>:= | ==?>==? | negation | negative\ argument
    | wrap\ (?:\w+_of_\w+|not|!|String\.length|List\.(?:length|concat|rev)|constructor)
    | (?:int|float|string|char)>its\ \w+ | conversion>conversion | print_\w+>\w+ | (?:fst|snd|abs|abs_float)>\w+
    | qualify\ \w+ | (?:List|String|Array|Option)\.\* | misspelt | name>local | constructor>constructor
    | \[x\] | \[x\]>x | \[\[x\]\] | Some\ x | Ok\ x | drop\ (?:constructor|element|!|(?:first|middle|last)\ argument)
    | (?:\[\w.*|\(\w.*|a\ (?:::|@)\ b)>.* | swap\ (?:arguments|parts|::|parameters) | keep\ argument
    | (?:first\ |last\ )?arguments\ to\ tuple | tuple\ to\ (?:arguments|parameters) | parameters\ to\ tuple
    | nest\ .* | unnest\ .* | last\ argument\ out | complete\ .* | apply\ to\ (?:\(\)|local|two)
    | add\ (?:first|last|middle)\ argument\ (?:local|constant|constant\ seen)
    | operator\ (?:into|out\ of)\ .* | operator\ \S+ | comma | associate\ .* | constructor\ .* | C\ a,\ b>.*
    | pattern(?!>_).* | x>.* | p>.* | rec | else\ .* | ;\ >else
    | drop\ labels | eta | fun\ .*\ (?:parameters?|tuple) | drop\ (?:last\ )?parameter | add\ .*\ parameter""",
    re.VERBOSE,
)
"""Kinds of edits that a developer makes. What else fits by its type alone is for lone programs."""

_DOUBTFUL = re.compile(
    r"add .* constant|else constant|name>local|apply to local|add .* parameter|drop .*parameter|fun .*"
)


def is_meant(edit: Edit) -> bool:
    """Whether a developer may mean it: no part drops code, or puts in its place what merely has the right type."""
    return all(_HONEST.fullmatch(part.kind) is not None and lost(part) <= MOST_LOST for part in edit.parts or (edit,))


def is_guess(edit: Edit) -> bool:
    """Whether an edit invents what its author did not write: a constant, another variable."""
    return any(_DOUBTFUL.fullmatch(part.kind) is not None for part in edit.parts or (edit,))


def lost(edit: Edit) -> int:
    """How many names, literals and operators are gone without another in their place."""
    if edit.kind == "drop labels":
        return 0
    old, new = edit.exchanged
    return _count(old) - _count(new)


def _count(words: Counter[str]) -> int:
    return sum(count for word, count in words.items() if word not in _LAYOUT)
