"""What looks like a key never leaves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.privacy import is_loopback, redact


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
