"""The sandbox by bubblewrap."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from attrs import frozen

from lsp_aid.ces.inside import HOME, binds, inside_environment, is_hidden


@frozen
class Bwrap:
    """Implements `Sandbox`. `hidden` are the folders that are empty inside, none within another."""

    program: Path
    hidden: tuple[Path, ...]
    name: str = "bwrap"

    def wrap(
        self,
        argv: Sequence[str],
        *,
        writable: Sequence[Path],
        visible: Sequence[Path],
        environment: Mapping[str, str],
    ) -> tuple[list[str], dict[str, str]]:
        words = [str(self.program), "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        words += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        for folder in self.hidden:
            words += ["--tmpfs", str(folder)]
        words += ["--dir", HOME]
        for bind in binds(self.hidden, visible, writable):
            words += ["--bind" if bind.writable else "--ro-bind", str(bind.source), str(bind.target)]
        # Root's own number opens /proc/sys to it, with or without capabilities.
        words += ["--remount-ro", "/proc"]
        for folder in self.hidden:
            if not is_hidden([folder], Path(HOME)):
                words += ["--remount-ro", str(folder)]
        return [*words, "--", *argv], inside_environment(environment)
