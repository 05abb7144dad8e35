"""Which interfaces each module of a base was compiled against.

The files of objects name all that may have been read. What was read indeed is found by typing a module with all
interfaces forgotten, and remembered: as long as those stay the same, so does all that the compiler says of it.
"""

import asyncio
import contextlib
import json
import os
import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from attrs import define, evolve, field, frozen

from lsp_aid.ces.base import Base
from lsp_aid.ces.graph import BUILD_ROOT, Graph, Unit
from lsp_aid.domain.ports import Typer
from lsp_aid.domain.typed import Again, CompilerFlags, TypedAgain
from lsp_aid.errors import ToolchainError
from lsp_aid.workspace.view import WorkspaceView, read_text

_AT_ONCE = 25
_FORM = 1

Key = tuple[str, bool]
"""A compilation: what it makes, without the extension, and whether it is that of an interface."""


@frozen
class Compilation:
    """`unit` is None for what cannot be typed here; `is_made`: its text is written by the build. `provides`: the
    interface that others read is made of it. `uses` are the modules whose interfaces it may read."""

    unit: Unit | None
    is_made: bool
    provides: bool
    uses: frozenset[str]


@define(eq=False)
class Needs:
    """Those of one base. What is found is kept beside it for who comes next."""

    base: Base
    graph: Graph
    typer: Typer
    compilations: dict[Key, Compilation] = field(factory=dict, init=False)
    several: frozenset[str] = field(default=frozenset(), init=False)
    """The names that more than one module has."""
    _users: dict[str, list[Key]] = field(factory=dict, init=False)
    _reads: dict[Key, frozenset[str]] = field(factory=dict, init=False)
    _lock: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    async def load(self) -> None:
        """Raises ToolchainError, BuildTimeoutError where it cannot be had."""
        async with self._lock:
            if not self.compilations:
                files = await asyncio.to_thread(self._files)
                uses = await self.typer.imports([*files.values()])
                if uses is None:
                    raise ToolchainError("What modules need cannot be read")
                self._take(files, uses)
                self._reads = await asyncio.to_thread(_read_known, self._file)

    def users(self, modules: Iterable[str]) -> set[Key]:
        """The compilations that read an interface of these modules, as far as that is known, or else may read one."""
        found = set()
        for module in modules:
            for key in self._users.get(module, ()):
                if key not in self._reads or module in self._reads[key]:
                    found.add(key)
        return found

    def learn(self, key: Key, typed: TypedAgain) -> None:
        """Takes note of what was read where nothing of it differed from the base."""
        self._reads[key] = typed.reads

    async def learn_all(self) -> None:
        """Finds out what is not known yet. Raises ToolchainError, BuildTimeoutError."""
        await self.load()
        groups: dict[tuple[str, ...], list[Key]] = defaultdict(list)
        for key, compilation in self.compilations.items():
            if compilation.unit is not None and key not in self._reads:
                groups[compilation.unit.words].append(key)
        try:
            for group in groups.values():
                for key, found in (await self.type(group, {}, {}, background=True)).items():
                    if found.checked.build.green:
                        self.learn(key, found)
        finally:
            if groups:
                await asyncio.to_thread(_write_known, self._file, dict(self._reads))

    async def type(
        self,
        keys: Iterable[Key],
        texts: Mapping[str, str],
        interfaces: Mapping[str, bytes],
        *,
        background: bool = False,
    ) -> dict[Key, TypedAgain]:
        """What the compiler says of compilations with some `texts` changed, against these interfaces.

        Raises ToolchainError, BuildTimeoutError, FileUnreadableError.
        """
        groups: dict[tuple[str, ...], list[Key]] = defaultdict(list)
        for key in sorted(keys):
            unit = self.compilations[key].unit
            assert unit is not None
            groups[unit.words].append(key)
        parts = [group[at : at + _AT_ONCE] for group in groups.values() for at in range(0, len(group), _AT_ONCE)]
        found: dict[Key, TypedAgain] = {}
        for typed in await asyncio.gather(*(self._type(part, texts, interfaces, background) for part in parts)):
            found |= typed
        return found

    async def _type(
        self, keys: Sequence[Key], texts: Mapping[str, str], interfaces: Mapping[str, bytes], background: bool
    ) -> dict[Key, TypedAgain]:
        asked = await asyncio.to_thread(lambda: [self._again(key, texts, interfaces) for key in keys])
        folder = self.base.tree / BUILD_ROOT
        unit = self.compilations[keys[0]].unit
        assert unit is not None
        flags = CompilerFlags(tuple(absolute(unit.words, str(folder))), folder)
        answers = await self.typer.check_against(asked, flags, interfaces, background=background)
        if answers is None:
            raise ToolchainError("The type checker cannot take other interfaces than those that were built")
        return {key: self._with_own(key, again, typed) for key, again, typed in zip(keys, asked, answers, strict=True)}

    def _again(self, key: Key, texts: Mapping[str, str], interfaces: Mapping[str, bytes]) -> Again:
        compilation = self.compilations[key]
        unit = compilation.unit
        assert unit is not None
        interface = None
        if not compilation.provides:
            above = self.compilations[(key[0], True)].unit
            if above is not None and (above.source in texts or unit.module in interfaces):
                interface = self._text((key[0], True), texts)
        return Again(unit.source, self._text(key, texts), unit.name, compilation.provides, interface)

    def _text(self, key: Key, texts: Mapping[str, str]) -> str:
        compilation = self.compilations[key]
        assert compilation.unit is not None
        source = compilation.unit.source
        if compilation.is_made:
            return read_text(self.base.tree / BUILD_ROOT / source, source)
        return texts[source] if source in texts else WorkspaceView(self.base.tree).read(source)

    def _with_own(self, key: Key, again: Again, typed: TypedAgain) -> TypedAgain:
        """An implementation is held against what was built of its interface, unless it was given the text of that."""
        if self.compilations[key].provides or again.interface is not None:
            return typed
        return evolve(typed, reads=typed.reads | {module_of(key)})

    @property
    def _file(self) -> Path:
        return self.base.folder.with_name(f"{self.base.key}.needs")

    def _files(self) -> dict[Key, Path]:
        """The files of objects that tell what was read for them."""
        found = {}
        for folder in self.graph.modules:
            for file in sorted((self.base.tree / folder).iterdir()):
                made = f"{folder}/{file.stem}"
                if file.suffix == ".cmo":
                    found[(made, False)] = file
                elif file.suffix == ".cmti":
                    found[(made, True)] = file.with_suffix(".cmi")
        return found

    def _take(self, files: Mapping[Key, Path], uses: Sequence[frozenset[str]]) -> None:
        units = {(unit.object, unit.is_interface): (unit, True) for unit in self.graph.made}
        units |= {(unit.object, unit.is_interface): (unit, False) for unit in self.graph.units.values()}
        if missing := units.keys() - files.keys():
            raise ToolchainError(f"{min(missing)[0]} has not been built")
        names: Counter[str] = Counter()
        users: dict[str, list[Key]] = defaultdict(list)
        for key, used in zip(files, uses, strict=True):
            unit, is_made = units.get(key, (None, True))
            if unit is not None and (unit.preprocessor or not unit.source.endswith((".ml", ".mli"))):
                unit = None
            provides = key[1] or (key[0], True) not in files
            self.compilations[key] = Compilation(unit, is_made, provides, used)
            names[module_of(key)] += provides
            for name in used:
                users[name].append(key)
        self._users = users
        self.several = frozenset(name for name, count in names.items() if count > 1)


