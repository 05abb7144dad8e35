"""How many words a field of a dune file takes, how often it stands, and fields that lack.

(executable (names a b))            (executables (names a b))
(tests (name a))                    (test (name a))
(libraries a) ... (libraries b)     (libraries a b)
(libraries a, b) (name = a)         (libraries a b) (name a)
(libraries (a b))                   (libraries a b)
(action (run a) (run b))            (action (progn (run a) (run b)))
(foreign_stubs (names x))           (foreign_stubs (language c) (names x))      beside x.c
(rule (target a) (copy b a))        (rule (target a) (action (copy b a)))
(pps ppx_a)                         (preprocess (pps ppx_a))
"""

import itertools
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_words, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.dune_places import file_name, groups_at, is_dune_file, project_file, word_at, written
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import is_short_for, nearest

_PLURAL: Mapping[str, str] = {"executable": "executables", "test": "tests"}
_SINGULAR = {many: one for one, many in _PLURAL.items()}
_ONE_ACTION = (
    "action",
    "chdir",
    "setenv",
    "with-stdout-to",
    "with-stderr-to",
    "with-outputs-to",
    "ignore-stdout",
    "ignore-stderr",
    "ignore-outputs",
)
_NAMES = ("name", "names", "public_name", "public_names")
_ONE_WORD = frozenset("name public_name package synopsis wrapped kind optional target section language".split())  # noqa: SIM905
_NO_NAME = re.compile(r"supply at least one of name or public_name|either the name or the public_name field must")
_NO_REWRITER = re.compile(r"You must specify at least one ppx rewriter")
_MARK = re.compile(r"[=:,]+")
_LANGUAGES = {".c": "c", ".cpp": "cxx", ".cxx": "cxx", ".cc": "cxx"}
_AROUND = {"pps": "preprocess", "staged_pps": "preprocess"}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    path = problem.diagnostic.path
    if not is_dune_file(path) or problem.diagnostic.source != "dune":
        return []
    around = groups_at(problem)
    if not around:
        return []
    flat = problem.diagnostic.flat_message
    found = list(_marks(problem, around))
    if _NO_NAME.search(flat):
        return [*found, *_numbers(problem, around), *_named(problem, around)]
    if _NO_REWRITER.search(flat):
        return [*found, *_grouped(problem, around)]
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.BrokenRule):
        match message.rule:
            case "dune-arguments":
                found += [*_numbers(problem, around), *_in_turn(problem, around)]
            case "dune-missing-field":
                found += [*_numbers(problem, around), *_missing(problem, around, message.names[0])]
            case "dune-field-twice":
                found += _merged(problem, around, message.names[0])
            case "dune-unknown-field":
                found += _wrapped(problem, around)
            case "dune-syntax":
                found += _unwrapped(problem, around)
    return found


# --- marks of other languages ---


def _marks(problem: Problem, around: Sequence[Group]) -> Iterator[Candidate]:
    """Commas between words, `=` and `:` behind a field's name: dune has neither. All those of the stanza go."""
    text = problem.source.text
    word = word_at(problem)
    inner = around[-1]
    heads = [group.head for group in dune_file.walk([around[0]]) if isinstance(group, Group)]
    has_mark = (word is not None and (word.value.endswith(",") or _MARK.fullmatch(word.value))) or any(
        head.endswith((":", "=")) and head[:-1] in dune_words.fields_of(around[0].head) for head in heads
    )
    if not has_mark or inner.head in dune_words.ACTIONS:
        return
    edits = []
    for group in dune_file.walk([around[0]]):
        if not isinstance(group, Group) or group.head in dune_words.ACTIONS:
            continue
        for number, item in enumerate(group.items):
            if not isinstance(item, Word) or item.quoted:
                continue
            if _MARK.fullmatch(item.value) and number:
                edits.append(dune_file.remove(text, item))
            elif item.value.endswith(",") or (not number and item.value.endswith((":", "="))):
                edits.append(TextEdit(item.end - 1, item.end, ""))
            elif "," in item.value and re.fullmatch(r"[\w.-]+(?:,[\w.-]+)+", item.value):
                edits.append(TextEdit(item.start, item.end, item.value.replace(",", " ")))
    if edits:
        yield Candidate("Separate words by spaces alone", problem.edit(*edits), 0.97)


# --- one name or several ---


