"""What a refactoring is about: the lines between the marks, for the cursor or the selection."""

import re

import pytest

from codestral_ls.core.target import View, definition_around, imports, statements
from codestral_ls.core.text import Document, Span
from tests.support import parse_marked

PYTHON = """
import os
import re

# about A
@final
class A:
    x = 1

    # about f
    @property
    def f(self):
        a = (1,
             2)
        return a  # last

    def g(self):
        return [n for n in self.x if n]

print(1)
"""
SCRIPT = """
import { a } from "a";

/** doc */
export const f = (x: number) => {
  return xs.map((y) => y + 1);
};

class B {
  /** m */
  m() {
    return 1;
  }
  n = () => 2;
}
"""
RUST = """
use a::b;

/// doc
#[derive(Debug)]
struct A {
    a: i32,
}

impl A {
    /// d
    fn f(&self) {
        go();
    }
}
"""
GO = """package a

import (
\t"fmt"
)

// T is
type T struct {
\ta int
}

func (t T) f() {
\tfmt.Print()
}
"""
KOTLIN = (
    "val a = 1\n\nclass A {\n    fun f() {\n        go()\n    }\n\n    fun g() {\n        stop()\n    }\n}\n"
)
LONG = (
    "class Long:\n" + "".join(f"    def f{n}(self):\n        return {n}\n\n" for n in range(70)) + "\nx = 1\n"
)
ENDLESS = "def endless():\n" + "    go()\n" * 3000 + "\nx = 1\n"

DEFINITIONS = {
    "a method": ("python", PYTHON, "return a", "    # about f", "# last"),
    "a decorator": ("python", PYTHON, "@property", "    # about f", "# last"),
    "the comment above": ("python", PYTHON, "about A", "# about A", "if n]"),
    "a class from its field": ("python", PYTHON, "x = 1", "# about A", "if n]"),
    "behind a line's text": ("python", PYTHON, "# last\n", "    # about f", "# last"),
    "before a line's text": ("python", PYTHON, "       return a", "    # about f", "# last"),
    "none": ("python", PYTHON, "print", None, None),
    "none in the imports": ("python", PYTHON, "import re", None, None),
    "a function in a constant": ("typescript", SCRIPT, "y + 1", "/** doc */", "\n};"),
    "a method in TypeScript": ("typescript", SCRIPT, "return 1", "  /** m */", "1;\n  }"),
    "a function in a field": ("typescript", SCRIPT, "n = ", "  n = ", "=> 2;"),
    "a struct": ("rust", RUST, "a: i32", "/// doc", "i32,\n}"),
    "a Rust method": ("rust", RUST, "go()", "    /// d", ";\n    }"),
    "a Go type": ("go", GO, "a int", "// T is", "int\n}"),
    "a Go method": ("go", GO, "fmt.Print", "func (t T)", ")\n}"),
    "by indentation, without a grammar": ("kotlin", KOTLIN, "stop", "    fun g", "stop()\n    }"),
    "by indentation, a class": ("kotlin", KOTLIN, "class", "class A", "    }\n}"),
    "by indentation, none": ("kotlin", KOTLIN, "val", None, None),
    "a class beyond the usual window": ("python", LONG, "Long", "class Long", "return 69"),
    "a method in it": ("python", LONG, "return 50", "    def f50", "return 50"),
    "longer than any window": ("python", ENDLESS, "endless", None, None),
}


@pytest.mark.parametrize(("language", "text", "at", "first", "end"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_definition_around(language, text, at, first, end):
    document = Document.of("file:///a", language, 1, text)
    place = text.index(at) + len(at) - 1
    span = Span(place, place)
    found = definition_around(View(document, place), span)
    if first is None:
        assert found is None
    else:
        assert document.slice(found.start, found.end).startswith(first)
        assert document.slice(found.start, found.end).endswith(end)
        assert document.slice(found.end, found.end + 1) in ("\n", "")


STATEMENTS = {
    "a word": "a = 1\n»b = ⟦two⟧ + 3«\nc = 4\n",
    "lines": "»⟦a = 1\nb = 2\n⟧«c = 3\n",
    "parts of two lines": "»a = ⟦1\nb⟧ = 2«\nc = 3\n",
    "one line of a call": "a = 1\n»go(\n    ⟦b⟧,\n    c,\n)«\n",
    "from one block into another": "»if a:\n    ⟦b()\nelse:\n    c⟧()«\nd()\n",
    "inside a block": "def f():\n    a()\n»    ⟦b()\n    c()⟧«\n    d()\n",
    "two functions": "»def f():\n    ⟦a()\n\ndef g():\n    b⟧()«\n\nc()\n",
    "what does not parse": "a = = 1\n»b = ⟦(⟧«\nc = )\n",
    "CRLF": "a = 1\r\n»b = ⟦two⟧«\r\n",
    "the last line": "a = 1\n»⟦b = 2⟧«",
}


@pytest.mark.parametrize("text", STATEMENTS.values(), ids=STATEMENTS)
def test_statements(text):
    marked = parse_marked(re.sub("[»«]", "", text))
    document = Document.of("file:///a.py", "python", 1, marked.text)
    found = statements(View(document, marked.selection.start), marked.selection)
    want = re.search("»(.*)«", re.sub("[⟦⟧]", "", text), re.DOTALL)[1].rstrip("\r\n")
    assert document.slice(found.start, found.end) == want


IMPORTS = {
    "python": ("python", PYTHON, "import os\nimport re"),
    "typescript": ("typescript", SCRIPT, 'import { a } from "a";'),
    "rust": ("rust", RUST, "use a::b;"),
    "go": ("go", GO, 'import (\n\t"fmt"\n)'),
    "behind a docstring": (
        "python",
        '"""Doc."""\nfrom a import (\n    b,\n)\n\nx = 1\nimport c\n',
        "from a import (\n    b,\n)",
    ),
    "c": ("c", "/* x */\n#include <a.h>\n#include <b.h>\nint a;\n", "#include <a.h>\n#include <b.h>"),
    "none": ("python", "x = 1\n", None),
    "no grammar": ("kotlin", "import a\n", None),
}


@pytest.mark.parametrize(("language", "text", "want"), IMPORTS.values(), ids=IMPORTS)
def test_imports(language, text, want):
    document = Document.of("file:///a", language, 1, text)
    found = imports(document)
    assert (found and document.slice(found.start, found.end)) == want
