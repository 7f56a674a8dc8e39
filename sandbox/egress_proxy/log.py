"""The proxy's log: JSON lines on stdout, without anything that a request carried in confidence."""

import json
import os
import sys
import time
import traceback


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
