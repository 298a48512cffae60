"""The calls that the pages show do what they say: each page against a server of its own."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serving.live_server import ROOT, policy_file, serving

PAGES = ("README.md", "serving/README.md", "serving/MIGRATE_PERSONALIZER.md")
WHERE = re.compile(r"(?<=\s)localhost:8080(?=/)")


def curl_lines(page: str) -> list[str]:
    text = (ROOT / page).read_text()
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("curl ")]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed on this machine")
def test_every_curl_line_of_a_page_is_answered(page: str, tmp_path: Path) -> None:
    lines = curl_lines(page)
    assert lines, f"{page} shows no curl line"
    variables = {"NBA_SERVE_PERSONALIZER": "serving/examples/personalizer.toml"}
    journal = tmp_path / "journal"
    with serving(policy_file(tmp_path), journal, "--durability", "os", **variables) as server:
        for line in lines:
            assert WHERE.search(line), f"{page}: {line!r} asks another address"
            here = WHERE.sub(f"127.0.0.1:{server.port}", line)
            asked = f'{here} --max-time 20 --write-out "\\n%{{http_code}}"'
            done = subprocess.run(
                ["/bin/bash", "-c", asked], cwd=ROOT, capture_output=True, text=True, check=False
            )
            answer, _, status = done.stdout.rpartition("\n")
            assert status in {"200", "201", "204"}, f"{page}: {line}\n{answer}\n{done.stderr}"


def test_the_python_of_the_servers_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (ROOT / "serving/README.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert ":8080" in block
    monkeypatch.chdir(ROOT)
    with serving(policy_file(tmp_path), tmp_path / "journal", "--durability", "os") as server:
        here = block.replace(":8080", f":{server.port}")
        exec(compile(here, "serving/README.md", "exec"), {})  # noqa: S102 our own page
        ready = server.client().get("/readyz")[1]
    assert (ready["decisions"], ready["outcomes"]) == (1, 1)
    assert capsys.readouterr().out
