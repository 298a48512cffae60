"""Public data: found where it lies, unpacked from either kind of package, refused with the way."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from experiments.public_data import archived_files, open_bandit_folder
from nba import ope
from nba.errors import MissingExtraError


def test_a_folder_with_the_data_is_found(tmp_path: Path) -> None:
    file = tmp_path / "bts" / "women" / "women.csv"
    file.parent.mkdir(parents=True)
    file.write_text("item_id,click\n")
    assert open_bandit_folder(tmp_path) == tmp_path


def test_where_it_is_absent_the_way_to_get_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("experiments.public_data.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"python -m experiments.public_data"):
        open_bandit_folder(tmp_path)


def test_the_data_is_taken_from_a_wheel_and_from_a_source_archive(tmp_path: Path) -> None:
    inside = {"obp/dataset/obd/bts/men/men.csv": b"a\n", "obp/version.py": b"", "obp/../x.csv": b""}
    with zipfile.ZipFile(tmp_path / "obp.whl", "w") as wheel:
        for name, content in inside.items():
            wheel.writestr(name, content)
    with tarfile.open(tmp_path / "obp.tar.gz", "w:gz") as archive:
        for name, content in inside.items():
            member = tarfile.TarInfo(f"obp-0.5.7/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    for package in ("obp.whl", "obp.tar.gz"):
        assert archived_files(tmp_path / package) == [("bts/men/men.csv", b"a\n")]


def test_thompson_sampling_to_random_for_women_is_refused_with_reasons() -> None:
    try:
        file = open_bandit_folder() / "bts" / "women" / "women.csv"
    except MissingExtraError as absent:
        pytest.skip(str(absent))
    names = {
        "action": "item_id", "reward": "click", "propensity": "propensity_score", "n_actions": 46,
    }  # fmt: skip
    answer = ope.run(ope.open_log(file, names), "uniform", unit="clicks")
    assert answer.result.verdict == "CANT_TELL"
    assert answer.difference.ess == pytest.approx(2.08, abs=0.01)
    assert answer.tail is not None
    assert answer.tail.largest[0] == pytest.approx(21_739, abs=1)
    assert any("effective sample size is 2 of 10000 rows" in r for r in answer.result.reasons)
    assert any("one row holds 69.4% of all weight" in r for r in answer.result.reasons)
