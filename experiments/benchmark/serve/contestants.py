"""The servers that are measured, each by the command that starts it."""

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import serving
from experiments.benchmark.serve.workloads import Workload
from experiments.tracking import write_model
from serving.commands import serve

BY_HAND: Final = "protocol by hand, no journal"
_PEERS: Final = "experiments.benchmark.serve"
_DESIGN: Final = Workload("small", 20)  # the setting in which all servers are compared
_SIZES: Final = tuple(Workload(spec, n) for spec in ("small", "full") for n in (5, 20, 200))


@dataclass(frozen=True, slots=True)
class Contestant:
    """One server under one workload."""

    name: str
    workload: Workload
    words: tuple[str, ...]  # after the interpreter; {port}, {policy}, … are put in: see places
    path: str = "/v1/decisions"
    wrapped: bool = False  # MLflow wants {"inputs": [request]}
    workers: int = 1
    pinned: bool = True  # to one core per worker; False: a system of many processes
    needs: tuple[str, ...] = ()  # modules without which it cannot run
    lacks: str = ""  # why it cannot be measured at all

    @property
    def settings(self) -> str:
        """What a row is told to be about."""
        return f"{self.name}; {self.workload.name}"

    @property
    def absent(self) -> str:
        """Why it cannot run here, or nothing."""
        found = (f"{name} is not installed" for name in self.needs if find_spec(name) is None)
        return self.lacks or next(found, "")

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
    found += [own_server(size, "fsync") for size in sizes]
    found += [own_server(size, "os") for size in both]
    found.append(own_server(_DESIGN, "fsync", workers=2))
    found.append(Contestant("echo on uvicorn", _DESIGN, _words("http_servers", "echo", "{port}")))
    found += [_fastapi(size) for size in both]
    return [*found, _mlflow(_DESIGN), _ray(_DESIGN)]


def places(policy: Path, journal: Path, port: int) -> dict[str, str]:
    """What stands for the words in braces; the files that MLflow and Ray start from are written."""
    model, config = policy.with_suffix(".mlflow"), policy.with_suffix(".yaml")
    model.mkdir()
    write_model(model, policy, {})
    values = {
        "port": port, "policy": policy, "journal": journal, "durability": "os",
        "min_replicas": 1, "max_replicas": 1,
    }  # fmt: skip
    text = (Path(serving.__path__[0]) / "examples" / "ray_serve.yaml").read_text()
    for name, value in values.items():
        text = re.sub(rf"(\b{name}: )\S+", rf"\g<1>{value}", text)
    config.write_text(text)
    return {
        "port": str(port), "policy": str(policy), "model": str(model), "journal": str(journal),
        "ray": str(config),
    }  # fmt: skip


def _words(module: str, *rest: str) -> tuple[str, ...]:
    return ("-m", f"{_PEERS}.{module}", *rest)


def _module(name: str, workload: Workload, module: str, *rest: str) -> Contestant:
    return Contestant(name, workload, _words(module, *rest, "{port}", "{policy}"))


def own_server(workload: Workload, durability: str, *, workers: int = 1) -> Contestant:
    """This server, promising that much, with so many processes."""
    words = (
        "-m", "nba", "serve", "{policy}", "--port", "{port}", "--journal", "{journal}",
        "--durability", durability,
    )  # fmt: skip
    if workers == 1:
        return Contestant(f"nba serve, {durability}", workload, words)
    known = any("--workers" in option.opts for option in serve.params)
    return Contestant(
        f"nba serve, {durability}, {workers} workers", workload,
        (*words, "--workers", str(workers)), workers=workers,
        lacks="" if known else "nba serve has no option --workers",
    )  # fmt: skip


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


def _ray(workload: Workload) -> Contestant:
    return Contestant(
        "Ray Serve, our app, os, 1 replica", workload, ("-m", "ray.serve.scripts", "run", "{ray}"),
        pinned=False, needs=("ray", "grpc"),
    )  # fmt: skip
