"""The Neovim plug-in's Lua: no fault that luacheck knows of, and formatted by StyLua."""

from __future__ import annotations

import subprocess

import pytest

from tests.editors import debian_prefix, stylua
from tests.editors.neovim import PLUGIN


@pytest.mark.skipif(bool(debian_prefix.missing()), reason=debian_prefix.missing())
def test_luacheck() -> None:
    usr = debian_prefix.folder() / "usr"
    compiled = next(usr.glob("lib/*/lua/5.1"))
    lua = {
        "LUA_PATH": f"{usr}/share/lua/5.1/?.lua;{usr}/share/lua/5.1/?/init.lua",
        "LUA_CPATH": f"{compiled}/?.so",
    }
    command = [debian_prefix.program("lua5.1"), usr / "bin" / "luacheck", "--no-color", "--no-cache", "."]
    done = subprocess.run(command, cwd=PLUGIN, env=lua, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(bool(stylua.missing()), reason=stylua.missing())
def test_stylua() -> None:
    assert stylua.run("--check") == ""
