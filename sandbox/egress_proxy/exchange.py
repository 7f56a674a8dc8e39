"""One request on its way: what the log says of it, and what its client sees when it fails."""

import functools
import time
from dataclasses import dataclass, field
from typing import Optional

from mitmproxy import http
from mitmproxy.net.http import url as http_url
from mitmproxy.proxy.layers import http as http_layer

from .log import log
from .refusal import Refusal

METADATA = "iterate-egress"
MAX_LOGGED_PATH = 1024

# Where refused requests are sent: server_connect lets nobody go there, so the client gets the refusal without the
# proxy having to buffer the request's body first.
REFUSED_ADDRESS = ("refused.invalid", 1)


@dataclass
class Exchange:
    """What the log and the error pages need to know of a request, as it was before it was rewritten."""

    method: str
    host: str
    path: str
    via: str = "none"
    started: float = field(default_factory=time.monotonic)
    request_bytes: int = 0
    response_bytes: int = 0
    refusal: Optional[Refusal] = None
    logged: bool = False

    def count_request(self, chunk: bytes) -> bytes:
        self.request_bytes += len(chunk)
        return chunk

    def count_response(self, chunk: bytes) -> bytes:
        self.response_bytes += len(chunk)
        return chunk


def exchange_of(flow: http.HTTPFlow) -> Exchange:
    exchange = flow.metadata.get(METADATA)
    if exchange is None:
        request = flow.request
        host = http_url.hostport(request.scheme or "https", request.data.host, request.port)
        path = "" if request.method == "CONNECT" else request.path.split("?", 1)[0][:MAX_LOGGED_PATH]
        exchange = flow.metadata[METADATA] = Exchange(request.method, host, path)
    return exchange


def finish(flow: http.HTTPFlow, status: int) -> None:
    exchange = exchange_of(flow)
    if exchange.logged:
        return
    exchange.logged = True
    refused = {"reason": exchange.refusal.reason} if exchange.refusal else {}
    log(
        "info",
        "request",
        method=exchange.method,
        host=exchange.host,
        path=exchange.path,
        status=status,
        requestBytes=exchange.request_bytes,
        responseBytes=exchange.response_bytes,
        ms=round((time.monotonic() - exchange.started) * 1000),
        via=exchange.via,
        **refused,
    )


def refuse(flow: http.HTTPFlow, refusal: Refusal) -> None:
    exchange = exchange_of(flow)
    exchange.refusal = refusal
    exchange.via = "refused"
    request = flow.request
    request.scheme = "http"
    request.data.host, request.data.port = REFUSED_ADDRESS
    request.stream = True


def describe_failure(flow: http.HTTPFlow, event: http_layer.ResponseProtocolError) -> None:
    """Puts into mitmproxy's error page what happened, in the client's words."""
    exchange = flow.metadata.get(METADATA)
    if exchange is None:
        return
    if exchange.refusal:
        event.code = exchange.refusal.status
        event.message = f"iterate egress proxy: {exchange.refusal.reason}"
    elif exchange.via == "worker":
        event.message = (
            f"iterate egress proxy: no answer from the egress worker ({event.message}). The request was sent nowhere else."
        )


def show_reasons_on_error_pages() -> None:
    """mitmproxy has no hook that decides what a client sees when there is no upstream connection."""
    original = http_layer.HttpStream.handle_protocol_error

    @functools.wraps(original)
    def handle_protocol_error(self, event):
        if isinstance(event, http_layer.ResponseProtocolError) and hasattr(self, "flow"):
            describe_failure(self.flow, event)
        return (yield from original(self, event))

    http_layer.HttpStream.handle_protocol_error = handle_protocol_error
