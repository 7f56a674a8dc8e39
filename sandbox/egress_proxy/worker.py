"""The egress worker, as the configuration names it."""

import re
from dataclasses import dataclass, field
from typing import Optional
from urllib.parse import urlsplit

from mitmproxy.net.http import url as http_url

URL_KEY = "ITERATE_EGRESS_PROXY_URL"
API_KEY_KEY = "ITERATE_EGRESS_API_KEY"


class ConfigError(Exception):
    """The configuration cannot be used. The message names keys and files, never values."""


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
