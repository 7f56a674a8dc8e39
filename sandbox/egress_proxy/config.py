"""The configuration in force, read at request time."""

import asyncio
import os
import time
from typing import Optional

from .dotenv import parse_env
from .log import log
from .worker import API_KEY_KEY, URL_KEY, ConfigError, Worker, parse_worker

# A file that changed less than this ago may be half-written: it is looked at again before it counts.
SETTLE_SECONDS = 0.05
# A file that never comes to rest is an error, not a reason to wait for ever.
SETTLE_LIMIT_SECONDS = 2.0
MAX_ENV_FILE_BYTES = 1024 * 1024

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
