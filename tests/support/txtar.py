"""Fixtures as one text: a whole little project before, and the files that are to differ after.

    # What this shows, for the reader.
    # focus: lib/a.ml:3
    -- dune-project --
    (lang dune 3.17)
    -- lib/a.ml --
    let x = lenght []
    -- want lib/a.ml --
    let x = List.length []

Lines before the first file are notes; `# key: value` among them are options of the case. `want` files are what the best
proposal is to leave; files that have no `want` are to stay as they are. `-- gone lib/b.ml --` is to be deleted.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

_HEAD = re.compile(r"^-- (?:(want|gone) )?(\S+) --$")
_OPTION = re.compile(r"^# (\w+): (.*)$")


@dataclass
class Case:
    name: str
    before: dict[str, str] = field(default_factory=dict)
    want: dict[str, str | None] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    @property
    def after(self) -> dict[str, str]:
        merged = {**self.before, **self.want}
        return {path: text for path, text in merged.items() if text is not None}

    def write(self, folder: Path) -> Path:
        """Lays the project out in a folder and returns it."""
        for path, text in self.before.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="")
        return folder


def read(path: Path) -> Case:
    case = Case(path.stem)
    current: tuple[dict, str] | None = None
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        head = _HEAD.match(line.rstrip("\n"))
        if head:
            which, name = head.groups()
            current = (case.want if which else case.before, name)
            current[0][name] = None if which == "gone" else ""
        elif current:
            files, name = current
            files[name] = (files[name] or "") + line
        elif option := _OPTION.match(line.rstrip("\n")):
            case.options[option[1]] = option[2]
    return case
