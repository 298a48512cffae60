"""MLflow itself, imported late and quietly, and its store: made whole, its faults told in words."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from logging import WARNING, getLogger
from pathlib import Path
from sqlite3 import Connection
from types import ModuleType
from typing import Final

from nba.errors import InputError

_PARTS: Final = (  # of MLflow, which it would else import at the first use of its store
    "mlflow.models",
    "mlflow.store.tracking.sqlalchemy_store",
    "mlflow.store.model_registry.sqlalchemy_store",
    "alembic.command",
)


def warm_import() -> ModuleType:
    """MLflow, quietly imported with all that a run needs; a thread may call it early."""
    # MLflow reads these while it is imported; whoever set them knows better.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")  # 7 would wait for minutes
    for part in _PARTS:
        import_module(part)
    getLogger("alembic").setLevel(WARNING)
    return import_module("mlflow")


def make_store(path: Path) -> None:
    """An empty store, made aside and then put in place whole, so that a kill leaves none half made.

    Its schema takes hundreds of transactions: waiting for the disk at each costs seconds.
    """
    sqlalchemy = import_module("sqlalchemy")
    on_connect = sqlalchemy.engine.Engine, "connect", _do_not_wait_for_the_disk
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        made, whole = Path(folder, "made.db"), Path(folder, "whole.db")
        sqlalchemy.event.listen(*on_connect)
        try:
            warm_import().MlflowClient(f"sqlite:///{made}")
        finally:
            sqlalchemy.event.remove(*on_connect)
        with whole.open("wb") as file:
            file.write(made.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster
            path.hardlink_to(whole)


def _do_not_wait_for_the_disk(connection: Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@contextmanager
def in_words(store: str) -> Iterator[None]:
    """Turn what MLflow and its database raise into one line that names the store."""
    of_mlflow = warm_import().exceptions.MlflowException
    of_database = import_module("sqlalchemy.exc").SQLAlchemyError
    try:
        yield
    except (of_mlflow, of_database, OSError) as error:
        first = without_login(str(error).strip().partition("\n")[0])
        raise InputError(
            f"the MLflow store {store} cannot be used: {first}; mend it or give another runs "
            "folder (or MLFLOW_TRACKING_URI)"
        ) from error


def without_login(uri: str) -> str:
    """An address without the name and password it may hold."""
    return re.sub(r"//[^/@]*@", "//", uri)
