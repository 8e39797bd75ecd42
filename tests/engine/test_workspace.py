"""Which documents may be completed."""

from __future__ import annotations

from pathlib import Path

import pytest

from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.text import Document
from codestral_ls.engine.workspace import Workspace, path_of

CASES = {
    "a source file": ("file:///shop/cart.py", "x = 1\n", None),
    "an unsaved buffer": ("untitled:Untitled-1", "x = 1\n", None),
    "a notebook's cell": ("vscode-notebook-cell:/shop/a.ipynb#W0", "x = 1\n", None),
    "an output pane": ("output:log", "x = 1\n", "documents of the kind 'output' are not completed"),
    "a binary file": ("file:///shop/logo", "\0\0PNG", "it is not a text file"),
    "a secret": ("file:///shop/.env", "KEY=1\n", "its name says that it holds secrets"),
    "a secret in capitals": ("file:///shop/Server.PEM", "x\n", "its name says that it holds secrets"),
    "an example of a secret": ("file:///shop/.env.example", "KEY=\n", None),
    "a folder that is ignored": ("file:///shop/build/out.py", "x\n", "privacy.ignore names it"),
    "a root's own rule": ("file:///shop/local.py", "x\n", "privacy.ignore names it"),
    "outside of every root": ("file:///elsewhere/id_rsa", "x\n", "its name says that it holds secrets"),
    "a percent-encoded secret": ("file:///shop/%2Eenv", "KEY=1\n", "its name says that it holds secrets"),
}


@pytest.mark.parametrize(("uri", "text", "reason"), CASES.values(), ids=CASES.keys())
def test_refusals(uri, text, reason):
    workspace = Workspace([Path("/shop")], IgnoreRules.of(("build/", "/local.py")))
    document = Document.of(uri, "python", 1, text)
    workspace.open(document)
    assert workspace.why_refused(document) == reason


def test_new_rules_hold_for_open_documents():
    workspace = Workspace([Path("/shop")])
    document = Document.of("file:///shop/cart.py", "python", 1, "x = 1\n")
    workspace.open(document)
    assert workspace.why_refused(document) is None
    workspace.set_rules(IgnoreRules.of(("*.py",)))
    assert workspace.why_refused(document) == "privacy.ignore names it"


def test_paths_of_uris():
    assert path_of("file:///shop/a%20b.py") == Path("/shop/a b.py")


def test_a_workspace_inside_of_a_folder_of_secrets():
    workspace = Workspace([Path("/home/me/.aws")])
    document = Document.of("file:///home/me/.aws/config", "ini", 1, "[default]\n")
    assert workspace.why_refused(document) == "its name says that it holds secrets"


def test_an_address_that_is_none_does_not_stop_new_settings():
    workspace = Workspace()
    workspace.open(Document.of("file://[::1/x", "python", 1, "x = 1\n"))
    workspace.set_rules(IgnoreRules.of(("*.py",)))
    assert workspace.why_refused(workspace.get("file://[::1/x")) == "its address cannot be understood"
