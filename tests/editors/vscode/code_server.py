"""A code-server with our packed extension in a fresh profile, and what it is set to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from tests.editors.vscode.install import EXTENSION, entry, environment, folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCRIPTS = Path(sys.executable).parent
PATIENCE = 20.0
"""Seconds that anything may take on a busy machine."""

KEYS: Mapping[str, str] = {
    command: f"ctrl+alt+f{number}"
    for number, command in enumerate(
        (
            "editor.action.inlineSuggest.trigger",
            "editor.action.inlineSuggest.acceptNextWord",
            "workbench.action.closeActiveEditor",
            "workbench.action.focusActiveEditorGroup",
            "workbench.action.quickOpen",
            "editor.action.refactor",
            "workbench.action.files.saveAll",
        ),
        start=1,
    )
}
"""A key for each command that a test gives, since the palette takes a second."""

HIGHLIGHTED_MS = 500
"""When VS Code marks a word's occurrences, after the cursor was put there. By then it has dropped the code
actions that it had, also those of an open menu: what is marked tells that it will not do so any more."""

QUIET: Mapping[str, Any] = {
    "chat.disableAIFeatures": True,
    "editor.lightbulb.enabled": "off",
    "editor.minimap.enabled": False,
    "editor.occurrencesHighlightDelay": HIGHLIGHTED_MS,
    "editor.quickSuggestions": False,
    "extensions.autoUpdate": False,
    "files.autoSave": "off",
    "git.enabled": False,
    "security.workspace.trust.enabled": False,
    "terminal.integrated.commandsToSkipShell": list(KEYS),
    "terminal.integrated.gpuAcceleration": "off",
    "window.autoDetectColorScheme": True,
    "workbench.preferredDarkColorTheme": "Default Dark Modern",
    "workbench.preferredLightColorTheme": "Default Light Modern",
    "workbench.quickOpen.closeOnFocusLost": False,
    "workbench.reduceMotion": "on",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "workbench.startupEditor": "none",
}
"""Settings with which nothing but us speaks up."""

WARY: Mapping[str, Any] = {
    "security.workspace.trust.enabled": True,
    "security.workspace.trust.startupPrompt": "never",
}
"""With these, a workspace is not trusted, and VS Code does not ask for it."""

SERVER: Mapping[str, Any] = {"codestral.server.path": str(SCRIPTS / "codestral-ls")}
"""Where our server is: VS Code takes the search path of a login shell, on which it is not."""

_URL = re.compile(r"HTTP server listening on (http://127\.0\.0\.1:\d+)")


@dataclass(frozen=True)
class CodeServer:
    """One that listens at `url`. What is below `place` is all its own: `workspace`, the profile, the logs."""

    url: str
    place: Path

    @property
    def workspace(self) -> Path:
        return self.place / "workspace"

    @property
    def state(self) -> Path:
        """Where our server keeps its ledger."""
        return self.place / "codestral_ls_state"

    def processes(self) -> set[int]:
        """The servers of ours that windows have started, and that run."""
        return {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if self._runs_in(folder)}

    def _runs_in(self, process: Path) -> bool:
        try:
            command, environ = ((process / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:
            return False  # It is somebody else's, or has just ended.
        return b"codestral-ls\0serve" in command and f"={self.state}\0".encode() in environ


@contextmanager
def serving(
    place: Path, settings: Mapping[str, Any], environ: Mapping[str, str], *, trusting: bool = True
) -> Iterator[CodeServer]:
    """code-server until the block ends. `settings` are the extension's, `environ` what its server finds.

    Workspaces are trusted, or else not before the user says so.
    """
    (place / "workspace").mkdir(parents=True, exist_ok=True)
    _write(place / "user" / "User" / "settings.json", QUIET if trusting else {**QUIET, **WARY})
    _write(place / "user" / "User" / "keybindings.json", [{"key": k, "command": c} for c, k in KEYS.items()])
    # Settings of scope `machine` count here only: the machine is the one that code-server runs on.
    _write(place / "user" / "Machine" / "settings.json", {**SERVER, **settings})
    env = _environment(place) | dict(environ)
    command = [*_command(place), "--install-extension", str(packed())]
    log = (place / "code-server.log").open("w", encoding="utf-8")
    subprocess.run(command, env=env, check=True, stdout=log, stderr=log)
    process = subprocess.Popen(
        [*_command(place), "--auth", "none", "--bind-addr", "127.0.0.1:0", *_SWITCHES[trusting]],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        assert process.stdout
        url = next(found[1] for line in process.stdout if (found := _URL.search(line)))
        yield CodeServer(url, place)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        assert process.stdout
        process.stdout.close()
        log.close()


def packed() -> Path:
    """The extension as users get it, packed anew where a source is younger; CODESTRAL_LS_TEST_VSIX names
    another one."""
    if named := os.environ.get("CODESTRAL_LS_TEST_VSIX"):
        return Path(named)
    with FileLock(folder() / "pack.lock"):
        made = sorted(EXTENSION.glob("*.vsix"), key=lambda file: file.stat().st_mtime)
        if not made or made[-1].stat().st_mtime < max(file.stat().st_mtime for file in _sources()):
            subprocess.run(
                ["npm", "run", "package", "--silent"],
                cwd=EXTENSION,
                env=environment() | {"PYTHON": sys.executable},
                check=True,
                stdout=subprocess.DEVNULL,
            )
            made = sorted(EXTENSION.glob("*.vsix"), key=lambda file: file.stat().st_mtime)
        return made[-1]


def _sources() -> Iterator[Path]:
    for name in ("package.json", "README.md", "media", "scripts", "src"):
        path = EXTENSION / name
        if path.is_dir():
            yield from (file for file in path.rglob("*") if file.is_file())
        elif path.exists():
            yield path


_QUIET = ("--disable-telemetry", "--disable-update-check", "--disable-getting-started-override")
_SWITCHES = {False: _QUIET, True: (*_QUIET, "--disable-workspace-trust")}


def _command(place: Path) -> list[str]:
    data = ["--user-data-dir", str(place / "user"), "--extensions-dir", str(place / "extensions")]
    return ["node", str(entry()), *data]


def _environment(place: Path) -> dict[str, str]:
    """All files go below `place`, and our server is found by its setting only."""
    path = os.pathsep.join(part for part in environment()["PATH"].split(os.pathsep) if part != str(SCRIPTS))
    places = {name: str(place / name.lower()) for name in ("CODESTRAL_LS_CACHE", "CODESTRAL_LS_STATE")}
    home = place / "home"
    home.mkdir(exist_ok=True)
    return {"PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8", **places}


def _write(file: Path, content: object) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
