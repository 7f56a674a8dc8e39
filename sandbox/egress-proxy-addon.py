"""mitmproxy addon: routes every request of the sandbox to the egress worker, and fails closed.

The configuration is read at request time, so a new key or worker needs no restart. Each key comes from the env file
($ITERATE_ENV_FILE, default ~/.iterate/.env) or, where the file does not have it, from this process's environment:

    ITERATE_EGRESS_PROXY_URL   http(s) URL of the worker; empty or absent: requests pass through directly
    ITERATE_EGRESS_API_KEY     the worker's key for this sandbox

A request goes to the worker with its own method, headers and body, at the worker's own path, plus

    X-Iterate-Original-URL     where the client wanted to go, query included
    X-Iterate-Original-Method  the method again, out of reach of what rewrites methods on the way
    X-Iterate-Egress-Key       the API key

Every header of the client whose name starts with X-Iterate-, in any case and with _ for -, is dropped first.

mitmproxy fails open: a hook that raises is logged, and the request goes on to its original host. Hence two locks.
A hook that raises refuses its request (500), and server_connect refuses every address that no request was let to.
And mitmproxy is started without its server (--no-server): this addon opens it, so that an addon which does not load
leaves no proxy behind.
"""

import asyncio
import functools
import json
import os
import re
import socket
import sys
import time
import traceback
from dataclasses import dataclass, field
from typing import Optional
from urllib.parse import quote_from_bytes, urlsplit

from mitmproxy import connection, ctx, http
from mitmproxy.net.http import url as http_url
from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

URL_KEY = "ITERATE_EGRESS_PROXY_URL"
API_KEY_KEY = "ITERATE_EGRESS_API_KEY"
RESERVED_PREFIX = "x-iterate-"

# A file that changed less than this ago may be half-written: it is looked at again before it counts.
SETTLE_SECONDS = 0.05
# A file that never comes to rest is an error, not a reason to wait for ever.
SETTLE_LIMIT_SECONDS = 2.0
MAX_ENV_FILE_BYTES = 1024 * 1024
MAX_LOGGED_PATH = 1024
LISTEN_SECONDS = 2.0

# Where refused requests are sent: server_connect lets nobody go there, so the client gets the refusal without the
# proxy having to buffer the request's body first.
REFUSED_ADDRESS = ("refused.invalid", 1)

METADATA = "iterate-egress"


class ConfigError(Exception):
    """The configuration cannot be used. The message names keys and files, never values."""


class Refusal(Exception):
    """The request is not forwarded; the client gets this status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


# --- Log -------------------------------------------------------------------------------------------------------------


def log(level: str, event: str, **fields: object) -> None:
    """One JSON line on stdout. Callers pass no header, query, key or URL of the worker."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "Z"
    line = json.dumps({"time": stamp, "level": level, "event": event, **fields})
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except OSError:
        # A log reader that went away must not decide what happens to requests.
        pass


