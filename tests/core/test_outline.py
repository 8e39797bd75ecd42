"""Definitions by name, in several languages."""

import pytest

from codestral_ls.core.outline import definitions
from codestral_ls.core.syntax import parse_window
from codestral_ls.core.text import Document

PYTHON = """\
@cache
def f(a):
    def g():
        pass


class C:
    async def m(self):
        pass
"""
TYPESCRIPT = """\
export class C<T> {
  m(a: number): void {}
}
function f() {}
interface I {}
export const arrow = (a) => a;
const value = 1;
type T = I;
"""
LANGUAGES = {
    "python": (PYTHON, "f 0 0, g 2 1, C 6 0, m 7 1"),
    "typescript": (TYPESCRIPT, "C 0 0, m 1 1, f 3 0, I 4 0, arrow 5 0, T 7 0"),
    "go": (
        "package p\n\ntype S struct{}\n\nfunc (s *S) M() {}\n\nfunc F[T any](a T) {}\n",
        "S 2 0, M 4 0, F 6 0",
    ),
    "rust": (
        "struct S;\nimpl S {\n  fn m(&self) {}\n}\npub fn f<T>(a: T) {}\nmod n { fn g() {} }\ntype A = S;\n",
        "S 0 0, S 1 0, m 2 1, f 4 0, n 5 0, A 6 0",
    ),
    "java": (
        "class C {\n  int a;\n  C() {}\n  <T> void m(T a) {}\n}\ninterface I {}\n",
        "C 0 0, C 2 1, m 3 1, I 5 0",
    ),
    "c": ("static int *f(int a) {\n  return 0;\n}\nstruct S {\n  int a;\n};\n", "f 0 0, S 3 0"),
    "cpp": (
        "namespace n {\nclass C {\n  void m() {}\n};\n}\nint C::g() { return 0; }\n",
        "n 0 0, C 1 1, m 2 2, C::g 5 0",
    ),
    "ruby": ("class C\n  def m(a)\n  end\nend\n", "C 0 0, m 1 1"),
    "kotlin": ("fun f() {}\n", ""),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_defined(language):
    """By name, line and depth; nothing in a language that is not parsed."""
    text, expected = LANGUAGES[language]
    window = parse_window(Document.of("file:///a", language, 1, text), 0)
    found = [f"{each.name} {each.first} {each.depth}" for each in definitions(window)]
    assert ", ".join(found) == expected
