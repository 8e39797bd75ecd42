"""What every file has to keep to, whoever writes it."""

import ast
import re
import subprocess
import sys
from functools import cache
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


@cache
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
    allowed = {
        f"{name(privacy)}:{line}"
        for node in tree(privacy).body
        if getattr(node, "name", "") in ("redact", "redact_window")
        for line in range(node.lineno, node.end_lineno + 1)
    }
    makers = {line for path in MODULES for line in calls(path, "SafeText")}
    assert makers
    assert makers <= allowed


def test_only_commands_print():
    """Standard output belongs to the protocol."""
    talkers = (PACKAGE / "cli", PACKAGE / "bench")
    quiet = [path for path in MODULES if not any(path.is_relative_to(talker) for talker in talkers)]
    assert [line for path in quiet for line in calls(path, "print")] == []


# By what of the standard library and of our dependencies code could leave, beside the one guarded client.
WAYS_OUT = re.findall(
    r"\S+",
    """socket ssl http.client urllib.request ftplib smtplib imaplib poplib xmlrpc httpcore anyio
    AsyncClient Client AsyncHTTPTransport HTTPTransport open_connection create_connection
    open_unix_connection create_datagram_endpoint sock_connect urlopen""",
)

EXCEPTIONS = {
    "codestral_ls/providers/http.py": {"AsyncClient", "ssl"},
    "codestral_ls/providers/http2.py": {"httpcore"},  # Mends a class of it, and connects to nothing.
    "codestral_ls/providers/transport.py": {"httpcore"},  # The name of a type.
    "codestral_ls/engine/workspace.py": {"urllib.request"},  # `url2pathname`, which only reads a path.
}


@pytest.mark.parametrize("path", [path for path in MODULES if "bench" not in path.parts], ids=name)
def test_only_one_client_talks_to_the_world(path):
    """Where code may go is checked there. `bench` stays on this machine, and is not part of the product;
    `fetch` runs the user's package client, which is sent nothing but a package's name."""
    used = {way for way in WAYS_OUT for named in names(path) if named == way or named.startswith(f"{way}.")}
    assert used == EXCEPTIONS.get(name(path), set())


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_certificate_goes_unchecked(path):
    source = path.read_text(encoding="utf-8")
    assert not {"CERT_NONE", "check_hostname", "_create_unverified_context", "verify=False"} & words(source)


def names(path):
    """Every module that is imported, and every name that is looked up in something."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr


def words(source):
    return set(re.findall(r"[\w=]+", source))
