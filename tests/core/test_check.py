"""The parse check: more errors than before are too many."""

import pytest

from codestral_ls.core.check import Check, check_syntax
from codestral_ls.core.minimal import smallest_edits
from codestral_ls.core.text import Document, apply_edits

FAR = "\n".join(f"def f{n}():\n    return {n}\n\n" for n in range(400))

CHECKS = {
    "nothing changed": ("python", "x = 1\n", "x = 1\n", Check("parses")),
    "still right": ("python", "x = 1\n", "x = 2\n", Check("parses")),
    "a bracket less": ("python", "x = (1)\ny = 2\n", "x = (1\ny = 2\n", Check("broken", 0, 1, 0)),
    "errors that were there": ("python", "x = = 1\ny = 2\n", "x = = 1\ny = 3\n", Check("parses", 1, 1)),
    "an error repaired": ("python", "x = = 1\n", "x = 1\n", Check("parses", 1, 0)),
    "one more": ("python", "x = = 1\ny = 2\n", "x = = 1\ny = = 2\n", Check("broken", 1, 2, 1)),
    "something missing": ("c", "int a = 1;\nint b;\n", "int a = 1\nint b;\n", Check("broken", 0, 1, 0)),
    "go": ("go", "package a\n\nfunc f() {}\n", "package a\n\nfunc f() {\n", Check("broken", 0, 1, 2)),
    "the error's line in a large file": (
        "python",
        FAR,
        FAR.replace("return 300\n", "return 300)\n"),
        Check("broken", 0, 1, 1201),
    ),
    "no grammar": ("kotlin", "val a = (1)\n", "val a = (1\n", Check("unchecked")),
    "CRLF": ("python", "x = (1)\r\ny = 2\r\n", "x = (1\r\ny = 2\r\n", Check("broken", 0, 1, 0)),
    "too long": ("python", f"x = '{'a' * 300_000}'\n", f"x = '{'a' * 300_000}\n", Check("unchecked")),
}


@pytest.mark.parametrize(("language", "old", "new", "want"), CHECKS.values(), ids=CHECKS)
def test_check_syntax(language, old, new, want):
    before = Document.of("file:///a", language, 1, old)
    edits = smallest_edits(old, new)
    after = apply_edits(before, reversed(edits), 2)
    assert after.text.replace("\r\n", "\n") == new.replace("\r\n", "\n")
    assert check_syntax(before, after, edits) == want
