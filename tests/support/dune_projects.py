"""Many little projects in one file, each with an error, and what the first proposal is to leave of it."""

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import define, field

from lsp_aid.repair.family import Candidate, Family
from tests.support.repair import problems

FIXTURES = Path(__file__).parents[1] / "fixtures" / "repair" / "dune"
_HEAD = re.compile(r"^-- (?:(want) )?(\S+) --$")


@define
class Wanted:
    """`before` is the project, `after` the files that the first proposal changes, none where nothing is to propose."""

    name: str
    before: dict[str, str] = field(factory=dict)
    after: dict[str, str] = field(factory=dict)


def read(path: Path) -> Iterator[Wanted]:
    """The projects of a file; each starts with `=== name`, each of its files with `-- path --`."""
    for part in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, _, rest = part.partition("\n")
        one = Wanted(name.strip())
        into, file = one.before, ""
        for line in rest.splitlines(keepends=True):
            if head := _HEAD.match(line.rstrip()):
                into, file = one.after if head[1] else one.before, head[2]
                into[file] = ""
            else:
                into[file] += line
        one.before.setdefault("dune-project", "(lang dune 3.17)\n")
        yield one


async def first_proposal(family: Family, one: Wanted, folder: Path) -> Candidate | None:
    """The best proposal of a family for the first error of a project that it has an answer to."""
    for problem in await problems({"dune": "", **one.before}, folder / one.name):
        if candidates := await family.candidates(problem):
            return max(candidates, key=lambda c: c.weight)
    return None
