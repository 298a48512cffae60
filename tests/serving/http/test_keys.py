"""Keys open what they are good for, and are told to nobody."""

import hashlib
from pathlib import Path

import pytest

from nba.errors import InputError, RequestError
from serving.http.keys import Keys, read_keys

LETTERS = "a-secret-of-many-letters"
DIGEST = hashlib.sha256(b"another-secret-of-letters").hexdigest()
TEXT = f"""
[[keys]]
name = "shop"
key = "{LETTERS}"
scopes = ["decide", "outcome"]

[[keys]]
name = "operator"
sha256 = "{DIGEST}"
scopes = ["admin"]
"""


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    (tmp_path / "keys.toml").write_text(TEXT)
    return read_keys(str(tmp_path / "keys.toml"))


@pytest.mark.parametrize(
    "headers",
    [
        {b"authorization": f"Bearer {LETTERS}".encode()},
        {b"authorization": f"bearer  {LETTERS}".encode()},
        {b"x-api-key": LETTERS.encode()},
        {b"ocp-apim-subscription-key": LETTERS.encode()},
    ],
)
def test_a_key_is_taken_from_any_of_its_headers(keys: Keys, headers: dict[bytes, bytes]) -> None:
    assert keys.name_of(headers, "decide") == "shop"


def test_a_key_is_good_for_its_scopes_only(keys: Keys) -> None:
    operator = {b"x-api-key": b"another-secret-of-letters"}
    assert keys.name_of(operator, "admin") == "operator"
    with pytest.raises(RequestError, match=r"'operator' is good for admin, not for decide") as told:
        keys.name_of(operator, "decide")
    assert told.value.status == 403
    assert "scope 'decide'" in told.value.remedy


@pytest.mark.parametrize("sent", [b"", LETTERS[:-1].encode(), DIGEST.encode(), b"\xff"])
def test_without_the_key_nothing_is_opened_or_told(keys: Keys, sent: bytes) -> None:
    with pytest.raises(RequestError) as told:
        keys.name_of({b"x-api-key": sent}, "decide")
    assert told.value.status == 401
    assert "scope 'decide'" in told.value.remedy
    assert not sent or sent.decode("latin-1") not in str(told.value)


def test_the_secret_is_not_kept(keys: Keys) -> None:
    assert LETTERS not in repr(keys)


def test_keys_can_be_text_and_none_is_open() -> None:
    assert read_keys(TEXT).known == read_keys(TEXT.strip()).known
    assert read_keys("") == Keys()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[keys]]\nname="a"\nscopes=["all"]', r"Invalid enum value 'all'"),
        ('[[keys]]\nname="a"\nscopes=["admin"]', "key 'a' in .* needs either key or sha256"),
        (f'[[keys]]\nname="a"\nkey="{LETTERS}"\nscopes=["admin"]\n' * 2, "names a key twice"),
        ('[[keys]]\nname="a"\nkey="short"\nscopes=["admin"]', "length >= 16"),
        (f"[[{LETTERS}", "is no TOML"),
        ("/no/such/file", "key file /no/such/file cannot be read"),
    ],
)
def test_a_wrong_file_is_told_without_its_secrets(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        read_keys(text)
    assert LETTERS not in str(told.value)