def _numbers(problem: Problem, around: Sequence[Group]) -> Iterator[Candidate]:
    """Makes a stanza and the fields of its names agree with how many there are."""
    stanza = next((group for group in reversed(around) if group.head in (*_PLURAL, *_SINGULAR)), None)
    if stanza is None:
        return
    fields = [item for item in stanza.items if isinstance(item, Group) and item.head in _NAMES]
    count = max((len(field.words) for field in fields), default=0)
    if not count:
        return
    many = count > 1
    head = _PLURAL.get(stanza.head, stanza.head) if many else _SINGULAR.get(stanza.head, stanza.head)
    edits = list(_renamed(stanza, head))
    for field in fields:
        edits += _renamed(field, field.head.removesuffix("s") + ("s" if many else ""))
    if edits:
        names = ", ".join(f"`{word}`" for field in fields[:1] for word in field.words)
        title = f"Call {names} by `{'names' if many else 'name'}` in one `({head} ...)`"
        yield Candidate(title, problem.edit(*edits), 0.95)
    if not many and stanza.head in _SINGULAR:
        edits = [edit for field in fields for edit in _renamed(field, field.head.removesuffix("s") + "s")]
        if edits:
            yield Candidate(f"Use `names` in `({stanza.head} ...)`", problem.edit(*edits), 0.8)


def _in_turn(problem: Problem, around: Sequence[Group]) -> Iterator[Candidate]:
    """Several actions where one stands: one after another, in `progn`."""
    group = next((group for group in reversed(around) if group.head in _ONE_ACTION), None)
    parts = [item for item in group.arguments if isinstance(item, Group)] if group is not None else []
    actions = [part for part in parts if part.head in dune_words.ACTIONS]
    if len(actions) > 1 and len(actions) == len(parts):
        start, end = actions[0].start, actions[-1].end
        edits = [TextEdit(start, start, "(progn "), TextEdit(end, end, ")")]
        yield Candidate("Run one after another: `(progn ...)`", problem.edit(*edits), 0.95)


def _renamed(group: Group, head: str) -> Iterator[TextEdit]:
    first = group.items[0]
    if group.head != head:
        yield TextEdit(first.start, first.end, head)


# --- fields that lack ---


def _named(problem: Problem, around: Sequence[Group]) -> Iterator[Candidate]:
    """A name for a stanza that has none: that of its folder, or of the module that is there."""
    stanza = around[-1]
    if any(isinstance(item, Group) and item.head.rstrip(":=") in _NAMES for item in stanza.items):
        return
    folder = posixpath.dirname(problem.diagnostic.path)
    modules = {module_of(p) for p in problem.view.paths() if posixpath.dirname(p) == folder and p.endswith(".ml")}
    if stanza.head == "library":
        name = posixpath.basename(folder).replace("-", "_") or _project_name(problem)
        name = file_name(next(iter(modules))) if len(modules) == 1 and not name else name
    else:
        name = "main" if "Main" in modules else file_name(next(iter(modules))) if len(modules) == 1 else ""
    if name and re.fullmatch(r"\w+", name):
        edit = dune_file.add_field(problem.source.text, stanza, f"(name {name})")
        yield Candidate(f"Name the {stanza.head} `{name}`", problem.edit(edit), 0.85)


def _project_name(problem: Problem) -> str:
    project = project_file(problem.view, problem.diagnostic.path)
    groups = dune_file.stanzas(text_of(problem.view, project) or "") if project else ()
    return next((group.words[0] for group in groups if group.head == "name" and group.words), "").replace("-", "_")


def _missing(problem: Problem, around: Sequence[Group], name: str) -> Iterator[Candidate]:
    """A field of another name that was meant, the action that stands alone, the language of foreign sources."""
    text = problem.source.text
    group = around[-1]
    children = [item for item in group.arguments if isinstance(item, Group)]
    if name == "action":
        actions = [child for child in children if child.head in dune_words.ACTIONS]
        if actions and all(a.start > b.end for b, a in itertools.pairwise(actions)):
            inside = "(action (progn " if len(actions) > 1 else "(action "
            start, end = actions[0].start, actions[-1].end
            edits = [TextEdit(start, start, inside), TextEdit(end, end, ")" * inside.count("("))]
            title = f"Put `{written(text, actions[0])}` into `(action ...)`"
            yield Candidate(title, problem.edit(*edits), 0.95)
    unknown = [child for child in children if child.head and child.head not in dune_words.fields_of(group.head)]
    for child, alike in _meaning(name, [c for c in unknown if c.head not in _NAMES]):
        first = child.items[0]
        edit = TextEdit(first.start, first.end, name)
        yield Candidate(f"Replace `{child.head}` by `{name}`", problem.edit(edit), 0.96 * alike)
    if name == "language":
        sources = {posixpath.splitext(p)[1] for p in problem.view.paths() if _is_source(problem, p, group)}
        languages = {_LANGUAGES[suffix] for suffix in sources if suffix in _LANGUAGES}
        for language in sorted(languages):
            at = group.items[0].end
            edit = TextEdit(at, at, _gap(text, group) + f"(language {language})")
            yield Candidate(f"Say that the language is {language}", problem.edit(edit), 0.95 / len(languages))


