"""What can go wrong between us and a model's endpoint, as the errors that users see."""

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lsp_aid.config import ModelSettings
from lsp_aid.errors import (
    ModelCutOffError,
    ModelError,
    ModelProtocolError,
    ModelRateLimitedError,
    ModelRejectedError,
    ModelServerError,
    ModelStalledError,
    ModelUnreachableError,
)

NOTHING_CHANGED = "No file was changed."


def of_exception(error: BaseException, shown: str, settings: ModelSettings) -> ModelError:
    """The error for whatever aiohttp, the socket or TLS raised. Texts of exceptions are left out where they may hold
    headers."""
    import aiohttp

    if isinstance(error, ModelError):
        return error
    if isinstance(error, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientSSLError)):
        return ModelUnreachableError(
            f"The certificate or TLS of {shown} cannot be used", "Check `model.url` and the machine's certificates."
        )
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return ModelUnreachableError(f"The certificate of {shown} is not the expected one", "Check `model.url`.")
    if isinstance(error, (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError)):
        return ModelUnreachableError(
            f"The proxy in front of {shown} did not connect", "Check `https_proxy` and `no_proxy`."
        )
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ModelUnreachableError(
            f"{shown} did not answer the connection within {settings.connect_seconds:g} seconds",
            "Check that the endpoint runs and `model.url` is right.",
        )
    if isinstance(error, (aiohttp.ServerTimeoutError, TimeoutError)):
        return ModelStalledError(
            f"{shown} sent nothing for {settings.stall_seconds:g} seconds",
            f"{NOTHING_CHANGED} Look at the endpoint, or raise `model.stallSeconds` if the model is that slow.",
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return ModelUnreachableError(f"The host of {shown} is not known", "Check `model.url` and the network.")
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = error.strerror or "no connection"
        return ModelUnreachableError(f"{shown} cannot be reached: {reason}", "Start the endpoint or check `model.url`.")
    if isinstance(error, (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)):
        return ModelRejectedError(f"{shown} is no address that can be asked", "Check `model.url`.")
    if isinstance(error, (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, OSError, EOFError)):
        return cut_off(shown)
    return ModelProtocolError(
        f"{shown} does not answer as a chat endpoint ({type(error).__name__})",
        "Check that `model.url` is the base address of an OpenAI-compatible endpoint.",
    )


def cut_off(shown: str) -> ModelError:
    return ModelCutOffError(
        f"{shown} closed the connection before the answer was complete",
        f"{NOTHING_CHANGED} Look at the endpoint's log, then try again.",
    )


def too_long(settings: ModelSettings) -> ModelError:
    return ModelCutOffError(
        f"The answer of {settings.name} was cut off at its limit of {settings.max_tokens} tokens",
        f"{NOTHING_CHANGED} Raise `model.maxTokens`, or ask for less at once.",
    )


def of_status(
    status: int, body: str, shown: str, settings: ModelSettings, retry_after: float | None = None
) -> ModelError:
    """The error for an answer that is not 200. `body` has had the key taken out."""
    said = said_by(body)
    quoted = f": {said}" if said else ""
    if status == 429:
        wait = f"Wait {retry_after:.0f} seconds" if retry_after else "Wait a little"
        return ModelRateLimitedError(
            f"{shown} limits the rate of requests (429){quoted}",
            f"{wait} and try again, or check the account's quota.",
            retry_after,
        )
    if status >= 500:
        return ModelServerError(
            f"{shown} failed ({status}){quoted}", f"{NOTHING_CHANGED} Look at the endpoint's log, then try again."
        )
    return ModelRejectedError(f"{shown} refused the request ({status}){quoted}", _cure(status, said, settings))


def _cure(status: int, said: str, settings: ModelSettings) -> str:
    if status in (401, 403):
        where = f"the key in {settings.key_env}" if settings.key_env else "`model.keyEnv`: no key was sent"
        return f"Check {where}."
    if status == 407:
        return "The proxy asks for a login: check `https_proxy`."
    if status == 404:
        return f"Check that `model.url` ends as the endpoint has it (often `/v1`) and knows a model {settings.name!r}."
    if 300 <= status < 400:
        return "Set `model.url` to the address that it redirects to; redirects are not followed, lest the key travel."
    if status == 413 or re.search(r"context|too long|maximum.*tokens", said, re.IGNORECASE):
        return "Lower `model.contextTokens` or `model.maxTokens` to what the model takes."
    return "Check the settings under `model`."


def of_error_object(error: Any, shown: str, settings: ModelSettings) -> ModelError:
    """The error for an `error` member in an answer or in the middle of a stream."""
    code = error.get("code") if isinstance(error, dict) else None
    status = int(code) if isinstance(code, (int, str)) and str(code).isdigit() else 500
    return of_status(status if 400 <= status < 600 else 500, json.dumps({"error": error}), shown, settings)


def said_by(body: str) -> str:
    """What an error's body says, in one short line; a web page is only named as one."""
    try:
        content = json.loads(body)
    except ValueError:
        content = body
    for _ in range(3):
        if isinstance(content, list) and content:
            content = content[0]
        if isinstance(content, dict):
            content = next((content[key] for key in ("error", "message", "detail", "msg") if content.get(key)), "")
    text = content if isinstance(content, str) else ""
    if re.match(r"\s*<(!doctype|html|head|\?xml|body)", text, re.IGNORECASE):
        title = re.search(r"<title[^>]*>([^<]{1,100})", text, re.IGNORECASE)
        text = "a web page" + (f" titled {title[1].strip()!r}" if title else "")
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split()).rstrip(".")
    return line if len(line) <= 300 else f"{line[:297]}..."


def seconds_of(header: str | None) -> float | None:
    """`Retry-After` in seconds: a number or a date."""
    if not header:
        return None
    try:
        return max(0.0, float(header)) if float(header) < 1e9 else None
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
