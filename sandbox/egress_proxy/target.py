"""Where a request may go, and how that is written as one URL."""

import socket
from typing import Optional
from urllib.parse import quote_from_bytes

from mitmproxy import ctx, http
from mitmproxy.net.http import url as http_url

from .refusal import Refusal
from .worker import Worker


def same_host(a: str, b: str) -> bool:
    return a.rstrip(".").lower() == b.rstrip(".").lower()


def check_target(flow: http.HTTPFlow) -> None:
    """Host header, SNI and CONNECT target must agree: the worker's policy sees one URL and it must be the only one."""
    request = flow.request
    path = request.data.path
    if not path.startswith(b"/") or b"#" in path:
        raise Refusal(400, "the request's target is not a path")
    default_port = 443 if request.scheme == "https" else 80
    hosts = request.headers.get_all("host")
    if len(hosts) > 1:
        raise Refusal(400, "more than one Host header")
    for value in hosts:
        try:
            host, port = http_url.parse_authority(value, check=True)
        except ValueError:
            raise Refusal(400, "the Host header is not a host") from None
        if not same_host(host, request.data.host) or (port or default_port) != request.port:
            raise Refusal(421, "the Host header names another host than the request's target")
    sni = flow.client_conn.sni
    if sni and not same_host(sni, request.data.host):
        raise Refusal(421, "the TLS server name is another host than the request's target")


def is_loopback(host: str) -> bool:
    host = host.rstrip(".").lower()
    if host in ("localhost", "::", "::1", socket.gethostname().lower()) or host.endswith(".localhost"):
        return True
    try:
        # inet_aton knows the short forms that resolvers accept: 127.1, 2130706433, 0x7f.1.
        address = socket.inet_aton(host.removeprefix("::ffff:"))
    except OSError:
        return False
    return address[0] in (0, 127)


def check_not_own_address(host: str, port: int, worker: Optional[Worker]) -> None:
    if port == ctx.options.listen_port and is_loopback(host):
        raise Refusal(403, "the egress proxy does not forward to itself")
    if worker and port == worker.port and same_host(host, worker.host):
        raise Refusal(403, "the egress worker cannot be addressed directly")


def original_url(request: http.Request) -> str:
    host = http_url.hostport(request.scheme, request.data.host, request.port)
    # Bytes that may stand in a request line but not in a URL are sent as the escapes they stand for.
    escaped = quote_from_bytes(request.data.path, safe="".join(map(chr, range(0x21, 0x7F))))
    return f"{request.scheme}://{host}{escaped}"