def where_raised(error: BaseException) -> str:
    """Type and place of an exception. Its message stays out of the log: it may quote what the request carried."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "unknown"
    return f"{type(error).__name__} at {place}"


# --- Configuration ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worker:
    scheme: str
    host: str
    port: int
    path: str
    authority: str
    api_key: Optional[str] = field(repr=False)

    @property
    def address(self) -> tuple[str, int]:
        return (self.host, self.port)


ENV_ENTRY = re.compile(
    r"""[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*
        (?:"(?P<double>(?:\\.|[^"\\])*)" | '(?P<single>[^']*)' | `(?P<back>[^`]*)` | (?P<bare>[^\r\n#]*))
        [^\r\n]*""",
    re.VERBOSE,
)


def parse_env(text: str) -> dict[str, str]:
    """The keys and values of a dotenv file: comments, export, three kinds of quotes, values over several lines."""
    values: dict[str, str] = {}
    position = 0
    text = text.removeprefix("\ufeff")
    while position < len(text):
        entry = ENV_ENTRY.match(text, position)
        if entry:
            position = entry.end()
            quoted = next((entry[g] for g in ("double", "single", "back") if entry[g] is not None), None)
            value = entry["bare"].strip() if quoted is None else quoted
            if entry["double"] is not None:
                value = value.replace("\\n", "\n").replace("\\r", "\r")
            values[entry["key"]] = value
        newline = text.find("\n", position)
        position = len(text) if newline == -1 else newline + 1
    return values


def parse_worker(raw_url: str, api_key: str) -> Optional[Worker]:
    """The worker that these values name, or None where no URL is set."""
    raw_url = raw_url.strip()
    if not raw_url:
        return None
    if not re.fullmatch(r"[\x21-\x7e]+", raw_url):
        raise ConfigError(f"{URL_KEY} must be printable ASCII without spaces")
    try:
        parts = urlsplit(raw_url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{URL_KEY} is not a URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"{URL_KEY} must be an http or https URL with a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise ConfigError(f"{URL_KEY} must have neither user info nor a fragment; the key goes into {API_KEY_KEY}")
    api_key = api_key.strip()
    if api_key and not re.fullmatch(r"[\x21-\x7e]+", api_key):
        raise ConfigError(f"{API_KEY_KEY} must be printable ASCII without spaces")
    default_port = 443 if parts.scheme == "https" else 80
    return Worker(
        scheme=parts.scheme,
        host=parts.hostname,
        port=port or default_port,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        authority=http_url.hostport(parts.scheme, parts.hostname, port or default_port),
        api_key=api_key or None,
    )


Stamp = Optional[tuple[int, int, int]]


class Config:
    """Reads the worker from the env file, again only when the file's mtime, size or inode have changed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.stamp: Stamp = None
        self.loaded = False
        self.worker: Optional[Worker] = None
        self.error: Optional[ConfigError] = None
        self.announced: Optional[str] = None

    async def current(self) -> Optional[Worker]:
        """The worker in force; None passes requests through. Raises ConfigError where the configuration is broken."""
        stamp = self._stat()
        if not self.loaded or stamp != self.stamp:
            self._load(await self._settled(stamp))
        if self.error:
            raise self.error
        return self.worker

    def _stat(self) -> Stamp:
        try:
            status = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ConfigError(f"the env file cannot be read: {error.strerror}") from None
        return (status.st_mtime_ns, status.st_size, status.st_ino)

    async def _settled(self, stamp: Stamp) -> Stamp:
        """Waits until the file rests. One that vanished or was truncated is looked at twice, as it may come back."""
        deadline = time.monotonic() + SETTLE_LIMIT_SECONDS
        gone = self.loaded and (stamp is None or stamp[1] == 0)
        while gone or (stamp is not None and time.time() - stamp[0] / 1e9 < SETTLE_SECONDS):
            gone = False
            await asyncio.sleep(SETTLE_SECONDS)
            before, stamp = stamp, self._stat()
            if stamp == before:
                break
            if time.monotonic() > deadline:
                raise ConfigError("the env file keeps changing")
        return stamp

    def _load(self, stamp: Stamp) -> None:
        self.error = None
        self.worker = None
        try:
            values = self._read() if stamp else {}
            self.worker = parse_worker(
                values.get(URL_KEY, os.environ.get(URL_KEY, "")),
                values.get(API_KEY_KEY, os.environ.get(API_KEY_KEY, "")),
            )
        except ConfigError as error:
            self.error = error
        self.stamp = stamp
        self.loaded = True
        self._announce()

    def _read(self) -> dict[str, str]:
        try:
            with open(self.path, "rb") as file:
                content = file.read(MAX_ENV_FILE_BYTES + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise ConfigError(f"the env file cannot be read: {error.strerror}") from None
        if len(content) > MAX_ENV_FILE_BYTES:
            raise ConfigError(f"the env file is larger than {MAX_ENV_FILE_BYTES} bytes")
        try:
            return parse_env(content.decode("utf-8"))
        except UnicodeDecodeError:
            raise ConfigError("the env file is not UTF-8") from None

    def _announce(self) -> None:
        """Says which way requests go: when the process starts, and when that changes."""
        if self.error:
            state, level, message = f"error {self.error}", "error", f"every request is refused: {self.error}"
        elif self.worker:
            where = self.worker.authority
            state, level, message = f"worker {self.worker.scheme} {where}", "info", f"requests go to the egress worker at {where}"
        else:
            state, level = "direct", "warn"
            message = f"no egress worker is configured ({URL_KEY} is not set): requests pass through directly"
        if state != self.announced:
            self.announced = state
            log(level, "config", via="refused" if self.error else "worker" if self.worker else "direct", message=message)


# --- One request -----------------------------------------------------------------------------------------------------


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


# --- Rules -----------------------------------------------------------------------------------------------------------


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


# --- Hooks -----------------------------------------------------------------------------------------------------------


class EgressAddon:
    def __init__(self) -> None:
        self.config = Config(os.path.expanduser(os.environ.get("ITERATE_ENV_FILE") or "~/.iterate/.env"))
        # Client connection → the addresses that its requests were let to.
        self.allowed: dict[str, set[tuple[str, int]]] = {}
        # Local ends of the proxy's own connections: a client with one of these addresses is the proxy itself.
        self.outgoing: set[tuple] = set()

    def load(self, loader) -> None:
        show_reasons_on_error_pages()

    def running(self) -> None:
        # mitmproxy would load a changed addon, and go on without one where that fails or the file is gone.
        for script in ctx.master.addons.get("scriptloader").addons:
            if script.reloadtask:
                script.reloadtask.cancel()
        self.opening = asyncio.create_task(self._open())

    async def _open(self) -> None:
        try:
            await self.config.current()
        except ConfigError as error:
            if not self.config.loaded:
                log("error", "config", via="refused", message=f"every request is refused: {error}")
        ctx.options.update(server=True)
        proxyserver = ctx.master.addons.get("proxyserver")
        deadline = time.monotonic() + LISTEN_SECONDS
        while proxyserver.tcp_server is None:
            if time.monotonic() > deadline:
                log("error", "listen", message=f"cannot listen on port {ctx.options.listen_port}; is it in use?")
                sys.exit(1)
            await asyncio.sleep(0.005)
        log("info", "listen", message=f"listening on {ctx.options.listen_host}:{ctx.options.listen_port}")

    async def http_connect(self, flow: http.HTTPFlow) -> None:
        try:
            await self._decide_connect(flow)
        except Refusal as refusal:
            self._answer_connect(flow, refusal)
        except Exception as error:
            self._answer_connect(flow, self._failure(error))

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        try:
            await self._decide(flow)
        except Refusal as refusal:
            refuse(flow, refusal)
        except Exception as error:
            refuse(flow, self._failure(error))

    def server_connect(self, data: ServerConnectionHookData) -> None:
        try:
            allowed = data.server.address in self.allowed.get(data.client.id, ())
        except Exception as error:
            log("error", "failure", message=f"server_connect: {where_raised(error)}")
            allowed = False
        if not allowed:
            data.server.error = "not allowed by the egress addon"

    def server_connected(self, data: ServerConnectionHookData) -> None:
        self.outgoing.add(data.server.sockname[:2])

    def server_disconnected(self, data: ServerConnectionHookData) -> None:
        self.outgoing.discard(data.server.sockname[:2])

    def client_disconnected(self, client: connection.Client) -> None:
        self.allowed.pop(client.id, None)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        if flow.response.status_code == 101:
            return
        flow.response.stream = True
        flow.response.stream = exchange_of(flow).count_response

    def response(self, flow: http.HTTPFlow) -> None:
        if flow.request.method == "CONNECT" and flow.response.status_code == 502:
            # mitmproxy's own answer to a CONNECT inside a tunnel.
            self._answer_connect(flow, Refusal(405, "CONNECT inside a tunnel is not allowed"))
        finish(flow, flow.response.status_code)

    def error(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        if exchange.refusal:
            finish(flow, exchange.refusal.status)
        elif flow.response:
            # The connection broke while the response was passing.
            finish(flow, flow.response.status_code)
        else:
            finish(flow, 502)

    def websocket_message(self, flow: http.HTTPFlow) -> None:
        # mitmproxy keeps every message of a connection.
        flow.websocket.messages.clear()

    async def _decide_connect(self, flow: http.HTTPFlow) -> None:
        exchange_of(flow)
        worker = await self._worker()
        check_not_own_address(flow.request.data.host, flow.request.port, worker)

    async def _decide(self, flow: http.HTTPFlow) -> None:
        exchange = exchange_of(flow)
        request = flow.request
        worker = await self._worker()
        clean_headers(request)
        if request.method.upper() in ("TRACE", "TRACK", "CONNECT"):
            raise Refusal(405, f"{request.method} is not allowed")
        if (flow.client_conn.peername or ())[:2] in self.outgoing:
            raise Refusal(403, "the egress proxy does not forward to itself")
        check_target(flow)
        check_not_own_address(request.data.host, request.port, worker)
        if worker:
            send_to_worker(request, worker)
            exchange.via = "worker"
        else:
            if "upgrade" in request.headers and not is_websocket(request):
                raise Refusal(403, "of the protocol upgrades only websocket passes the egress proxy")
            exchange.via = "direct"
        if not is_websocket(request):
            request.stream = exchange.count_request
        self.allowed.setdefault(flow.client_conn.id, set()).add((request.data.host, request.data.port))

    async def _worker(self) -> Optional[Worker]:
        try:
            return await self.config.current()
        except ConfigError as error:
            raise Refusal(500, f"the egress configuration is broken: {error}") from None

    def _failure(self, error: Exception) -> Refusal:
        log("error", "failure", message=where_raised(error))
        return Refusal(500, "internal error; the request was not forwarded")

    def _answer_connect(self, flow: http.HTTPFlow, refusal: Refusal) -> None:
        exchange = exchange_of(flow)
        exchange.refusal = refusal
        exchange.via = "refused"
        body = f"iterate egress proxy: {refusal.reason}\n"
        flow.response = http.Response.make(refusal.status, body, {"Content-Type": "text/plain", "Connection": "close"})


addons = [EgressAddon()]
