"""`codestral-ls cache` on a real store."""

import argparse
import json
import sqlite3

import pytest

from codestral_ls.cli import cache
from codestral_ls.cli.failure import Failure
from codestral_ls.engine.cache import cache_folder, open_store


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(tmp_path / "none.toml"))
    return cache_folder()


def run(*words):
    parser = argparse.ArgumentParser()
    cache.add_parser(parser.add_subparsers())
    args = parser.parse_args(["cache", *words])
    return args.run(args)


def fill(folder, count):
    with open_store(folder, 1 << 20) as store:
        for number in range(count):
            store.set(f"{number:064x}", b"{}")


def test_without_a_cache_nothing_is_made(folder, capsys):
    assert run("info", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(folder), "entries": 0, "bytes": 0}
    assert run("clear") == 0
    assert capsys.readouterr().out == f"0 replies removed from {folder}\n"
    assert not folder.exists()


def test_info_counts_and_clear_removes(folder, capsys):
    fill(folder, 3)
    assert run("info") == 0
    out = capsys.readouterr().out
    assert out.startswith("3 replies, ")
    assert out.endswith(f" MB in {folder}\n")
    assert run("clear", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"folder": str(folder), "removed": 3}
    assert run("info", "--json") == 0
    assert json.loads(capsys.readouterr().out)["entries"] == 0


@pytest.mark.parametrize("action", ["info", "clear"])
def test_a_broken_cache_is_one_sentence(action, folder):
    folder.mkdir(parents=True)
    (folder / "cache.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(Failure, match=r"cannot be used \(DatabaseError\)\. End every"):
        run(action)


def test_the_store_s_size_stays_the_user_s(folder, tmp_path):
    (tmp_path / "none.toml").write_text("[cache]\nsize_mb = 3\n")
    fill(folder, 1)
    assert run("info") == 0
    with sqlite3.connect(folder / "cache.db") as database:
        (size,) = database.execute("SELECT value FROM Settings WHERE key = 'size_limit'").fetchone()
    database.close()
    assert size == 3 * 1024 * 1024
