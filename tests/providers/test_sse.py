"""However the network cuts the bytes, the events are the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.model import BadReply
from codestral_ls.providers.sse import MAX_EVENT, EventParser


def parse(*reads: bytes) -> list[str]:
    parser = EventParser()
    return [data for read in reads for data in parser.feed(read)]


EVENTS = {
    "one": (b"data: a\n\n", ["a"]),
    "several": (b"data: a\n\ndata: b\n\n", ["a", "b"]),
    "no blank after the colon": (b"data:a\n\n", ["a"]),
    "only one blank is taken": (b"data:  a\n\n", [" a"]),
    "several lines": (b"data: a\ndata: b\n\n", ["a\nb"]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
    "CR": (b"data: a\r\rdata: b\r\r", ["a", "b"]),
    "mixed line ends": (b"data: a\n\r\ndata: b\r\n\n", ["a", "b"]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
    "comment": (b": still here\n\ndata: a\n\n", ["a"]),
    "other fields": (b"event: x\nid: 1\nretry: 5\ndata: a\n\n", ["a"]),
    "unknown field": (b"database: x\ndata: a\n\n", ["a"]),
    "field without colon": (b"data\n\n", [""]),
    "unfinished": (b"data: a\n\ndata: b\n", ["a"]),
    "not UTF-8": (b"data: \xff\n\n", ["\ufffd"]),
    "line separators of Unicode are text": ("data: a\u2028b\x85c\x0cd\n\n".encode(), ["a\u2028b\x85c\x0cd"]),
    "astral": ("data: 🎉é\n\n".encode(), ["🎉é"]),
}


@pytest.mark.parametrize(("stream", "events"), EVENTS.values(), ids=EVENTS)
def test_events_of_whole_and_single_bytes(stream, events):
    assert parse(stream) == events
    assert parse(*(stream[at : at + 1] for at in range(len(stream)))) == events


TEXTS = st.lists(st.text().map(lambda text: text.translate({10: " ", 13: " "})), max_size=5)
NEWLINES = st.sampled_from(["\n", "\r\n", "\r"])


@given(TEXTS, NEWLINES, st.data())
def test_any_split_gives_the_same_events(texts, newline, data):
    stream = "".join(f"data: {text}{newline}{newline}" for text in texts).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    bounds = [0, *cuts, len(stream)]
    assert parse(*(stream[a:b] for a, b in pairwise(bounds))) == texts


def test_an_event_is_told_as_soon_as_it_ends():
    parser = EventParser()
    assert list(parser.feed(b"data: a\r\n\r")) == ["a"]
    assert list(parser.feed(b"\ndata: b\r\n\r\n")) == ["b"]


ENDLESS = {
    "line": [b"data: " + b"x" * (MAX_EVENT // 4)] * 5,
    "event of many lines": [b"data: " + b"x" * 1000 + b"\n"] * (MAX_EVENT // 1000 + 1),
    "event of many empty lines": [b"data:\n" * 1000] * (MAX_EVENT // 1000 + 1),
}


@pytest.mark.parametrize("reads", ENDLESS.values(), ids=ENDLESS)
def test_memory_is_bounded(reads):
    with pytest.raises(BadReply):
        parse(*reads)
