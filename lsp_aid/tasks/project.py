"""What every task is given."""

from collections.abc import Callable
from pathlib import Path

from attrs import field, frozen

from lsp_aid.config import Settings
from lsp_aid.domain.ports import Build, Evaluator, EventSink, Model


@frozen
class Project:
    """One dune project (or lone file) with its ports. `model` is None where none is configured."""

    root: Path
    settings: Settings
    build: Build
    evaluator: Evaluator
    model: Model | None
    events: EventSink
    close: Callable[[], None] = field(default=lambda: None, eq=False)
    """Frees the folders that the project holds."""
