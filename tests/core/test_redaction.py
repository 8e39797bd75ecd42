"""What is a key or a password is blanked out, what is not stays, and hostile text takes no longer."""

from __future__ import annotations

import re._constants as opcodes
import re._parser as parser

import pytest

from codestral_ls.core.privacy import redact, redact_window
from codestral_ls.core.redaction import _CUT, _FORMS, secrets_in

HEX = "0123456789abcdef" * 4
MIX = "a1B2c3D4" * 8
MISTRAL = "Qy7" + "b2XkT9w" * 4 + "Z"

# Each in pieces, lest those who look for keys in repositories find these: the text, and what has to go.
SECRETS = {
    "OpenAI": ("x = '{}'", "sk-" + MIX[:40]),
    "Anthropic": ("x = '{}'", "sk-ant-api03-" + MIX),
    "GitHub": ("x = '{}'", "ghp_" + MIX[:36]),
    "GitHub, fine": ("x = '{}'", "github_pat_" + MIX),
    "GitLab": ("x = '{}'", "glpat-" + MIX[:20]),
    "AWS": ("x = '{}'", "AKIA" + "ABCD1234" * 2),
    "Google": ("x = '{}'", "AIza" + MIX[:35]),
    "Google's OAuth": ("x = '{}'", "ya29." + MIX),
    "Slack": ("x = '{}'", "xoxb-" + "1234567890-abcdef" * 2),
    "a Slack webhook": ("curl https://hooks.slack.com/services/{}", "T0001/B0001/" + MIX[:24]),
    "a Discord webhook": ("https://discord.com/api/webhooks/{}", "123456789012345678/" + MIX),
    "Stripe": ("x = '{}'", "sk_live_" + MIX[:24]),
    "npm": ("//registry/:_authToken={}", "npm_" + MIX[:36]),
    "PyPI": ("password = {}", "pypi-AgE" + MIX),
    "Hugging Face": ("x = '{}'", "hf_" + MIX[:34]),
    "Groq": ("x = '{}'", "gsk_" + MIX[:52]),
    "Replicate": ("x = '{}'", "r8_" + MIX[:37]),
    "DigitalOcean": ("x = '{}'", "dop_v1_" + HEX),
    "SendGrid": ("x = '{}'", "SG." + MIX[:22] + "." + MIX[:43]),
    "Twilio": ("x = '{}'", "SK" + HEX[:32]),
    "Mailgun": ("x = '{}'", "key-" + HEX[:32]),
    "Databricks": ("x = '{}'", "dapi" + HEX[:32]),
    "Shopify": ("x = '{}'", "shpat_" + HEX[:32]),
    "Vault": ("x = '{}'", "hvs." + MIX[:24]),
    "Telegram": ("x = '{}'", "123456789:AA" + MIX[:33]),
    "Azure": ("AccountName=a;AccountKey={};Suffix=b", MIX + MIX[:20] + "=="),
    "a signed address": ("https://a.example/b?sv=1&sig={}&se=2", MIX[:43] + "%3D"),
    "a JSON web token": ("x = '{}'", f"eyJhbGciOiJIUzI1NiJ9.eyJ{MIX}.{MIX}"),
    "a bearer": ("-H 'Authorization: Bearer {}'", MIX[:30]),
    "a basic authorization": ("'Authorization': 'Basic {}'", "dXNlcjpwYXNzd29yZDE="),
    "an address with a password": ("postgres://shop:{}@db.example/shop", "hunter2"),
    "a key of Mistral": ('api_key = "{}"', MISTRAL),
    "with a type": ('api_key: str = "{}"', MISTRAL),
    "in the environment": ("export MISTRAL_API_KEY={}", MISTRAL),
    "in an object": ('{{"mistralApiKey": "{}"}}', MISTRAL),
    "in a header": ("-H 'x-api-key: {}'", MISTRAL),
    "in a mapping": ('os.environ["CODESTRAL_API_KEY"] = "{}"', MISTRAL),
    "set by a call": ('setenv("MISTRAL_API_KEY", "{}")', MISTRAL),
    "in YAML": ("  auth_token: {}", MISTRAL),
    "in Go": ("clientSecret := `{}`", MISTRAL),
    "in Ruby": ("client_secret => '{}'", MISTRAL),
    "an AWS secret": ("aws_secret_access_key = {}", "wJalrXUtnFEMI7K7MDENG/bPxRfiCYEXAMPLEKEY"),
    "a password": ("password = '{}'", "hunter"),
    "a password in the environment": ("DB_PASSWORD={}", "correct-horse"),
    "a password in YAML": ("    password: {}", "hunter2!"),
    "a password in an object": ('{{"passwd": "{}"}}', "sesame"),
    "a private key": ("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", f"{MIX}\n{MIX}"),
    "a private key that does not end": ("-----BEGIN RSA PRIVATE KEY-----\n{}", f"{MIX}\n{MIX}"),
    "a service account": (
        '"private_key": "-----BEGIN PRIVATE KEY-----{}\\n-----END PRIVATE KEY-----\\n"',
        "\\n" + MIX,
    ),
    "a GPG key": ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n{}\n-----END PGP PRIVATE KEY BLOCK-----", MIX),
}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_blanked_in_place(name):
    around, secret = SECRETS[name]
    text = f"before = 1\r\n{around.format(secret)}\nafter = 2\n"
    if "does not end" not in name:
        assert redact(text).endswith("\nafter = 2\n")
    shown = redact(text)
    assert not any(line in shown for line in secret.split("\n"))
    assert shown.startswith(f"before = 1\r\n{around.partition('{}')[0].replace('{{', '{')}")
    assert [len(line) for line in shown.split("\n")] == [len(line) for line in text.split("\n")]


