"""The sink that keeps nothing: telemetry is off."""

from lsp_aid.domain.events import Event


class DroppingSink:
    """Implements the port `EventSink`."""

    def emit(self, event: Event) -> None:
        """Drops the event."""
