"""The description covers the routes, and every reference in it leads somewhere."""

import json
import re

import pytest

from serving.http.openapi import openapi
from tests.serving.live_server import EXAMPLE


def test_every_reference_leads_somewhere() -> None:
    text = json.dumps(openapi())
    names = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert names
    assert names <= set(openapi()["components"]["schemas"])


def test_the_request_schema_lists_the_members_of_the_example() -> None:
    schema = openapi()["components"]["schemas"]["DecisionRequest"]
    assert set(json.loads(EXAMPLE)) <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["customer", "context"]


def test_every_error_status_has_the_error_form() -> None:
    forms = {"#/components/schemas/ErrorReply", "#/components/schemas/PersonalizerErrorReply"}
    for path in openapi()["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert answer["content"]["application/json"]["schema"]["$ref"] in forms


def test_operations_have_names_of_their_own() -> None:
    operations = [o for path in openapi()["paths"].values() for o in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)


def test_every_example_is_one_that_its_schema_accepts() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = openapi()
    checked = 0
    for path in document["paths"].values():
        for operation in path.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "example" in content:
                    schema = content["schema"] | {"components": document["components"]}
                    jsonschema.Draft202012Validator(schema).validate(content["example"])
                    checked += 1
    assert checked >= 4


def test_the_document_is_openapi() -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(openapi())
