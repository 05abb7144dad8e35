"""What the build does with each module, read off the rules that dune itself tells (`dune rules -r`).

From this follows what the type checker alone may decide: with which flags a module is compiled, which modules see its
interface, and whether anything else reads the file. What is not understood is no unit: dune decides on it then.
"""

import fnmatch
import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from attrs import define, evolve, field, frozen

from lsp_aid.ces import dune_files

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[()]|[^\s()"]+', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:\n[ \t]*|(\d{3})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "b": "\b", "r": "\r"}
BUILD_ROOT = "_build/default"
_BYTE, _NATIVE = ("ocamlc.opt", "ocamlc", "ocamlc.byte"), ("ocamlopt.opt", "ocamlopt", "ocamlopt.byte")
_NO_FLAGS = ("-bin-annot", "-bin-annot-occurrences", "-c", "-g")
_MOVES = ("symlink", "copy")
_COMPILERS = ("compile", "native", "preprocess")
_ALIASES_OF_ALL = ("default", "all", "runtest", "install")
_WRITTEN = re.compile(r"dynamic_include|\(\*|jbuild_version")

Sexp = Any
"""A word, or a list of such."""


class GraphError(ValueError):
    """The rules are not written as we know them."""


@frozen
class Unit:
    """One compilation of one source file. `source` is relative to the project, `object` the file that is made, without
    its extension, `words` the compiler's flags, for a compiler that runs in `_build/default`.

    `sees` are the objects whose interfaces the compilation may depend on, `sees_folders` folders of which all.
    `is_seen`: other modules see its interface, or an implementation that the build makes. `ends_here`: nothing but
    compilations of other modules uses what is made of the source, so that what its code does cannot matter to the
    build. `is_read`: something else than its compilation may read the source itself, and make of it what the module is
    typed against. `preprocessor` is the program that reads the source first, with its flags, by its path in
    `_build/default`; the source is to be its last argument.
    """

    source: str
    object: str
    words: tuple[str, ...]
    sees: frozenset[str]
    sees_folders: frozenset[str]
    is_seen: bool
    ends_here: bool
    preprocessor: tuple[str, ...] = ()
    is_read: bool = False

    @property
    def name(self) -> str:
        """The name of the compilation unit."""
        return posixpath.basename(self.object)

    @property
    def module(self) -> str:
        """The name by which compilers know it."""
        return self.name[:1].upper() + self.name[1:]

    @property
    def is_interface(self) -> bool:
        return self.source.endswith("i")

    @property
    def folder(self) -> str:
        """Where the objects of its library or program are."""
        return posixpath.dirname(self.object)

    def may_see(self, other: "Unit") -> bool:
        return other.object in self.sees or other.folder in self.sees_folders


@define(frozen=True, slots=False)
class Graph:
    """The units by source, and the names of all modules by the folder of their objects. `made` are compilations of what
    the build itself writes: their sources are relative to `_build/default`."""

    units: Mapping[str, Unit] = field(factory=dict)
    modules: Mapping[str, frozenset[str]] = field(factory=dict)
    made: Sequence[Unit] = ()

    def neighbours(self, unit: Unit) -> frozenset[str]:
        """The modules of the same library or program, by every name that they may have for one another."""
        return self.modules.get(unit.folder, frozenset())

    @cached_property
    def folders(self) -> frozenset[str]:
        """Those of the sources."""
        return frozenset(posixpath.dirname(source) for source in self.units)

    def data(self) -> dict[str, Any]:
        """As JSON has it, with everything long told once."""
        known: dict[tuple[str, ...], int] = {}

        def number(words: Sequence[str]) -> int:
            return known.setdefault(tuple(words), len(known))

        def told(u: Unit) -> tuple[Any, ...]:
            lists = (number(u.words), number(sorted(u.sees)), number(sorted(u.sees_folders)))
            return (u.source, u.object, *lists, u.is_seen, u.ends_here, number(u.preprocessor), u.is_read)

        units, made = [told(unit) for unit in self.units.values()], [told(unit) for unit in self.made]
        modules = {folder: sorted(names) for folder, names in self.modules.items()}
        return {"units": units, "made": made, "modules": modules, "lists": list(known)}

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError, TypeError, IndexError, ValueError for what `data` did not write."""
        lists = [tuple(words) for words in data["lists"]]
        sets = [frozenset(words) for words in lists]

        def unit(told: Sequence[Any]) -> Unit:
            source, made, words, sees, folders, seen, ends, pp, is_read = told
            return Unit(source, made, lists[words], sets[sees], sets[folders], seen, ends, lists[pp], is_read)

        units = {told[0]: unit(told) for told in data["units"]}
        modules = {folder: frozenset(names) for folder, names in data["modules"].items()}
        return cls(units, modules, tuple(map(unit, data["made"])))


def read(rules: str, texts: Mapping[Path, str], goals: Sequence[str]) -> Graph:
    """The graph that the output of `dune rules -r` for `goals` tells. `texts` are those of all dune files: what they
    name may be read while the rules are made. Raises GraphError."""
    try:
        return _Reading(parse(rules), texts, goals).graph()
    except (IndexError, TypeError, AttributeError, KeyError) as error:
        raise GraphError("dune tells its rules in an unknown way") from error


def parse(text: str) -> list[Sexp]:
    """The s-expressions of a text. Raises GraphError."""
    stack: list[list[Sexp]] = [[]]
    for match in _TOKEN.finditer(text):
        word = match[0]
        if word == "(":
            stack.append([])
        elif word != ")":
            stack[-1].append(word)
        elif len(stack) > 1:
            done = stack.pop()
            stack[-1].append(done)
        else:
            raise GraphError("a parenthesis too much")
    if len(stack) != 1:
        raise GraphError("a parenthesis is missing")
    return stack[0]


def unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word
    return _ESCAPE.sub(_unescaped, word[1:-1])


def _unescaped(match: "re.Match[str]") -> str:
    decimal, hexadecimal, character = match.groups()
    if decimal or hexadecimal:
        return chr(int(decimal) if decimal else int(hexadecimal, 16))
    return _ESCAPED.get(character, character) if character else ""


@frozen
class _Rule:
    """`kind`: `compile`, `native`, `preprocess`, `move`, or `other`. `source` is what it reads, in the build folder;
    `words` the flags of a compilation, or the command of a preprocessor."""

    kind: str
    source: str
    made: tuple[str, ...]
    words: tuple[str, ...]
    files: tuple[str, ...]
    globs: tuple[tuple[str, str], ...]
    reads_all: bool

    @property
    def object(self) -> str:
        return posixpath.splitext(self.made[0])[0]


def _may_hide_rules(texts: Mapping[Path, str], goals: Sequence[str]) -> bool:
    """Whether there may be actions that dune does not tell: those that have no targets and belong to an alias, and
    those of dune files that a program writes."""
    if any(map(_WRITTEN.search, texts.values())):
        return True
    names = {goal.rpartition("/")[2].lstrip("@") for goal in goals}
    if names & {*_ALIASES_OF_ALL}:
        return True
    # A word with an escape can be any.
    some = [path for path, text in texts.items() if "\\" in text or any(name in text for name in names)]
    return any(names & dune_files.aliases(path, texts[path]) for path in some)


class _Reading:
    def __init__(self, rules: Sequence[Sexp], texts: Mapping[Path, str], goals: Sequence[str]) -> None:
        self._texts = "\n".join(texts.values())
        self._rules = [_rule({part[0]: part[1] for part in rule}) for rule in rules]
        self._by_file: dict[str, list[_Rule]] = defaultdict(list)
        self._by_folder: dict[str, list[tuple[str, _Rule]]] = defaultdict(list)
        for rule in self._rules:
            for path in rule.files:
                self._by_file[path].append(rule)
            for folder, pattern in rule.globs:
                self._by_folder[folder].append((pattern, rule))
        reads_all = any(rule.reads_all for rule in self._rules)
        self._reads_anything = reads_all or _WRITTEN.search(self._texts) is not None
        self._reads_all = reads_all or _may_hide_rules(texts, goals)
        self._moved = {rule.made[0]: rule.files[0] for rule in self._rules if rule.kind == "move" and rule.files}
        self._moved_folders = {posixpath.dirname(to): posixpath.dirname(by) for to, by in self._moved.items()}
        self._harmless: dict[str, bool] = {}

    def graph(self) -> Graph:
        units: dict[str, Unit] = {}
        modules: dict[str, set[str]] = defaultdict(set)
        for rule in self._rules:
            if rule.kind == "compile":
                name = posixpath.basename(rule.object)
                modules[posixpath.dirname(rule.object)] |= {name, *name.split("__")}
        for path in [path for path in self._by_file if path.startswith("source:")]:
            unit = self._unit(path.removeprefix("source:"))
            if unit is not None:
                units[unit.source] = unit
        names = {folder: frozenset(n[:1].upper() + n[1:] for n in found) for folder, found in modules.items()}
        known = {(unit.object, unit.is_interface) for unit in units.values()}
        made = [
            self._compiled(rule, rule.source.removeprefix(f"{BUILD_ROOT}/"), (), alone=True)
            for rule in self._rules
            if rule.kind == "compile" and (rule.object, rule.source.endswith("i")) not in known
        ]
        implemented = {unit.object for unit in (*units.values(), *made) if not unit.is_interface}
        for path, unit in units.items():
            beside = units.get(path.removesuffix("i"))
            if unit.is_interface and unit.object in implemented and (not beside or beside.object != unit.object):
                units[path] = evolve(unit, is_seen=True)  # by its own implementation, which is none of the sources
        return Graph(units, names, made)

    def _unit(self, source: str) -> Unit | None:
        built = f"{BUILD_ROOT}/{source}"
        readers = list(self._readers(built))
        preprocessor: tuple[str, ...] = ()
        before = [rule for rule in readers if rule.kind == "preprocess" and rule.source == built]
        if len(before) == 1:
            preprocessor, built = before[0].words, before[0].made[0]
        compilations = [rule for rule in self._readers(built) if rule.kind == "compile" and rule.source == built]
        if len(compilations) != 1 or not source.endswith((".ml", ".mli")):
            return None
        rule = compilations[0]
        # A preprocessor may do more than the checker can see: offer corrections, for one.
        alone = not before and len(readers) == 1 and len(self._by_file[f"source:{source}"]) == 1
        named = posixpath.basename(source) in self._texts
        unit = self._compiled(rule, source, preprocessor, alone=alone and not named)
        others = any(rule.kind not in _COMPILERS for rule in (*readers, *self._readers(built)))
        copied = len(self._by_file[f"source:{source}"]) > 1
        return evolve(unit, is_read=others or copied or named or self._reads_anything)

    def _compiled(self, rule: _Rule, source: str, preprocessor: tuple[str, ...], *, alone: bool) -> Unit:
        """`alone`: nothing else reads the source."""
        ends = alone and not self._reads_all and all(map(self._is_harmless, rule.made))
        sees = frozenset(
            posixpath.splitext(self._moved.get(file, file))[0] for file in rule.files if file.endswith(".cmi")
        )
        folders = frozenset(
            self._moved_folders.get(folder, folder)
            for folder, pattern in rule.globs
            if fnmatch.fnmatchcase("x.cmi", pattern)
        )
        seen = self._is_seen(f"{rule.object}.cmi", rule.object)
        return Unit(source, rule.object, rule.words, sees, folders, seen, ends, preprocessor)

    def _is_seen(self, interface: str, made: str) -> bool:
        """Whether another module's compilation reads an interface."""
        return any(
            any(self._is_seen(moved, made) for moved in rule.made) if rule.kind == "move" else rule.object != made
            for rule in self._readers(interface)
        )

    def _readers(self, path: str) -> Iterator[_Rule]:
        yield from self._by_file.get(path, ())
        folder, name = posixpath.split(path)
        for pattern, rule in self._by_folder.get(folder, ()):
            if _may_match(pattern, name):
                yield rule

    def _is_harmless(self, made: str) -> bool:
        """Whether only compilations of other modules read it."""
        if made not in self._harmless:
            self._harmless[made] = True  # rules have no cycle
            self._harmless[made] = all(
                rule.kind in ("compile", "native") or (rule.kind == "move" and all(map(self._is_harmless, rule.made)))
                for rule in self._readers(made)
            )
        return self._harmless[made]


def _may_match(pattern: str, name: str) -> bool:
    return not pattern or fnmatch.fnmatchcase(name, pattern)


def _rule(parts: Mapping[str, Sexp]) -> _Rule:
    files, globs, reads_all = _dependencies(parts["deps"])
    made = tuple(unquoted(path) for path in {part[0]: part[1] for part in parts["targets"]}["files"])
    kind, source, words = _action(parts["action"])
    return _Rule(kind if made else "other", source, made, words, files, globs, reads_all)


def _dependencies(deps: Sexp) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...], bool]:
    files, globs, reads_all = [], [], False
    for dep in deps:
        match dep:
            case ["File", ["In_build_dir", path]]:
                files.append(unquoted(path))
            case ["File", ["In_source_tree", path]]:
                files.append(f"source:{unquoted(path)}")
            case ["File", ["External", _]] | ["env" | "Env", *_]:
                pass
            case ["glob", [["dir", ["In_build_dir", folder]], ["predicate", pattern], *_]]:
                plain = isinstance(pattern, str) and not re.search(r"[{}\[\]\\]|\*\*", pattern)
                globs.append((unquoted(folder), unquoted(pattern) if plain else ""))
            case ["glob", [["dir", ["External", _]], *_]]:
                pass
            case _:
                reads_all = True
    return tuple(files), tuple(globs), reads_all