def _meaning(name: str, children: Sequence[Group]) -> Iterator[tuple[Group, float]]:
    """The group that is called by another word for the name, or by one like it, and how likely that is meant."""
    alike = dict(nearest(name, [child.head for child in children], 0.6)[:1])
    for child in children:
        if name in dune_words.SYNONYMS.get(child.head.casefold(), ()) or is_short_for(child.head, name):
            yield child, 1.0
        elif child.head in alike:
            yield child, alike[child.head]


def _is_source(problem: Problem, path: str, group: Group) -> bool:
    names = dune_file.words(group, "names")
    stem = posixpath.splitext(posixpath.basename(path))[0]
    return posixpath.dirname(path) == posixpath.dirname(problem.diagnostic.path) and (not names or stem in names)


def _gap(text: str, group: Group) -> str:
    """What stands between the head of a group and what follows."""
    return text[group.items[0].end : group.items[1].start] if len(group.items) > 1 else " "


# --- fields that are there twice ---


def _merged(problem: Problem, around: Sequence[Group], name: str) -> Iterator[Candidate]:
    text = problem.source.text
    stanza = around[-2] if len(around) > 1 and around[-1].head == name else around[-1]
    same = [item for item in stanza.items if isinstance(item, Group) and item.head == name]
    if len(same) < 2:
        return
    first, *others = same
    if name not in _ONE_WORD:
        known = {written(text, item) for item in first.arguments}
        added = [text[i.start : i.end] for other in others for i in other.arguments if written(text, i) not in known]
        at = first.items[-1].end
        edits = [dune_file.remove(text, other) for other in others]
        joined = "".join(f" {words}" for words in dict.fromkeys(added))
        edits += [TextEdit(at, at, joined)] if joined else []
        yield Candidate(f"Join the fields `{name}` to one", problem.edit(*edits), 0.95)
        return
    for number, gone in enumerate(reversed(same)):
        change = problem.edit(dune_file.remove(text, gone))
        equal = len({written(text, item) for item in same}) == 1
        title = f"Remove `{written(text, gone)}`: there is another `{name}`"
        yield Candidate(title, change, 0.95 if equal else 0.7 - 0.1 * number)


# --- parentheses around words ---


def _wrapped(problem: Problem, around: Sequence[Group]) -> Iterator[Candidate]:
    group = around[-1]
    if group.head in _AROUND:
        outer = _AROUND[group.head]
        edits = [TextEdit(group.start, group.start, f"({outer} "), TextEdit(group.end, group.end, ")")]
        yield Candidate(f"Put `({group.head} ...)` into `({outer} ...)`", problem.edit(*edits), 0.96)


def _grouped(problem: Problem, around: Sequence[Group]) -> Iterator[Candidate]:
    """`(preprocess pps ppx_a)`: the words behind `pps` belong to it."""
    group = around[-1]
    first = group.items[1] if len(group.items) > 2 else None
    if isinstance(first, Word):
        edits = [TextEdit(first.start, first.start, "("), TextEdit(group.items[-1].end, group.items[-1].end, ")")]
        yield Candidate(f"Put `{first.value} ...` into parentheses", problem.edit(*edits), 0.95)


def _unwrapped(problem: Problem, around: Sequence[Group]) -> Iterator[Candidate]:
    """`(libraries (a b))`: a list of words has no parentheses of its own. `(menhir parser)`: a field that lacks."""
    text = problem.source.text
    group = around[-1]
    expects_word = "Atom or quoted string expected" in problem.diagnostic.flat_message
    is_inner = len(around) > 1 and group.start == problem.start and bool(group.items)
    if expects_word and is_inner and all(isinstance(item, Word) for item in group.items):
        inside = text[group.items[0].start : group.items[-1].end]
        edit = TextEdit(group.start, group.end, inside)
        yield Candidate(f"Take `{inside}` out of its parentheses", problem.edit(edit), 0.9)
    word = word_at(problem)
    if len(around) == 1 and group.head in ("menhir", "mdx", "documentation") and word is not None:
        field = {"menhir": "modules", "mdx": "files", "documentation": "package"}[group.head]
        words = [item for item in group.arguments if isinstance(item, Word)]
        edits = [TextEdit(words[0].start, words[0].start, f"({field} "), TextEdit(words[-1].end, words[-1].end, ")")]
        yield Candidate(f"Put `{words[0].value}` into `({field} ...)`", problem.edit(*edits), 0.95)
