"""What a program sees inside a sandbox, whichever program makes the sandbox."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import frozen

HOME = "/tmp/home"  # noqa: S108 - inside, /tmp is empty and belongs to the sandbox alone
_TEMPORARY = "/tmp"  # noqa: S108


@frozen
class Bind:
    """`source`, outside, is seen as `target`, inside."""

    source: Path
    target: Path
    writable: bool


def inside_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the folders of the user's own, which are hidden."""
    kept = {name: value for name, value in environment.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": HOME, "TMPDIR": _TEMPORARY}


def binds(hidden: Sequence[Path], visible: Sequence[Path], writable: Sequence[Path]) -> list[Bind]:
    """What is to be shown, outer folders first. A folder that is named by a link is shown by both its names.

    A folder that is to be hidden as a whole stays hidden, though it be on PATH.
    """
    found: dict[Path, Bind] = {}
    for source in visible:
        if not any(folder.is_relative_to(source.resolve()) for folder in hidden):
            found |= {name: Bind(source.resolve(), name, False) for name in _names(source) if is_hidden(hidden, name)}
    for source in writable:
        found |= {name: Bind(source.resolve(), name, True) for name in _names(source)}
    return [found[target] for target in sorted(found) if found[target].source.exists()]


def is_hidden(hidden: Sequence[Path], path: Path) -> bool:
    return any(folder == path or folder in path.parents for folder in hidden)


def _names(source: Path) -> Iterator[Path]:
    yield source.resolve()
    # Only the last link is lost with the folder that it lies in: what leads to that folder is there inside as well.
    by_link = source.parent.resolve() / source.name
    if by_link != source.resolve():
        yield by_link
