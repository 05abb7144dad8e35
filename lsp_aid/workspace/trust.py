"""Which folders' programs may be run. Building a project runs its rules, preprocessors and tests."""

import json
from collections.abc import Mapping
from pathlib import Path

from lsp_aid.errors import FileUnwritableError
from lsp_aid.workspace.disk import write_private


class Trust:
    """What the user said once, kept in `trusted.json` of the state folder; `setting` is the setting `trust`.

    A folder is trusted with all that lies in it.
    """

    def __init__(self, environment: Mapping[str, str], setting: str = "ask") -> None:
        base = environment.get("XDG_STATE_HOME") or str(Path(environment.get("HOME") or "/") / ".local" / "state")
        self._file = Path(base, "lsp-aid", "trusted.json")
        self.setting = setting

    def is_trusted(self, root: Path) -> bool:
        if self.setting in ("always", "never"):
            return self.setting == "always"
        root = root.resolve()
        return any(root.is_relative_to(folder) for folder in self.folders())

    def folders(self) -> list[str]:
        """The trusted folders. A file that cannot be read or understood trusts nothing."""
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return [item for item in content if isinstance(item, str)] if isinstance(content, list) else []

    def trust(self, root: Path) -> None:
        """Remembers a folder. Raises FileUnwritableError."""
        self._write({*self.folders(), str(root.resolve())})

    def revoke(self, root: Path) -> None:
        """Forgets a folder. Raises FileUnwritableError."""
        self._write(set(self.folders()) - {str(root.resolve())})

    def _write(self, folders: set[str]) -> None:
        try:
            write_private(self._file, json.dumps(sorted(folders), indent=2) + "\n")
        except OSError as error:
            raise FileUnwritableError(
                f"{self._file} cannot be written: {error.strerror}", "Set `trust` to `always` to do without it."
            ) from error
