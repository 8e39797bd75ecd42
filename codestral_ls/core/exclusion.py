"""Which files no model ever sees: those that hold secrets by their name, and those that a pattern names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from codestral_ls.core.ignore import PatternFile, deciding, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

SECRET_FILES: Final = (
    ".env",
    ".env.*",
    "*.env",
    "!.env.example",
    ".envrc",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    "credentials",
    "credentials.*",
    "secrets.*",
    "*.tfvars",
    "*.tfstate",
    "*.tfstate.*",
    ".npmrc",
    ".yarnrc.yml",
    ".pypirc",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".my.cnf",
    ".vault-token",
    ".vault_pass*",
    ".htpasswd",
    ".git-credentials",
    ".dockercfg",
    "*.ovpn",
    "*.ppk",
    "*service-account*.json",
    "*service_account*.json",
    "**/.docker/config.json",
    "**/.kube/config",
    "**/.cargo/credentials.toml",
    "**/.config/gh/hosts.yml",
    "**/.config/gcloud/",
    "kubeconfig",
    ".aws/",
    ".azure/",
    ".ssh/",
    ".gnupg/",
)
"""Files whose content is a secret by their very name, as gitignore patterns in lower case."""

_SECRET: Final = PatternFile("the built-in list", parse(SECRET_FILES))


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why nothing of a file is sent: a clause that goes on from "because", and the rule that says so."""

    reason: str
    source: str = ""
    line: int = 0
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The built-in list, which nothing lifts, and the user's own patterns."""

    user: PatternFile
    gitignore: bool = True

    @classmethod
    def of(cls, patterns: tuple[str, ...] = (), *, gitignore: bool = True) -> IgnoreRules:
        """Rules from the user's gitignore patterns; `gitignore` is whether `.gitignore` files count, too."""
        return cls(PatternFile("privacy.ignore", parse(patterns)), gitignore)

    def why_excluded(self, path: str, whole: str = "") -> Exclusion | None:
        """Why a file must not be sent; None if it may.

        The user's patterns are for `path`, which is relative to its workspace. What holds secrets is told by
        the `whole` path: a workspace may be opened inside of `~/.ssh`.
        """
        secret = by_files([_SECRET], _parts((whole or path).lower()))
        return secret or by_files([self.user], _parts(path))


def by_files(
    files: Sequence[PatternFile], parts: Sequence[str], *, is_folder: bool = False
) -> Exclusion | None:
    """Why these files of patterns, the strongest last, keep a path from every model; None if they do not."""
    found = deciding(files, parts, is_folder=is_folder)
    if found is None:
        return None
    file, pattern = found
    if file is _SECRET:
        return Exclusion("its name says that it holds secrets", file.source, pattern.line, pattern.text)
    return Exclusion(f"{file.source} names it", file.source, pattern.line, pattern.text)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]