ORDINARY = [
    "sk-learn = 1",
    "AKIA = aws",
    "x = eyJ",
    "def task_runner(sk): ...",
    f"sha256 = '{HEX}'",
    f"integrity: sha512-{MIX}",
    "id = '550e8400-e29b-41d4-a716-446655440000'",
    f"DATA = base64.b64decode('{MIX}')",
    "commit 9456081aa1f3c2d4e5f60718293a4b5c6d7e8f90",
    "password = get_password()",
    "password: str",
    "password: string;",
    "password = None",
    "user, password = credentials",
    "login(user, password=password)",
    "PASSWORD=$1",
    "PASSWORD=$(pass show shop)",
    'password = f"{user}-{number}"',
    'password = os.environ["PASSWORD"]',
    "api_key = settings.api_key",
    'api_key = os.environ["MISTRAL_API_KEY"]',
    'api_key = "YOUR_API_KEY"',
    "token = tokens[0]",
    "token = parser.next_token_of_line(lines2)",
    "secret: string = readSecret()",
    "TOKEN_TYPES = {'NAME': 1}",
    "access_token_v2 = read()",
    'f"Bearer {token}"',
    "Bearer authentication is described in RFC 6750",
    "monkey = 'a1b2c3d4e5f6a7b8c9'",
    "http://localhost:8080/@user",
    "git@github.example:owner/name.git",
    "from hf_hub import hf_hub_download",
    "npm_config_registry=x",
    "color: #a1b2c3",
    "-----BEGIN CERTIFICATE-----",
    "if line.startswith('-----END'): break",
    "the key: a value of sixteen letters or more",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_code_stays(text):
    assert redact(f"{text}\n") == f"{text}\n"
    assert "".join(redact_window("def f():\n", text, "\n    pass\n")) == f"def f():\n{text}\n    pass\n"


KEY = "sk-" + MIX[:40]
WINDOWS = {
    "the cursor in a key": (("x = 1\n", f"key = '{KEY[:9]}", f"{KEY[9:]}'\n"), KEY),
    "the cursor in a password": (("x = 1\n", "password = 'hun", "ter'\n"), "hun"),
    "a key that begins before the window": ((f"{MIX[5:40]}'\n", "x", "\n"), MIX[5:40]),
    "a key that ends behind it": (("x = 1\n", "x", f"\nkey = '{KEY[:12]}"), KEY[:12]),
    "a private key that begins before it": ((f"{MIX}\n-----END PRIVATE KEY-----\n", "x", "\n"), MIX),
    "a private key that ends behind it": (("x", "", f"\n-----BEGIN PRIVATE KEY-----\n{MIX}\n"), MIX),
}


@pytest.mark.parametrize(("parts", "secret"), WINDOWS.values(), ids=WINDOWS)
def test_a_key_at_the_edge_of_what_is_sent(parts, secret):
    safe = redact_window(*parts)
    assert secret not in "".join(safe)
    assert list(map(len, safe)) == list(map(len, parts))


def test_the_kinds_are_told():
    text = f"a = '{KEY}'\npassword = 'hunter'\n"
    found = [(secret.kind, text[secret.start : secret.end]) for secret in secrets_in(text)]
    assert found == [("key of OpenAI, Anthropic or a relay", KEY), ("password", "hunter")]


def test_a_letter_that_grows_in_lower_case_moves_nothing():
    assert redact(f"İİİ = '{KEY}'") == f"İİİ = '{'x' * len(KEY)}'"


BOUND = 1000


@pytest.mark.parametrize("form", [*_FORMS, *_CUT], ids=lambda form: form.kind)
def test_the_work_is_bounded(form):
    """From each place a form looks no further than some bounded way, unless it then finds what it looks for,
    and goes on behind that: no repetition in a repetition, and none without a bound but a last one."""
    parsed = list(parser.parse(form.pattern.pattern))
    assert not [branch for branch in repeats(parsed, last=True) if not branch]


def repeats(parsed, last, inside=False):
    """For each repetition, whether it is harmless."""
    for number, (operation, argument) in enumerate(parsed):
        ends = last and number == len(parsed) - 1
        if operation in (opcodes.MAX_REPEAT, opcodes.MIN_REPEAT):
            _, most, body = argument
            bounded = most <= BOUND
            # Looked for with a sign of its end, or to the end of the text.
            lazy = operation is opcodes.MIN_REPEAT
            yield (bounded and (not inside or most <= 2)) or (ends and not inside) or lazy
            yield from repeats(body, last=False, inside=most > 2)
        elif operation is opcodes.SUBPATTERN:
            yield from repeats(argument[3], last=ends, inside=inside)
        elif operation is opcodes.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch, last=ends, inside=inside)
        elif operation in (opcodes.ASSERT, opcodes.ASSERT_NOT):
            yield from repeats(argument[1], last=False, inside=inside)


def test_every_kind_has_an_example():
    seen = {secret.kind for around, text in SECRETS.values() for secret in secrets_in(around.format(text))}
    assert {form.kind for form in _FORMS} - seen == {"xAI key", "Perplexity key", "age key"}
