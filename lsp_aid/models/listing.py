"""Asks an endpoint which models it has: whether it is there and takes the key, at the cost of one small request."""

import json
from collections.abc import Mapping

from attrs import evolve

from lsp_aid.config import ModelSettings
from lsp_aid.errors import ModelProtocolError
from lsp_aid.models import failures
from lsp_aid.models.endpoint import endpoint

SECONDS = 10.0
_LIMIT = 4_000_000


async def list_models(settings: ModelSettings, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The names of the endpoint's models, from `{url}/models`, within ten seconds.

    Raises ConfigError for settings that cannot be used, otherwise the errors below ModelError.
    """
    import aiohttp

    target = endpoint(settings, environment)
    # The messages name the time that was waited.
    settings = evolve(settings, connect_seconds=min(settings.connect_seconds, SECONDS), stall_seconds=SECONDS)
    shown = target.shown.removesuffix("/chat/completions") + "/models"
    url = "/models".join(target.url.rsplit("/chat/completions", 1))
    headers = {"Authorization": f"Bearer {target.key}"} if target.key else {}
    timeout = aiohttp.ClientTimeout(total=SECONDS, connect=settings.connect_seconds)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, headers=headers) as session,
            session.get(url, proxy=target.proxy, allow_redirects=False) as response,
        ):
            read = bytearray()
            while len(read) < _LIMIT and (chunk := await response.content.readany()):
                read += chunk
            body = read.decode("utf-8", errors="replace")
            if response.status != 200:
                # Some endpoints repeat the key that they refuse.
                said = body.replace(target.key, "***") if target.key else body
                raise failures.of_status(response.status, said, shown, settings)
    except (aiohttp.ClientError, OSError, EOFError) as error:
        raise failures.of_exception(error, shown, settings) from None
    return _names(body, shown)


def _names(body: str, shown: str) -> tuple[str, ...]:
    try:
        return tuple(str(model["id"]) for model in json.loads(body)["data"])
    except (ValueError, TypeError, KeyError):
        raise ModelProtocolError(f"{shown} answered with no list of models", "Check `model.url`.") from None
