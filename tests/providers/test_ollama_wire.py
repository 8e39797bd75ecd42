"""What Ollama tells of a model, and the lines of its answers."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.model import BadReply
from codestral_ls.providers.ndjson import MAX_LINE, LineParser
from codestral_ls.providers.ollama_wire import Facts, facts_from, lasting

LLAMA = {"general.architecture": "llama", "llama.context_length": 8192}

SHOWN = {
    "nothing": ({}, Facts()),
    "capabilities": ({"capabilities": ["completion", "insert"]}, Facts(inserts=True)),
    "capabilities go before the template": ({"capabilities": [], "template": "{{ .Suffix }}"}, Facts()),
    "a template of an old server": ({"template": "{{ .Suffix }}"}, Facts(inserts=True)),
    "no capabilities": ({"capabilities": None}, Facts()),
    "context": ({"model_info": LLAMA}, Facts(context=8192)),
    "the context of another part": (
        {"model_info": {"general.architecture": "gemma3", "clip.context_length": 77}},
        Facts(),
    ),
    "a context that is no number": ({"model_info": LLAMA | {"llama.context_length": None}}, Facts()),
    "no info": ({"model_info": None}, Facts()),
    "stops": (
        {"parameters": 'num_ctx    4096\nstop    "<|im_end|>"\nstop    "a\\nb"\nstop    bare'},
        Facts(stops=("<|im_end|>", "a\nb", "bare")),
    ),
    "another host": ({"remote_host": "https://relay.example:443"}, Facts(remote="relay.example")),
    "another host without a scheme": ({"remote_host": "relay.example"}, Facts(remote="relay.example")),
}


@pytest.mark.parametrize(("shown", "facts"), SHOWN.values(), ids=SHOWN)
def test_facts(shown, facts):
    assert facts_from(msgspec.json.encode(shown), "m") == facts


@pytest.mark.parametrize("name", ["m:cloud", "m:7b-cloud", "M:7B-CLOUD"])
def test_a_name_says_that_another_host_runs_it(name):
    assert facts_from(b"{}", name).remote == "ollama.com"


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'{"template":7}'])
def test_what_is_no_answer_of_ollama(answer):
    with pytest.raises(BadReply, match="not that of Ollama"):
        facts_from(answer, "m")


@pytest.mark.parametrize(
    ("text", "sent"), [("-1", -1), ("300", 300), ("0", 0), ("30m", "30m"), ("-1m", "-1m")]
)
def test_how_long_a_model_stays(text, sent):
    assert lasting(text) == sent


@given(st.lists(st.text("é\r\n ab", max_size=6)), st.integers(1, 5))
def test_lines_are_whole_however_the_network_cuts_them(texts, size):
    sent = "".join(f"{text}\n" for text in texts).encode()
    parser = LineParser()
    reads = [sent[at : at + size] for at in range(0, len(sent), size)]
    lines = [line for read in reads for line in parser.feed(read)]
    assert lines == [line.strip() for line in sent.split(b"\n") if line.strip()]


def test_a_line_that_does_not_end_is_none():
    assert list(LineParser().feed(b'{"done":true}')) == []


def test_a_line_has_a_limit_in_one_read_or_in_many():
    parser = LineParser()
    assert list(parser.feed(b"x" * MAX_LINE)) == []
    with pytest.raises(BadReply, match="endless line"):
        list(parser.feed(b"x"))
    with pytest.raises(BadReply, match="endless line"):
        list(LineParser().feed(b"x" * (MAX_LINE + 1) + b"\n"))
