"""What a rule or a test needs before it runs: the kinds of dependencies, and files that an action reads unannounced.

(deps (glob cases/*.ini))                           (deps (glob_files cases/*.ini))
(deps (files a.txt b.txt))                          (deps a.txt b.txt)
(rule (action ... (run gen.exe countries.csv)))     (rule (deps countries.csv) (action ...))        or %{dep:...}
"""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, dune_words, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.repair.dune_places import groups_at, is_dune_file, made, read_dunes, words_of, written
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.similarity import nearest

_FIELDS = ("deps", "link_deps", "preprocessor_deps", "extra_deps")
_KINDS = (
    "alias",
    "alias_rec",
    "env_var",
    "file",
    "glob_files",
    "glob_files_rec",
    "include",
    "package",
    "sandbox",
    "source_tree",
    "universe",
)
_OTHER_WORDS: Mapping[str, str] = {
    "glob": "glob_files",
    "globs": "glob_files",
    "wildcard": "glob_files",
    "glob_rec": "glob_files_rec",
    "glob_recursive": "glob_files_rec",
    "dir": "source_tree",
    "directory": "source_tree",
    "dirs": "source_tree",
    "folder": "source_tree",
    "tree": "source_tree",
    "source_dir": "source_tree",
    "source_directory": "source_tree",
    "source_folder": "source_tree",
    "env": "env_var",
    "pkg": "package",
    "dep": "file",
}
_GONE = re.compile(r"[Nn]o such file|ENOENT|can(?:no|')t open|[Ff]ile not found|does not exist")
_NAME = re.compile(r"[\w./+@%-]+")
_BUILD = re.compile(r"^.*_build/[^/]+/")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    path = problem.diagnostic.path
    if not is_dune_file(path) or problem.diagnostic.source != "dune":
        return []
    around = groups_at(problem)
    message = messages.read(problem.diagnostic)
    if isinstance(message, messages.BrokenRule):
        above = [group.head for group in around[1:-1] if not group.head.startswith(":")]
        is_unknown = message.rule in ("dune-syntax", "dune-unknown-word")
        return list(_kinds(problem, around[-1])) if above and above[-1] in _FIELDS and is_unknown else []
    if around and _GONE.search(problem.diagnostic.message):
        return list(_reads(problem, around[0]))
    return []


def _kinds(problem: Problem, group: Group) -> Iterator[Candidate]:
    """Another word at the head of a dependency, or none: files stand there as they are."""
    text = problem.source.text
    if not isinstance(group.items[0], Word) or group.head in _KINDS:
        return
    has_pattern = any("*" in word.value or "{" in word.value for word in words_of(group))
    guesses = {other: 0.85 * alike for other, alike in nearest(group.head.replace("-", "_"), _KINDS, 0.6)[:2]}
    if other := _OTHER_WORDS.get(group.head.replace("-", "_").casefold()):
        guesses[other] = 0.95
    for other, weight in guesses.items():
        fits = 1.0 if other.startswith("glob") == has_pattern else 0.5
        edit = dune_file.replace_atom(group.items[0], other)
        title = f"Replace `{group.head}` by `{other}`, a kind of dependencies"
        yield Candidate(title, problem.edit(edit), weight * fits)
    files = group.items if "." in group.head else group.arguments
    if files and not has_pattern and all(isinstance(item, Word) for item in files):
        inside = text[files[0].start : files[-1].end]
        edit = TextEdit(group.start, group.end, inside)
        weight = 0.9 if group.head in ("files", *(w.value for w in files[:1] if isinstance(w, Word))) else 0.4
        yield Candidate(f"Name the files alone: `{' '.join(inside.split())}`", problem.edit(edit), weight)


def _reads(problem: Problem, rule: Group) -> Iterator[Candidate]:
    """Files that are there, but not where an action runs, which sees what the rule depends on alone."""
    if "deps" not in dune_words.fields_of(rule.head):
        return
    folder = posixpath.dirname(problem.diagnostic.path)
    dunes = read_dunes(problem.view)
    there = {posixpath.relpath(p, folder or "."): p for p in (*dunes.paths, *made(dunes))}
    own = {w.value for f in map(dune_file.field, (rule, rule), ("target", "targets")) if f for w in words_of(f)}
    asked = [_BUILD.sub("", name) for name in _NAME.findall(problem.diagnostic.message)]
    asked = list(dict.fromkeys(posixpath.relpath(n, folder or ".") if n in dunes.paths else n for n in asked))
    for name in asked:
        plain = posixpath.normpath(name.rstrip(".:"))
        if plain in own:
            continue
        if plain in there:
            yield from _announced(problem, rule, plain)
            continue
        named = [word for word in _of_action(rule) if posixpath.normpath(word.value) == plain]
        same = [other for other in there if posixpath.basename(other) == posixpath.basename(plain)]
        ways = {other: 0.85 for other in same if len(same) == 1}
        ways |= {other: 0.85 * alike for other, alike in nearest(plain, there, 0.7)[:1]}
        for word in named:
            for other, weight in ways.items():
                edit = TextEdit(word.start, word.end, f"%{{dep:{other}}}")
                yield Candidate(f"Read `{other}`, which is there", problem.edit(edit), weight)


def _announced(problem: Problem, rule: Group, name: str) -> Iterator[Candidate]:
    text = problem.source.text
    known = dune_file.field(rule, "deps")
    if known is not None:
        edit = dune_file.add_to_field(text, rule, "deps", name)
    else:
        parts = [item for item in rule.arguments if isinstance(item, Group)]
        first = next((part for part in parts if part.head in ("action", *dune_words.ACTIONS)), None)
        if first is None:
            edit = dune_file.add_field(text, rule, f"(deps {dune_file.quote(name)})")
        else:
            gap = text[rule.items[0].end : first.start]
            gap = gap[gap.rfind("\n") :] if "\n" in gap else " "
            gap = gap.replace("\n", "\r\n") if "\r\n" in text else gap
            edit = TextEdit(first.start, first.start, f"(deps {dune_file.quote(name)}){gap}")
    yield Candidate(f"Depend on `{name}`, which the action reads", problem.edit(edit), 0.93)
    for word in _of_action(rule):
        if posixpath.normpath(word.value) == name:
            edit = TextEdit(word.start, word.end, f"%{{dep:{word.value}}}")
            yield Candidate(f"Write `%{{dep:{word.value}}}` in `{written(text, rule)}`", problem.edit(edit), 0.8)


def _of_action(rule: Group) -> Iterator[Word]:
    for item in rule.arguments:
        if isinstance(item, Group) and item.head not in ("target", "targets", "deps"):
            yield from words_of(item)
