"""What looks like a key never leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.privacy import is_loopback, redact

SECRETS = {
    "OpenAI": "sk-" + "a1B2" * 8,
    "GitHub": "ghp_" + "a1B2" * 9,
    "GitLab": "glpat-" + "a1B2" * 5,
    "AWS": "AKIA" + "ABCD1234" * 2,
    "Google": "AIza" + "a1B2c" * 7,
    "Slack": "xoxb-" + "1234567890-abcdef" * 2,
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "private key": "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7\n",
}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_blanked_in_place(name):
    secret = SECRETS[name]
    text = f'before = 1\nvalue = """{secret}"""\nafter = 2\n'
    if name == "private key":
        text = f"before = 1\n-----BEGIN PRIVATE KEY-----\n{secret}-----END PRIVATE KEY-----\nafter = 2\n"
    shown = redact(text)
    assert secret.strip() not in shown
    assert len(shown) == len(text)
    assert [len(line) for line in shown.split("\n")] == [len(line) for line in text.split("\n")]
    assert shown.startswith("before = 1\n")
    assert shown.endswith("after = 2\n")


def test_a_private_key_that_does_not_end_is_blanked_to_the_end():
    assert "MIIE" not in redact("-----BEGIN RSA PRIVATE KEY-----\nMIIEvQIBADANBg\nMIIE")


@pytest.mark.parametrize("text", ["sk-learn = 1", "AKIA = aws", "x = eyJ", "def task_runner(sk): ..."])
def test_ordinary_code_stays(text):
    assert redact(text) == text


@given(st.text(st.characters()))
def test_any_text_keeps_its_length_and_can_be_encoded(text):
    assert len(redact(text).encode("utf-32-le")) == 4 * len(text)


def test_half_a_code_point_is_replaced():
    """Editors send one where an emoji is deleted by halves."""
    assert redact("x = '\ud83d'\n") == "x = '\ufffd'\n"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine(host):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["127.evil.example", "localhost.example", "0.0.0.0", "10.0.0.1", "::", ""])
def test_other_machines(host):
    assert not is_loopback(host)
