"""Backends that answer prompts: one file per wire protocol."""

from collections.abc import Mapping

from lsp_aid.config import ModelSettings
from lsp_aid.domain.ports import Model
from lsp_aid.models.openai_compatible import OpenAICompatible

__all__ = ["OpenAICompatible", "model_from"]


def model_from(settings: ModelSettings, environment: Mapping[str, str]) -> Model | None:
    """The configured model, None where none is. Nothing is connected to and nothing raised before it is asked."""
    return OpenAICompatible(settings, environment) if settings.is_configured else None