def module_of(key: Key) -> str:
    """The name by which compilers know what is made."""
    name = posixpath.basename(key[0])
    return name[:1].upper() + name[1:]


def absolute(words: Iterable[str], folder: str) -> Iterable[str]:
    """The flags for a compiler that need not run in that folder."""
    before = ""
    for word in words:
        yield f"{folder}/{word}" if before in ("-I", "-H") and not word.startswith(("/", "+")) else word
        before = word


def _read_known(file: Path) -> dict[Key, frozenset[str]]:
    try:
        data = json.loads(file.read_bytes())
        names = data["names"] if data["form"] == _FORM else []
        return {
            (made, is_interface): frozenset(names[number] for number in numbers)
            for made, is_interface, numbers in (data["reads"] if names else ())
        }
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return {}


def _write_known(file: Path, reads: Mapping[Key, frozenset[str]]) -> None:
    """Whole or not at all; where it cannot be written it is found anew the next time."""
    names: dict[str, int] = {}
    told = [(*key, [names.setdefault(name, len(names)) for name in sorted(read)]) for key, read in reads.items()]
    with contextlib.suppress(OSError):
        temporary = file.with_name(f"{file.name}.{os.getpid()}")
        temporary.write_text(json.dumps({"form": _FORM, "names": list(names), "reads": told}), encoding="utf-8")
        temporary.replace(file)
