"""The few exceptions a caller would catch.

NbaError                    anything a user can mend; the command line prints it as one line
├── InputError              a file, request, log or setting is wrong: names the field or row
│   ├── PolicyFileError     a policy file is damaged, of another format or of another feature spec
│   ├── LogError            a decision log cannot be read or breaks its own rules
│   └── RequestError        a request to the server is refused: carries status, field, remedy
│       ├── NotAllowedError   the key is missing, unknown or not good for it (401, 403)
│       ├── UnknownIdError    what it is about is not known there (404)
│       └── ConflictError     the id or component is taken by something else (409)
├── UnavailableError       a server gave no answer, or only "later", to its client: when to retry
├── MissingExtraError       an optional dependency is not installed: names the extra
├── JournalError            the journal could not be written: what it was for is not promised
└── CapacityError           a fixed-size pool of the simulation is full: nothing is dropped silently
"""


class NbaError(Exception):
    """A problem its user can mend: the message says what was found, what was needed, what to do."""


class InputError(NbaError, ValueError):
    """A file, request or setting is wrong; the message names the field or row."""


class PolicyFileError(InputError):
    """A policy file is damaged, of another format, or made for another feature spec."""


class LogError(InputError):
    """A decision log cannot be read or breaks its own rules."""


class RequestError(InputError):
    """A request is refused: which field of it, with which HTTP status, and what to do instead."""

    def __init__(self, status: int, field: str, message: str, remedy: str = "") -> None:
        super().__init__(f"{field}: {message}; {remedy}" if remedy else f"{field}: {message}")
        self.status = status
        self.field = field
        self.message = message
        self.remedy = remedy


class NotAllowedError(RequestError):
    """The key is missing, unknown, or not good for this."""


class UnknownIdError(RequestError):
    """What the request is about is not known to the server."""


class ConflictError(RequestError):
    """The id or component is taken by something else."""


class UnavailableError(NbaError, ConnectionError):
    """A server gave no answer, or only "later"; sending the same again is safe."""

    def __init__(
        self,
        status: int,
        field: str,
        message: str,
        remedy: str = "",
        *,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(f"{field}: {message}; {remedy}" if remedy else f"{field}: {message}")
        self.status = status  # 0: there was no answer
        self.field = field
        self.message = message
        self.remedy = remedy
        self.retry_after_s = retry_after_s


class JournalError(NbaError, RuntimeError):
    """The journal could not be written, so nothing that depended on it was promised."""


class MissingExtraError(NbaError, ImportError):
    """An optional dependency is absent; the message names the extra to install."""


class CapacityError(NbaError, RuntimeError):
    """A fixed-size pool is full; raising is the alternative to dropping a customer silently."""
