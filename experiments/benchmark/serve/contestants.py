"""The servers that are measured, each by the command that starts it."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from experiments.benchmark.serve.workloads import Workload
from experiments.tracking import write_model

BY_HAND: Final = "protocol by hand, no journal"
_PEERS: Final = "experiments.benchmark.serve"
_DESIGN: Final = Workload("small", 20)  # the setting in which all servers are compared
_SIZES: Final = tuple(Workload(spec, n) for spec in ("small", "full") for n in (5, 20, 200))


@dataclass(frozen=True, slots=True)
class Contestant:
    """One server under one workload."""

    name: str
    workload: Workload
    words: Sequence[
        str
    ]  # after the interpreter; {port}, {policy}, {model} and {journal} are put in
    path: str = "/v1/decisions"
    wrapped: bool = False  # MLflow wants {"inputs": [request]}
    workers: int = 1
    pinned: bool = True  # to one core per worker; False: a system of many processes
    needs: Sequence[str] = field(default=())  # modules without which it cannot run

    @property
    def settings(self) -> str:
        """What a row is told to be about."""
        return f"{self.name}; {self.workload.name}"

    @property
    def absent(self) -> str:
        """The module that is not installed, or nothing."""
        return next((name for name in self.needs if find_spec(name) is None), "")

    def command(self, places: Mapping[str, str]) -> list[str]:
        """The command line with its places filled in."""
        return [sys.executable, *(word.format(**places) for word in self.words)]

    def body(self, request: bytes) -> bytes:
        """A request in the form that this server takes."""
        return json.dumps({"inputs": [json.loads(request)]}).encode() if self.wrapped else request

    def cores(self) -> set[int] | None:
        """The first cores, one a worker; None leaves it to the system."""
        allowed = sorted(os.sched_getaffinity(0))
        if not self.pinned or len(allowed) < 2:
            return None
        return set(allowed[: self.workers])


def contestants(*, quick: bool) -> list[Contestant]:
    """All of them; in the quick form one of each kind, under one workload."""
    sizes = (_DESIGN,) if quick else _SIZES
    both = (_DESIGN,) if quick else (_DESIGN, Workload("full", 20))
    found = [_module(BY_HAND, size, "http_servers", "protocol") for size in sizes]
    found += [_own(size, "fsync") for size in sizes]
    found += [_own(size, "os") for size in both]
    found.append(Contestant("echo on uvicorn", _DESIGN, _words("http_servers", "echo", "{port}")))
    found += [_fastapi(size) for size in both]
    return [*found, _mlflow(_DESIGN)]


def places(policy: Path, journal: Path, port: int) -> dict[str, str]:
    """What stands for the words in braces."""
    model = policy.with_suffix(".mlflow")
    if not model.exists():
        model.mkdir()
        write_model(model, policy, {})
    return {
        "port": str(port), "policy": str(policy), "model": str(model), "journal": str(journal),
    }  # fmt: skip


def _words(module: str, *rest: str) -> tuple[str, ...]:
    return ("-m", f"{_PEERS}.{module}", *rest)


def _module(name: str, workload: Workload, module: str, *rest: str) -> Contestant:
    return Contestant(name, workload, _words(module, *rest, "{port}", "{policy}"))


def _own(workload: Workload, durability: str) -> Contestant:
    words = (
        "-m", "nba", "serve", "{policy}", "--port", "{port}", "--journal", "{journal}",
        "--durability", durability,
    )  # fmt: skip
    return Contestant(f"nba serve, {durability}", workload, words)


def _fastapi(workload: Workload) -> Contestant:
    words = _words("fastapi_server", "{port}", "{policy}")
    return Contestant(
        "FastAPI + pydantic, no journal", workload, words, needs=("fastapi", "pydantic")
    )


def _mlflow(workload: Workload) -> Contestant:
    words = (
        "-m", "mlflow", "models", "serve", "-m", "{model}", "-p", "{port}", "--env-manager",
        "local", "--workers", "1",
    )  # fmt: skip
    return Contestant(
        "mlflow models serve, no journal", workload, words, "/invocations", wrapped=True,
        needs=("mlflow", "fastapi"),
    )  # fmt: skip
