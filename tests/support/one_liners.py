"""Many small repairs in one build: each case is a file of one library."""

from collections.abc import Sequence
from pathlib import Path

from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.ports import Typing
from lsp_aid.repair.family import Family
from tests.support.repair import PROJECT, Shadow, Texts, problems

Case = tuple[str, str]


async def check_best(
    family: Family,
    cases: Sequence[Case],
    folder: Path,
    *,
    typing: Typing | None = None,
    implementations: Sequence[str] = (),
) -> None:
    """The heaviest candidate for the error in each text before makes the text after of it, and that builds.

    With `implementations` the texts are the interfaces of these.
    """
    suffix = "mli" if implementations else "ml"
    before = {f"case{number}.{suffix}": f"{source}\n" for number, (source, _) in enumerate(cases)}
    wanted = {f"case{number}.{suffix}": f"{source}\n" for number, (_, source) in enumerate(cases)}
    found = before | {f"case{number}.ml": f"{source}\n" for number, source in enumerate(implementations)}
    for problem in await problems(found, folder / "red", typing):
        candidates = sorted(await family.candidates(problem), key=lambda c: -c.weight)
        if candidates:
            found |= {path: text or "" for path, text in candidates[0].changes.texts.items()}
    others = {path for path in wanted if found[path] != wanted[path]}
    assert not others, "".join(f"{path}: {found[path]!r}, not {wanted[path]!r}\n" for path in sorted(others))
    after = await Shadow(folder / "green").evaluate(Texts({**PROJECT, **found}), ChangeSet())
    assert after.build is not None
    assert after.build.green, after.build.output


async def check_none(family: Family, sources: Sequence[str], folder: Path) -> None:
    """The family has nothing to say to the errors of these texts."""
    for problem in await problems({f"case{n}.ml": f"{source}\n" for n, source in enumerate(sources)}, folder):
        assert [c.title for c in await family.candidates(problem)] == [], problem.source.text
