"""The runs' diary, in MLflow: config, seed, commit, curves, figures and policy files."""

import json
import re
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Final, Literal, Self

from experiments.commit import commit_of
from experiments.mlflow_store import in_words, make_store, warm_import, without_login
from nba.act.bundle import load_policy
from nba.errors import InputError

if TYPE_CHECKING:
    from mlflow import MlflowClient

Status = Literal["FINISHED", "FAILED", "KILLED"]

MOST_POINTS: Final = 500  # of one curve: MLflow's pages slow down beyond
_LONGEST_VALUE: Final = 500  # characters of a setting; what is longer is cut
_BATCH: Final = 100  # settings that MLflow takes in one call
_NAME: Final = re.compile(r"[^\w\-. /]", re.ASCII)  # what MLflow refuses in a name
_TABLES: Final = "mlflow.loggedArtifacts"  # the tag by which MLflow's pages find tables
# What a model needs beside this project to be loaded; given, so that MLflow does not search for it.
_REQUIREMENTS: Final = ("numpy", "msgspec", "safetensors", "mlflow")


@dataclass(frozen=True, slots=True)
class Run:
    """A run being recorded; as a context manager it ends FINISHED, FAILED or KILLED by itself."""

    client: "MlflowClient"
    run_id: str
    experiment_id: str
    store: str  # in words, for messages

    def log_curve(self, name: str, steps: Sequence[int], values: Sequence[float]) -> None:
        """Record a metric over steps, thinned evenly to 500 points; first and last are kept."""
        if len(steps) != len(values):
            raise InputError(
                f"curve {name!r} has {len(steps)} steps and {len(values)} values; give one each"
            )
        metric, now = warm_import().entities.Metric, time.time_ns() // 1_000_000
        points = [
            metric(_clean(name), float(values[i]), now, int(steps[i])) for i in thinned(len(steps))
        ]
        with in_words(self.store):
            self.client.log_batch(self.run_id, metrics=points)

    def log_values(self, values: Mapping[str, float]) -> None:
        """Record single numbers."""
        metric, now = warm_import().entities.Metric, time.time_ns() // 1_000_000
        points = iter([metric(_clean(name), float(v), now, 0) for name, v in values.items()])
        with in_words(self.store):
            while some := list(islice(points, MOST_POINTS)):
                self.client.log_batch(self.run_id, metrics=some)

    def log_file(self, path: Path) -> None:
        """Keep a copy of a file with the run."""
        with in_words(self.store):
            self.client.log_artifact(self.run_id, str(path))

    def log_figure(self, name: str, svg: str) -> None:
        """Keep a figure as <name>.svg, which MLflow's pages draw."""
        own = 'xmlns="http://www.w3.org/2000/svg"'
        whole = svg if own in svg else svg.replace("<svg", f"<svg {own}", 1)
        with in_words(self.store):
            self.client.log_text(self.run_id, whole, f"{_clean(name)}.svg")

    def log_table(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Keep rows as <name>.json in the form that MLflow's pages show as a table."""
        columns = list(dict.fromkeys(key for row in rows for key in row))
        table = {"columns": columns, "data": [[row.get(key) for key in columns] for row in rows]}
        file = f"{_clean(name)}.json"
        with in_words(self.store):
            self.client.log_text(self.run_id, json.dumps(table), file)
            known = self.client.get_run(self.run_id).data.tags.get(_TABLES, "[]")
            tables = [*json.loads(known), {"path": file, "type": "table"}]
            self.client.set_tag(self.run_id, _TABLES, json.dumps(tables))

    def finish(self, status: Status = "FINISHED") -> None:
        """End the run; nothing is recorded after it."""
        with in_words(self.store):
            self.client.set_terminated(self.run_id, status)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self.finish()
        else:
            self.finish("KILLED" if issubclass(kind, KeyboardInterrupt) else "FAILED")


def start(
    runs_directory: Path,
    experiment: str,
    name: str,
    *,
    config: Mapping[str, object],
    seed: int,
    parent: Run | None = None,
) -> Run:
    """A new run, with its settings, seed and commit recorded; `parent` nests it under another.

    It lives in runs_directory/mlflow.db with files in runs_directory/artifacts, or where
    MLFLOW_TRACKING_URI says. Raises InputError for a store that cannot be opened.
    """
    mlflow = warm_import()
    uri, store, own_store = _store_of(runs_directory)
    # A server chooses itself where files go.
    files = None if uri.startswith(("http", "databricks")) else own_store.with_name("artifacts")
    tags = {"mlflow.runName": name, "seed": str(seed), "commit": commit_of(Path(__file__).parent)}
    if parent is not None:
        tags["mlflow.parentRunId"] = parent.run_id
    with in_words(store):
        runs_directory.mkdir(parents=True, exist_ok=True)
        if store == str(own_store) and not own_store.exists():
            make_store(own_store)
        client = mlflow.MlflowClient(uri)
        experiment_id = _experiment(client, experiment, files)
        created = client.create_run(experiment_id, tags=tags, run_name=name)
        run = Run(client, created.info.run_id, experiment_id, store)
        _log_config(run, {**config, "seed": seed})
    return run


def go_on(runs_directory: Path, run_id: str) -> Run:
    """A run that was started before, to be recorded on; InputError if its store has none such."""
    mlflow = warm_import()
    uri, store, _ = _store_of(runs_directory)
    with in_words(store):
        client = mlflow.MlflowClient(uri)
        client.update_run(run_id, status="RUNNING")
        known = client.get_run(run_id).info
    return Run(client, run_id, known.experiment_id, store)


def register_policy(
    run: Run, policy_path: Path, *, name: str = "next-best-action", alias: str = "challenger"
) -> str:
    """The new version in the model registry of a policy file, which now carries the alias.

    `mlflow.pyfunc.load_model(f"models:/{name}@{alias}")` loads it as a `PolicyModel`; this
    project must be importable there. Raises PolicyFileError for a damaged file.
    """
    mlflow = warm_import()
    loaded = load_policy(policy_path)
    tags = {"policy": loaded.policy.name, "policy_version": loaded.policy.version}
    client = run.client
    with in_words(run.store), tempfile.TemporaryDirectory() as folder:
        logged = client.create_logged_model(
            run.experiment_id, name, source_run_id=run.run_id, tags=tags
        )
        place = str(logged.artifact_location)
        ids = {"run_id": run.run_id, "model_id": str(logged.model_id)}
        write_model(Path(folder), policy_path, {"artifact_path": place, **ids})
        client.log_model_artifacts(logged.model_id, folder)
        client.finalize_logged_model(logged.model_id, "READY")
        outputs = [mlflow.entities.LoggedModelOutput(logged.model_id, 0)]
        client.log_outputs(run.run_id, outputs)
        try:
            client.create_registered_model(name)
        except mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        made = client.create_model_version(name, place, run.run_id, tags, model_id=logged.model_id)
        client.set_registered_model_alias(name, alias, made.version)
    return str(made.version)


def thinned(n: int) -> list[int]:
    """At most 500 of n places, evenly spread, with the first and the last."""
    if n <= MOST_POINTS:
        return list(range(n))
    return [i * (n - 1) // (MOST_POINTS - 1) for i in range(MOST_POINTS)]


def flattened(config: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """The settings as text by dotted name, long ones cut.

    >>> flattened({"seed": 1, "ppo": {"epochs": 4}})
    {'seed': '1', 'ppo.epochs': '4'}
    """
    flat: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{prefix}{key}.")
        else:
            text = str(value)
            cut = text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
            flat[_clean(f"{prefix}{key}")] = cut
    return flat


def _store_of(runs_directory: Path) -> tuple[str, str, Path]:
    """The store's address, the store in words, and where the folder's own one lies."""
    own_store = runs_directory.resolve() / "mlflow.db"
    given = warm_import().environment_variables.MLFLOW_TRACKING_URI.get()
    if not given:
        return f"sqlite:///{own_store}", str(own_store), own_store
    return given, f"{without_login(given)} (MLFLOW_TRACKING_URI)", own_store


def _log_config(run: Run, config: Mapping[str, object]) -> None:
    param = warm_import().entities.Param
    params = (param(key, text) for key, text in flattened(config).items())
    while some := list(islice(params, _BATCH)):
        run.client.log_batch(run.run_id, params=some)


def _experiment(client: "MlflowClient", name: str, files: Path | None) -> str:
    mlflow = warm_import()
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, files.as_uri() if files else None))
        except mlflow.exceptions.MlflowException as error:  # another process may have been faster
            found = client.get_experiment_by_name(name)
            if found is None or error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
    return str(found.experiment_id)


def write_model(folder: Path, policy_path: Path, names: Mapping[str, str]) -> None:
    """MLflow's model format, by hand: importing mlflow.pyfunc is slow, and warns."""
    shutil.copyfile(policy_path, folder / policy_path.name)
    needed = [f"{package}=={version(package)}" for package in _REQUIREMENTS]
    (folder / "requirements.txt").write_text("\n".join([*needed, ""]))
    python = {"python": python_version(), "dependencies": ["-r requirements.txt"]}
    (folder / "python_env.yaml").write_text(json.dumps(python))  # JSON is YAML
    model = warm_import().models.Model(**names)
    model.add_flavor(
        "python_function",
        loader_module="experiments.policy_model",
        data=policy_path.name,
        python_version=python_version(),
        env={"virtualenv": "python_env.yaml"},
    )
    model.save(str(folder / "MLmodel"))


def _clean(name: str) -> str:
    return _NAME.sub("_", name)