def _action(action: Sexp) -> tuple[str, str, tuple[str, ...]]:
    """The kind of an action; of a compilation also its source and the flags."""
    other = ("other", "", ())
    while isinstance(action, list) and action[:2] == ["chdir", BUILD_ROOT] and len(action) == 3:
        action = action[2]
    if not isinstance(action, list) or not action:
        return other
    if preprocessing := _preprocessing(action):
        return preprocessing
    if action[0] in _MOVES:
        return ("move", "", ())
    if action[0] != "run" or not all(isinstance(word, str) for word in action):
        return other
    program, *words = map(unquoted, action[1:])
    name = posixpath.basename(program)
    if name not in (*_BYTE, *_NATIVE) or "-c" not in words or words[-2:-1] not in (["-impl"], ["-intf"]):
        return other
    if name in _NATIVE:
        return ("native", "", ())
    return ("compile", f"{BUILD_ROOT}/{words[-1]}", tuple(_flags(words[:-2])))


def _preprocessing(action: Sexp) -> tuple[str, str, tuple[str, ...]] | None:
    """A driver of ppx rewriters, behind which dune looks for corrections that it offers."""
    if action[0] == "progn" and len(action) > 1 and all(part[0] in ("ext", "diff", "diff?") for part in action[2:]):
        action = action[1]
    while isinstance(action, list) and action[:1] == ["chdir"] and action[1] in (".", BUILD_ROOT) and len(action) == 3:
        action = action[2]
    if not isinstance(action, list) or action[:1] != ["run"] or not all(isinstance(word, str) for word in action):
        return None
    program, *words = map(unquoted, action[1:])
    if posixpath.basename(program) != "ppx.exe" or program.startswith("/"):
        return None
    kept, kind, source = [], "", ""
    left = iter(words)
    for word in left:
        if word == "-o":
            next(left, None)
        elif word in ("--impl", "--intf", "-impl", "-intf"):
            kind, source = word, next(left, "")
        else:
            kept.append(word)
    return ("preprocess", f"{BUILD_ROOT}/{source}", (program, *kept, kind)) if source else None


def _flags(words: Sequence[str]) -> Iterator[str]:
    left = iter(words)
    for word in left:
        if word == "-o":
            next(left, None)
        elif word not in _NO_FLAGS:
            yield word
