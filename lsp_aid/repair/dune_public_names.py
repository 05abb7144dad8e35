"""As many public names as names: each program has one, or `-` where it is not installed.

(executables (names a b c) (public_names x-a x-b))      (public_names x-a x-b x-c), or (public_names x-a x-b -)
(executables (names a) (public_names x-a x-b))          (names a b) beside b.ml
"""

import posixpath
import re
from collections.abc import Iterator, Sequence

from lsp_aid.domain.text import TextEdit
from lsp_aid.ocaml import dune_file
from lsp_aid.ocaml.dune_file import Group, Word
from lsp_aid.ocaml.dune_stanzas import module_of
from lsp_aid.repair.dune_places import groups_at
from lsp_aid.repair.family import Candidate, Problem

_LENGTHS = re.compile(r"list of public names must be of the same length")


async def candidates(problem: Problem) -> Sequence[Candidate]:
    if not _LENGTHS.search(problem.diagnostic.flat_message):
        return []
    around = groups_at(problem)
    names = dune_file.field(around[0], "names") if around else None
    public = dune_file.field(around[0], "public_names") if around else None
    if names is None or public is None:
        return []
    if len(names.words) > len(public.words):
        return list(_fewer(problem, names, public))
    return list(_more(problem, names, public))


def _prefix(names: Sequence[str], public: Sequence[str]) -> str | None:
    """What stands before each name in its public one: `vault-` in `vault-seal`; None where no two show it."""
    found = {p[: -len(n)] for p in public for n in names if _plain(p).endswith(_plain(n)) and p != n}
    every = [one for one in found if all(p == "-" or p.startswith(one) for p in public)]
    return max(every, key=len) if every else "" if set(public) <= {*names, "-"} else None


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _fewer(problem: Problem, names: Group, public: Group) -> Iterator[Candidate]:
    """A public name like the others' for each program that has none, or `-`."""
    prefix = _prefix(names.words, public.words)
    have = {_plain(word) for word in public.words}
    lack = [name for name in names.words if _plain(f"{prefix or ''}{name}") not in have]
    if prefix is not None and len(lack) == len(names.words) - len(public.words):
        dashed = any("-" in word.removeprefix(prefix) for word in public.words) or "-" in prefix
        new = [f"{prefix}{name.replace('_', '-') if dashed else name}" for name in lack]
        title = f"Install `{lack[0]}` as `{new[0]}`" if len(new) == 1 else f"Install {len(new)} programs more"
        yield Candidate(title, problem.edit(*_inserted(names, public, lack, new)), 0.9)
    else:
        lack = list(names.words[len(public.words) :])
    title = f"Do not install {', '.join(f'`{name}`' for name in lack)}: write `-`"
    yield Candidate(title, problem.edit(*_inserted(names, public, lack, ["-"] * len(lack))), 0.8)


def _inserted(names: Group, public: Group, lack: Sequence[str], new: Sequence[str]) -> Iterator[TextEdit]:
    """The new public names, each at the place of its name."""
    at = public.items[0].end
    given = iter(public.arguments)
    values = dict(zip(lack, new, strict=True))
    for name in names.words:
        if name in values:
            yield TextEdit(at, at, f" {values[name]}")
        elif (word := next(given, None)) is not None:
            at = word.end


def _more(problem: Problem, names: Group, public: Group) -> Iterator[Candidate]:
    """The program that a public name is for, where it is there; else one public name less."""
    folder = posixpath.dirname(problem.diagnostic.path)
    there = {module_of(p) for p in problem.view.paths() if p.endswith(".ml") and posixpath.dirname(p) == folder}
    prefix = _prefix(names.words, public.words) or ""
    left = [w for w in public.arguments if isinstance(w, Word) and not _has_name(w.value, prefix, names.words)]
    number = len(public.words) - len(names.words)
    if len(left) != number:
        return
    stems = [_plain(word.value.removeprefix(prefix)) for word in left]
    if all(module_of(f"{stem}.ml") in there for stem in stems):
        at = names.items[-1].end
        edit = TextEdit(at, at, "".join(f" {stem}" for stem in stems))
        yield Candidate(f"Build {', '.join(f'`{stem}`' for stem in stems)} as well", problem.edit(edit), 0.9)
    edits = [dune_file.remove(problem.source.text, word) for word in left]
    title = f"Remove {', '.join(f'`{word.value}`' for word in left)}, which no program is called for"
    yield Candidate(title, problem.edit(*edits), 0.6)


def _has_name(public: str, prefix: str, names: Sequence[str]) -> bool:
    return public == "-" or any(_plain(public) in (_plain(f"{prefix}{name}"), _plain(name)) for name in names)
