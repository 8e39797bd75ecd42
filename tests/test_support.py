"""The fixture language itself."""

import pytest

from codestral_ls.core.text import Span
from tests.support import Marked, parse_files, parse_marked


@pytest.mark.parametrize(
    ("marked", "want"),
    [
        pytest.param("ab", Marked("ab"), id="no-mark"),
        pytest.param("a█b", Marked("ab", 1), id="cursor"),
        pytest.param("█", Marked("", 0), id="only-a-cursor"),
        pytest.param("😀█\r\n", Marked("😀\r\n", 1), id="code-points"),
        pytest.param("a⟦bc⟧d", Marked("abcd", 3, Span(1, 3)), id="selection"),
        pytest.param("a⟦█bc⟧d", Marked("abcd", 1, Span(1, 3)), id="cursor-at-the-selection's-start"),
        pytest.param("⟦⟧x", Marked("x", 0, Span(0, 0)), id="empty-selection"),
    ],
)
def test_marks(marked, want):
    assert parse_marked(marked) == want


@pytest.mark.parametrize("marked", ["█a█", "⟦a", "a⟧", "⟧a⟦", "⟦⟦a⟧"])
def test_marks_that_do_not_match(marked):
    with pytest.raises(ValueError, match=r"twice|match"):
        parse_marked(marked)


def test_text_around_the_cursor():
    marked = parse_marked("ab█cd")
    assert (marked.before, marked.after) == ("ab", "cd")


def test_several_files():
    files = parse_files("//- a.py\nx = 1\n//- b/c.py\ny = █\n")
    assert files == {"a.py": Marked("x = 1\n"), "b/c.py": Marked("y = \n", 4)}


def test_text_before_the_first_file():
    with pytest.raises(ValueError, match="before the first file"):
        parse_files("x\n//- a.py\n")
