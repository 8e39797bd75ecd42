"""What every file has to keep to, whoever writes it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "codestral_ls"
MODULES = sorted(PACKAGE.rglob("*.py"))
FILES = [*MODULES, *sorted((ROOT / "tests").rglob("*.py"))]

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40


def name(path):
    return path.relative_to(ROOT).as_posix()


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"), name(path))


def calls(path, function):
    """The lines on which `function` is called by that name, also as somebody's attribute."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            called = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
            if called == function:
                yield f"{name(path)}:{node.lineno}"


def test_imports_keep_the_contracts():
    """In a process of its own, since import-linter switches off every logger of the one it runs in."""
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_are_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", FILES, ids=name)
def test_functions_are_short(path):
    functions = (n for n in ast.walk(tree(path)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    assert {f.name: lines for f in functions if (lines := length(f)) > MAX_FUNCTION_LINES} == {}


def length(function):
    """Lines from `def` to the last one, without the docstring."""
    lines = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function, clean=False) is not None:
        lines -= first.end_lineno - first.lineno + 1
    return lines


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_modules_say_what_they_are(path):
    # `__main__` is three lines; there is nothing to say.
    assert path.name == "__main__.py" or ast.get_docstring(tree(path))


def test_only_redact_makes_safe_text():
    """Whatever else made `SafeText` could send what nobody has looked at."""
    privacy = PACKAGE / "core" / "privacy.py"
    redact = next(node for node in tree(privacy).body if getattr(node, "name", "") == "redact")
    allowed = {f"{name(privacy)}:{line}" for line in range(redact.lineno, redact.end_lineno + 1)}
    makers = {line for path in MODULES for line in calls(path, "SafeText")}
    assert makers
    assert makers <= allowed


def test_only_commands_print():
    """Standard output belongs to the protocol."""
    talkers = (PACKAGE / "cli", PACKAGE / "bench")
    quiet = [path for path in MODULES if not any(path.is_relative_to(talker) for talker in talkers)]
    assert [line for path in quiet for line in calls(path, "print")] == []
