"""Whatever schemathesis makes of the description, no valid or invalid request fails the server.

It brings libraries of its own, so it is no part of the development tools: where it is on the PATH
(`pipx install schemathesis`), the slow tests run it. Its requests to `/v1/decisions:batch` are left
out, as it cannot write that form: `test_malformed.py` does.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.serving.live_server import policy_file, serving

ST = shutil.which("st")


@pytest.mark.slow
@pytest.mark.skipif(ST is None, reason="schemathesis is not on the PATH: pipx install schemathesis")
def test_ten_thousand_requests_from_the_description_leave_no_fault(tmp_path: Path) -> None:
    with serving(policy_file(tmp_path), tmp_path / "journal") as server:
        command = [
            str(ST), "run", f"http://127.0.0.1:{server.port}/openapi.json", "--no-color",
            "--phases", "examples,coverage,fuzzing", "--checks", "not_a_server_error",
            "--max-examples", "900", "--exclude-path", "/v1/decisions:batch", "--seed", "1",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
        found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
        assert done.returncode == 0, done.stdout[-3000:]
        assert found is not None
        assert found[1] == found[2]
        assert int(found[1]) >= 10_000
        assert server.process.poll() is None
        assert server.client().get("/readyz")[0] == 200
