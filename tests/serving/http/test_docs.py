"""The page about the API holds all of it and needs nothing from elsewhere."""

import json
import re
from pathlib import Path

from serving.http.docs import page
from serving.http.openapi import openapi
from tests.serving.asgi import desk


def test_the_description_is_in_the_page_and_does_not_end_it() -> None:
    text = page().decode()
    found = re.findall(r'<script id="api" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert [json.loads(one) for one in found] == [openapi()]
    assert text.count("</script>") == 2


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = page().decode()
    loads = re.findall(r"<link|<img|<iframe|\bsrc=|@import|url\(|import\(", text)
    assert loads == []
    assert re.findall(r"""(?:fetch|href=)\(?["'](https?:)?//""", text) == []


def test_it_is_served_as_a_page(tmp_path: Path) -> None:
    with desk(tmp_path) as counter:
        status, headers, text = counter.text("/docs")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert text.encode() == page()
