"""A request that is not forwarded."""


class Refusal(Exception):
    """The request is not forwarded; the client gets this status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
