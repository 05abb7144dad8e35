"""What happened to a proposal, told to whoever counts such things."""

from lsp_aid import editformats
from lsp_aid.domain.events import Event, Happening
from lsp_aid.domain.proposal import Proposal
from lsp_aid.tasks.project import Project


def note(project: Project, proposal: Proposal, happening: Happening) -> None:
    """Tells it. A proposal is offered when a person sees it, not when it is made: many are made ahead and not seen."""
    maker, _, name = proposal.source.partition(":")
    is_model = maker == "model"
    strategy = editformats.asked_format(project.settings.model.format) if is_model else name
    project.events.emit(
        Event(happening, proposal.id, proposal.task, name if is_model else "", strategy, proposal.seconds)
    )
