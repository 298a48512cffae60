"""The counter, tried for real: a server process on a policy file, asked over HTTP."""

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from nba.errors import NbaError

_ADDRESS: Final = re.compile(r"on (http://\S+)")
_TIMEOUT_S: Final = 30.0


@contextmanager
def running_server(policy_file: Path, journal: Path) -> Iterator[str]:
    """The base URL of a real `nba serve` process on a free loopback port; stopped at the end."""
    command = [sys.executable, "-m", "nba", "serve", str(policy_file), "--port", "0"]
    process = subprocess.Popen(
        [*command, "--journal", str(journal)], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        said = []
        for line in process.stderr:
            said.append(line.strip())
            if found := _ADDRESS.search(line):
                yield found.group(1)
                return
        raise NbaError(f"the server did not start: {' '.join(said)}")
    finally:
        process.terminate()
        process.wait(_TIMEOUT_S)
        process.stderr.close()


def ask(url: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The JSON answer to a GET, or to a POST where there is a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 our own loopback address
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310 as above
            decoded: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise NbaError(f"{url} answered {error.code}: {error.read().decode()}") from error
    return decoded
