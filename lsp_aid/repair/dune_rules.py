"""Rules and what they name: targets, dependencies, programs, folders and files that are not there, or are there twice.

(targets confg.ml), which writes config.ml      (targets config.ml)
(ocamllex lexr)                                 (ocamllex lexer)            beside lexer.mll
(deps data.tx)                                  (deps data.txt)
(run gen)                                       (run ./gen.exe)             where the project has that program
(copy_files src/*.ml)                           (copy_files srcs/*.ml)
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file, messages
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.dune_places import (
    Dunes,
    files_written,
    groups_at,
    made,
    project_file,
    read_dunes,
    word_at,
    words_of,
)
from lsp_aid.repair.family import Candidate, Problem
from lsp_aid.repair.places import text_of
from lsp_aid.repair.similarity import nearest, similarity

_TARGETS = re.compile(r"^- (?P<name>\S+)", re.MULTILINE)
_NO_RULE = re.compile(r"No rule found for (?:alias )?(?P<name>\S+)")
_FILE = re.compile(r'(?:File "?(?P<file>[^"\s]+)"? doesn\'t exist|Cannot find directory: (?P<folder>\S+))')
_NO_MATCH = re.compile(r"Does not match any files")
_PROGRAM = re.compile(r"Program (?P<name>\S+) not found in the tree or in PATH")
_SOURCE = re.compile(r'Object "(?P<name>[^"]+)" has no source; "?(?P<file>[^"\s]+)"? must be present')
_TARGET = re.compile(r"You can only use the variable %\{targets?\}")
_CLOSE = 0.6
_GENERATED = {"ocamllex": (".mll",), "ocamlyacc": (".mly",), "menhir": (".mly",)}


async def candidates(problem: Problem) -> Sequence[Candidate]:
    message = messages.read(problem.diagnostic)
    flat = problem.diagnostic.flat_message
    if _TARGET.search(flat):
        return list(_variable(problem))
    if not isinstance(message, messages.BrokenRule):
        return list(_elsewhere(problem)) if _NO_MATCH.search(flat) else []
    match message.rule:
        case "dune-targets-missing":
            return list(_targets(problem))
        case "dune-no-rule":
            found = _NO_RULE.search(flat)
            return list(_no_rule(problem, found["name"])) if found else []
        case "dune-file-missing":
            found = _FILE.search(flat)
            return list(_no_file(problem, found["file"] or found["folder"])) if found else []
        case "dune-program-missing":
            found = _PROGRAM.search(flat)
            return list(_program(problem, found["name"])) if found else []
        case "dune-source-missing":
            found = _SOURCE.search(flat)
            return list(_source(problem, found["name"], found["file"])) if found else []
    return []


# --- targets ---


def _variable(problem: Problem) -> Iterator[Candidate]:
    """`%{target}` is that of `(target ...)`, `%{targets}` those of `(targets ...)`."""
    text = problem.source.text
    around = groups_at(problem)
    if not around:
        return
    rule = around[0]
    wrong = "targets" if dune_file.field(rule, "target") else "target"
    right = "target" if wrong == "targets" else "targets"
    used = [m for m in re.finditer(r"%\{(\w+)\}", text[rule.start : rule.end]) if m[1] == wrong]
    edits = [TextEdit(rule.start + m.start(1), rule.start + m.end(1), right) for m in used]
    title = f"Replace `%{{{wrong}}}` by `%{{{right}}}`: the rule has `({right} ...)`"
    yield Candidate(title, problem.edit(*edits), 0.96)


def _targets(problem: Problem) -> Iterator[Candidate]:
    """The rule says one target and its action writes another. What else the project names tells which is meant."""
    around = groups_at(problem)
    if not around:
        return
    rule = around[0]
    missing = [m["name"].rpartition("/")[2] for m in _TARGETS.finditer(problem.diagnostic.message)]
    said = [w for head in ("target", "targets") for f in [dune_file.field(rule, head)] if f for w in words_of(f)]
    action = dune_file.field(rule, "action")
    written = [word for word in files_written(action) if word.value not in {w.value for w in said}] if action else []
    yield from _of_jbuilder(problem, rule)
    for target in said:
        if target.value not in missing:
            continue
        for file in written:
            alike = similarity(target.value, file.value)
            if len(missing) > 1 and alike < _CLOSE:
                continue
            wanted = _named_elsewhere(problem, file.value, rule), _named_elsewhere(problem, target.value, rule)
            first = 0.93 if wanted[0] and not wanted[1] else 0.5 if wanted[1] and not wanted[0] else 0.8
            title = f"The rule makes `{file.value}`, not `{target.value}`"
            yield Candidate(title, problem.edit(_word(target, file.value)), first)
            title = f"Write to `{target.value}`, the target of the rule, and not to `{file.value}`"
            yield Candidate(title, problem.edit(_word(file, target.value)), 1.43 - first)


_OLD = {"@": "targets", "^": "deps", "<": "deps"}


def _of_jbuilder(problem: Problem, rule: Group) -> Iterator[Candidate]:
    """`${@}` was a variable before dune 1.0; now it is `%{targets}`."""
    has_one = dune_file.field(rule, "target") is not None
    edits = []
    for word in words_of(rule):
        if old := re.fullmatch(r"\$[{(](?P<name>[^{}()]+)[})]", word.value):
            name = _OLD.get(old["name"], old["name"])
            name = "target" if name == "targets" and has_one else name
            edits.append(TextEdit(word.start, word.end, f"%{{{name}}}"))
    if edits:
        times = f" ({len(edits)} times)" if len(edits) > 1 else ""
        title = f"Write the variable as `{edits[0].text}`, as dune has it since 1.0{times}"
        yield Candidate(title, problem.edit(*edits), 0.96)


def _named_elsewhere(problem: Problem, file: str, rule: Group) -> bool:
    """Whether the project names the file, or its module, beside this rule."""
    module = module_of(file)
    if file.endswith((".ml", ".mli")):
        used = re.compile(rf"\b{re.escape(module)}\b")
        texts = [text_of(problem.view, p) or "" for p in problem.view.paths() if p.endswith((".ml", ".mli"))]
        if any(used.search(text) for text in texts):
            return True
    for path, text in read_dunes(problem.view).texts.items():
        for word in (node for node in dune_file.walk(dune_file.parse(text)[0]) if isinstance(node, Word)):
            inside = path == problem.diagnostic.path and rule.start <= word.start < rule.end
            if not inside and posixpath.basename(word.value) == file:
                return True
    return False


def _word(word: Word, value: str) -> TextEdit:
    return dune_file.replace_atom(word, value)


# --- files that are not there ---


def _no_rule(problem: Problem, name: str) -> Iterator[Candidate]:
    """Another file, module or alias of a name alike, wherever a dune file names the one that is not there."""
    dunes = read_dunes(problem.view)
    for path, text in dunes.texts.items():
        if problem.diagnostic.path not in ("", path):
            continue
        folder = posixpath.dirname(path)
        for stanza in dune_file.stanzas(text):
            if problem.diagnostic.path and not stanza.start <= problem.start < stanza.end:
                continue
            for word in words_of(stanza):
                yield from _other_file(problem, dunes, path, folder, stanza, word, name)


def _other_file(
    problem: Problem, dunes: Dunes, path: str, folder: str, stanza: Group, word: Word, name: str
) -> Iterator[Candidate]:
    kinds = _GENERATED.get(stanza.head)
    base = posixpath.basename(name)
    if kinds and word.value == posixpath.splitext(base)[0]:
        there = [
            posixpath.splitext(posixpath.basename(p))[0] for p in _beside(dunes.paths, folder) if p.endswith(kinds)
        ]
        stem = posixpath.splitext(word.value)[0]
        ways = {stem: 0.96} if word.value.endswith(kinds) and stem in there else dict(_alike(word.value, there, 0.95))
        for other, weight in ways.items():
            yield _replaced(problem, path, word, other, weight)
        return
    written = word.value.removeprefix("%{dep:").removeprefix("%{exe:").removesuffix("}")
    own, missing = (posixpath.normpath(p) for p in (posixpath.join(folder, written), name))
    if own != missing and written != name and not missing.endswith("/" + posixpath.normpath(written).lstrip("./")):
        return
    files = {posixpath.relpath(p, folder or "."): p for p in (*dunes.paths, *made(dunes))}
    if chosen := list(_choices(stanza, word, files)):
        yield from (_replaced(problem, path, word, other, 0.96 / len(chosen)) for other in chosen)
        return
    ways = dict(_alike(written, [p for p in files if p.count("/") == posixpath.normpath(written).count("/")], 0.93))
    same_name = [
        p for p, whole in files.items() if posixpath.basename(whole) == posixpath.basename(own) and whole != own
    ]
    ways.update(dict.fromkeys(same_name[:3], 0.9 if len(same_name) == 1 else 0.5))
    stem = posixpath.splitext(own)[0]
    same_stem = [p for p, whole in files.items() if posixpath.splitext(whole)[0] == stem and whole in dunes.paths]
    if len(same_stem) == 1 and "." in base:
        ways.setdefault(same_stem[0], 0.85)
    ways.update({p: 0.85 for p in _programs_for(own, files) if p not in ways})
    for other, weight in ways.items():
        if other == written:
            continue
        value = word.value.replace(written, other)
        yield _replaced(problem, path, word, value, weight)


def _programs_for(own: str, files: Mapping[str, str]) -> Iterator[str]:
    """The one program of the folder, or the one with a name that has a part like that: gen_tables.exe for gen.exe."""
    if not own.endswith(".exe"):
        return
    programs = {path: whole for path, whole in files.items() if whole.endswith(".exe")}
    parts = set(posixpath.basename(own).removesuffix(".exe").split("_"))
    beside = [path for path, whole in programs.items() if posixpath.dirname(whole) == posixpath.dirname(own)]
    alike = [
        path for path in beside or programs if parts & set(posixpath.basename(path).removesuffix(".exe").split("_"))
    ]
    for found in (beside, alike):
        if len(found) == 1:
            yield found[0]
            return


def _choices(stanza: Group, word: Word, files: Iterable[str]) -> Iterator[str]:
    """Of a `(select size.ml from (unix -> size.posix.ml) ...)`: the files called so that it does not name."""
    nodes = dune_file.walk([stanza])
    if any(isinstance(n, Group) and n.head == "select" and n.start <= word.start < n.end for n in nodes):
        stem, suffix = word.value.partition(".")[0], posixpath.splitext(word.value)[1]
        named = {other.value for other in words_of(stanza)}
        called = (f for f in files if f.startswith(f"{stem}.") and f.endswith(suffix))
        yield from (file for file in called if file not in named)


def _beside(paths: Iterable[str], folder: str) -> list[str]:
    return [path for path in paths if posixpath.dirname(path) == folder]


def _alike(name: str, others: Iterable[str], most: float) -> Iterator[tuple[str, float]]:
    yield from ((other, most * max(0.7, alike)) for other, alike in nearest(name, others, _CLOSE)[:3])


def _replaced(problem: Problem, path: str, word: Word, value: str, weight: float) -> Candidate:
    change = problem.edit(TextEdit(word.start, word.end, _quoted(value)), path=path)
    return Candidate(f"Replace `{word.value}` by `{value}`, which is there", change, weight)


def _quoted(value: str) -> str:
    return value if "%{" in value else dune_file.quote(value)


def _no_file(problem: Problem, name: str) -> Iterator[Candidate]:
    """Another folder or file of a name alike: of `(copy_files ...)`, `(include ...)`, `(source_tree ...)`."""
    nodes, _ = dune_file.parse(problem.source.text)
    words = (word for word in dune_file.walk(nodes) if isinstance(word, Word))
    word = next(
        (w for w in words if problem.start <= w.start < problem.end and posixpath.basename(name) in w.value), None
    )
    if word is None:
        return
    folder = posixpath.dirname(problem.diagnostic.path)
    paths = problem.view.paths()
    folders = {posixpath.dirname(p) for p in paths} - {"", folder}
    own = (problem.diagnostic.path, project_file(problem.view, problem.diagnostic.path))
    there = {posixpath.relpath(p, folder or ".") for p in (*folders, *paths) if p not in own}
    meant = posixpath.relpath(name, folder or ".")
    if meant not in word.value:
        meant = name
    for other, weight in _alike(meant, there, 0.93):
        if meant in word.value:
            yield _replaced(problem, problem.diagnostic.path, word, word.value.replace(meant, other, 1), weight)
    suffix = posixpath.splitext(word.value)[1]
    with_such = {posixpath.dirname(p) for p in paths if posixpath.splitext(p)[1] == suffix} - {folder}
    built = {posixpath.dirname(p) for p in paths if posixpath.basename(p) == "dune"}
    if suffix and meant in word.value and "*" in word.value:
        free = sorted(with_such - built)
        for other in free[:2]:
            value = word.value.replace(meant, posixpath.relpath(other, folder or "."), 1)
            weight = 0.8 if len(free) == 1 else 0.5
            yield _replaced(problem, problem.diagnostic.path, word, value, weight)
    same = [one for one in there if posixpath.basename(one) == posixpath.basename(meant)]
    for other in same[:2]:
        if meant in word.value:
            value = word.value.replace(meant, other, 1)
            yield _replaced(problem, problem.diagnostic.path, word, value, 0.85)


def _elsewhere(problem: Problem) -> Iterator[Candidate]:
    """A pattern of files that fits none: the same in the folder that has such files, or another ending."""
    word = word_at(problem)
    if word is None:
        return
    folder = posixpath.dirname(problem.diagnostic.path)
    there = [posixpath.relpath(p, folder or ".") for p in problem.view.paths()]
    for other, weight in _alike(word.value, there, 0.9):
        yield _replaced(problem, problem.diagnostic.path, word, other, weight)


# --- programs and foreign sources ---


def _program(problem: Problem, name: str) -> Iterator[Candidate]:
    """A program of the project, which is run by its file."""
    word = word_at(problem)
    if word is None:
        return
    dunes = read_dunes(problem.view)
    folder = posixpath.dirname(problem.diagnostic.path)
    stem = name.removesuffix(".exe").removeprefix("./")
    for program in (p for p in made(dunes) if p.endswith(".exe")):
        alike = similarity(stem, posixpath.basename(program).removesuffix(".exe"))
        if alike >= 0.7:
            where = posixpath.relpath(program, folder or ".")
            where = where if where.startswith("../") or "/" in where else f"./{where}"
            title = f"Run `{where}`, the program of this project"
            yield Candidate(title, problem.edit(TextEdit(word.start, word.end, where)), 0.93 * alike)
    public = [name for stanza in dunes.stanzas for name in stanza.public_names if stanza.kind.startswith("exec")]
    for other, weight in _alike(stem, public, 0.9):
        yield _replaced(problem, problem.diagnostic.path, word, other, weight)


def _source(problem: Problem, name: str, file: str) -> Iterator[Candidate]:
    """Another source of the same language: `(names stubs)` for `(names stub)` beside stubs.c."""
    around = groups_at(problem)
    suffix = posixpath.splitext(file)[1]
    if not around:
        return
    paths = problem.view.paths()
    folder = posixpath.dirname(problem.diagnostic.path)
    there = [posixpath.basename(p).removesuffix(suffix) for p in _beside(paths, folder) if p.endswith(suffix)]
    words = [word for word in words_of(around[0]) if word.value == name]
    ways = dict(_alike(name, there, 0.95)) or (dict.fromkeys(there, 0.7) if len(there) == 1 else {})
    for word in words[-1:]:
        for other, weight in ways.items():
            yield _replaced(problem, problem.diagnostic.path, word, other, weight)
