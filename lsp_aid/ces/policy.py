"""What a diff may change, whatever becomes of it."""

import fnmatch
import re
from functools import cache

from attrs import frozen

from lsp_aid.domain.changes import ChangeSet


@frozen
class Policy:
    """`allowed`: patterns of the paths that may change; `tests`: of those that are restored from the base, so that
    neither what they check nor what they expect is the diff's own. `empty`: what changes nothing may be green.

    Patterns are relative to the project: `*` stands for anything but `/`, `**/` for any folders, and one that ends in
    `/` for all that lies there.
    """

    allowed: tuple[str, ...] = ("**",)
    tests: tuple[str, ...] = ()
    empty: bool = False

    def refused(self, changes: ChangeSet) -> tuple[str, ...]:
        """The changed paths that may not be changed."""
        return tuple(path for path in changes.paths if not _matches(path, self.allowed))

    def restored(self, changes: ChangeSet) -> tuple[ChangeSet, tuple[str, ...]]:
        """The changes without those of tests, and the paths of these."""
        taken = tuple(path for path in changes.paths if _matches(path, self.tests))
        return ChangeSet(change for change in changes.files if change.path not in taken), taken


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    return any(_expression(pattern).fullmatch(path) for pattern in patterns)


@cache
def _expression(pattern: str) -> "re.Pattern[str]":
    if pattern.endswith("/"):
        pattern += "**"
    parts = re.split(r"(\*\*/|\*\*|\*)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
    return re.compile("".join(meaning[p] if p in meaning else _plain(p) for p in parts))


def _plain(part: str) -> str:
    """A part without stars; `?` and `[...]` as in file names."""
    return fnmatch.translate(part).removeprefix("(?s:").removesuffix(r")\Z")
