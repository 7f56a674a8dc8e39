"""What a request loses and gains on its way out."""

from mitmproxy import http

from .refusal import Refusal
from .target import original_url
from .worker import Worker

RESERVED_PREFIX = "x-iterate-"


def normal_name(name: bytes) -> str:
    return name.decode("latin-1").strip().lower().replace("_", "-")


def clean_headers(request: http.Request) -> None:
    """Takes out what only the proxy may say, and what was meant for the proxy alone."""
    request.headers.fields = tuple(
        (name, value)
        for name, value in request.headers.fields
        if not normal_name(name).startswith(RESERVED_PREFIX)
        and normal_name(name) not in ("proxy-connection", "proxy-authorization")
    )
    if request.headers.get("upgrade", "").strip().lower() == "h2c":
        # An offer to speak HTTP/2 in the clear, which a server may ignore.
        request.headers.pop("upgrade")
        request.headers.pop("http2-settings", None)
        keep_connection_options(request, ("close", "keep-alive"))


def keep_connection_options(request: http.Request, allowed: tuple[str, ...]) -> None:
    """A Connection header names headers for the next hop to drop: it must not name ours."""
    options = [o.strip().lower() for value in request.headers.get_all("connection") for o in value.split(",")]
    kept = [option for option in options if option in allowed]
    request.headers.pop("connection", None)
    if kept:
        request.headers["connection"] = ", ".join(kept)


def is_websocket(request: http.Request) -> bool:
    return request.headers.get("upgrade", "").strip().lower() == "websocket"


def send_to_worker(request: http.Request, worker: Worker) -> None:
    url = original_url(request)
    if "upgrade" in request.headers:
        raise Refusal(403, "protocol upgrades do not pass the egress worker")
    keep_connection_options(request, ("close", "keep-alive"))
    request.headers["X-Iterate-Original-URL"] = url
    request.headers["X-Iterate-Original-Method"] = request.method
    if worker.api_key:
        request.headers["X-Iterate-Egress-Key"] = worker.api_key
    request.headers["Host"] = worker.authority
    request.scheme = worker.scheme
    request.data.host = worker.host
    request.data.port = worker.port
    request.data.path = worker.path.encode("ascii")
