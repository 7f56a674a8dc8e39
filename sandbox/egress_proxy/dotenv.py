"""Reads dotenv text."""

import re

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
