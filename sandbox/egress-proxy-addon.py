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
import os
import sys
import time
from typing import Optional

from egress_proxy.config import Config
from egress_proxy.exchange import exchange_of, finish, refuse, show_reasons_on_error_pages
from egress_proxy.log import log, where_raised
from egress_proxy.refusal import Refusal
from egress_proxy.rewrite import clean_headers, is_websocket, send_to_worker
from egress_proxy.target import check_not_own_address, check_target
from egress_proxy.worker import ConfigError, Worker
from mitmproxy import connection, ctx, http
from mitmproxy.proxy.server_hooks import ServerConnectionHookData

LISTEN_SECONDS = 2.0


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
