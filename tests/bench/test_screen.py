"""What the editor shows, and for how long."""

import random

import pytest

from codestral_ls.bench.future import Ahead
from codestral_ls.bench.positions import offset_of, position_of
from codestral_ls.bench.screen import Ghost, Screen, ghost_of
from codestral_ls.core.text import Edit, Span


def ghost(rest: str, cursor: int = 4, over: str = "", typed: int = 0) -> Ghost:
    return Ghost({}, cursor, cursor, over, rest, typed)


FOLLOWED = {
    "its next character": (ghost("total"), (4, 4, "t"), 5, ghost("otal", 5, typed=1)),
    "another character": (ghost("total"), (4, 4, "x"), 5, None),
    "all of it": (ghost("t"), (4, 4, "t"), 5, None),
    "its line end with the indentation": (ghost("\n  x"), (4, 4, "\n  "), 7, ghost("x", 7, typed=3)),
    "another indentation": (ghost("\n  x"), (4, 4, "\n    "), 9, None),
    "elsewhere": (ghost("total"), (2, 2, "t"), 3, None),
    "a backspace": (ghost("total"), (3, 4, ""), 3, None),
    "a bracket that closes itself": (ghost("(a)"), (4, 4, "()"), 5, ghost("a)", 5, over=")", typed=1)),
    "one that it does not close": (ghost("(a"), (4, 4, "()"), 5, None),
    "a bracket that is typed over": (
        ghost(")\nx", over=")"),
        (4, 5, ")"),
        5,
        ghost("\nx", 5, typed=1),
    ),
}


@pytest.mark.parametrize(("shown", "edit", "cursor", "left"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_a_suggestion_follows_the_typing(shown, edit, cursor, left):
    assert shown.after(Edit(Span(edit[0], edit[1]), edit[2]), cursor) == left


ITEMS = {
    "behind the cursor": (Span(4, 4), "total", ghost("total")),
    "with the word before it": (Span(2, 4), "cdtotal", ghost("total")),
    "in place of what follows": (Span(4, 5), "(e", ghost("(e", over="e")),
    "with another word": (Span(2, 4), "xytotal", None),
    "in place of blanks": (Span(0, 2), "else:", None),
    "nothing": (Span(2, 4), "cd", None),
}


@pytest.mark.parametrize(("span", "new", "shown"), ITEMS.values(), ids=ITEMS.keys())
def test_items_as_ghost_text(span, new, shown):
    assert ghost_of({}, span, new, "abcdefg", 4) == shown


def test_blanks_before_the_cursor_may_be_replaced():
    shown = ghost_of({}, Span(0, 4), "else:", "    \n", 4)
    assert shown
    assert shown.edit == Edit(Span(0, 4), "else:")


SHOWN_THEN = {
    "the same": (ghost("otal", typed=1), ghost("otal"), 0),
    "more at its end": (ghost("otal", typed=1), ghost("otal = 1"), 0),
    "another": (ghost("otal", typed=1), ghost("axes"), 1),
    "nothing": (ghost("otal", typed=1), None, 1),
    "another of which nothing was typed": (ghost("total"), ghost("axes"), 0),
    "before a bracket that it went in place of": (ghost("a)", over=")", typed=1), ghost("a"), 0),
    "less, before a bracket": (ghost("a + b)", over=")", typed=1), ghost("a"), 1),
}


@pytest.mark.parametrize(("before", "then", "flicker"), SHOWN_THEN.values(), ids=SHOWN_THEN)
def test_flicker(before, then, flicker):
    shown = screen()
    shown.ghost = before
    shown.show(then, 1.0)
    assert shown.flicker == flicker


KNOWN = Ahead("total = 1", 0)


def screen() -> Screen:
    return Screen(random.Random(1))


def test_a_keystroke_sees_what_comes_before_the_next():
    shown = screen()
    shown.press(1.0, KNOWN)
    shown.show(ghost("total = 2"), 1.25)
    shown.follow(Edit(Span(4, 4), "t"), 5)
    shown.press(1.5, Ahead("otal = 1", 0))
    shown.follow(Edit(Span(5, 5), "x"), 6)
    shown.press(1.75, Ahead("", 0))
    first, second, third = shown.keystrokes
    assert (first.shown, first.right, first.followed) == (1.25, True, False)
    assert (second.shown, second.right, second.followed) == (1.5, True, True)
    assert (third.shown, third.known) == (None, False)


def test_what_is_gone_within_a_frame_was_not_seen():
    shown = screen()
    shown.show(ghost("total", typed=1), 0.0)
    shown.press(1.0, KNOWN)
    assert shown.keystrokes[0].shown == 1.0
    shown.show(None, 1.01)
    assert shown.keystrokes[0].shown is None
    shown.show(ghost("total"), 1.3)
    shown.show(None, 1.4)
    assert shown.keystrokes[0].shown == 1.3


FLICKER = {
    "the same": ("otal", 0),
    "a longer one": ("otal = 1", 0),
    "another": ("ax", 1),
    "a shorter one": ("ot", 1),
    "none": (None, 1),
}


@pytest.mark.parametrize(("rest", "flicker"), FLICKER.values(), ids=FLICKER.keys())
def test_flicker_is_a_change_while_it_is_typed(rest, flicker):
    shown = screen()
    shown.show(ghost("total"), 0.0)
    noticed = shown.noticed
    shown.follow(Edit(Span(4, 4), "t"), 5)
    shown.show(ghost(rest, 5) if rest else None, 0.1)
    assert shown.flicker == flicker
    # Its reader reads on where it stays, and begins anew where it changes.
    assert (shown.noticed == noticed) is not flicker


def test_before_it_is_typed_a_suggestion_may_change():
    shown = screen()
    shown.show(ghost("total"), 0.0)
    shown.show(ghost("tax"), 0.1)
    assert shown.flicker == 0


@pytest.mark.parametrize("text", ["", "a\nb", "😀\r\nx\ry", "\n\n", "a\u2028b\n"], ids=ascii)
def test_positions_there_and_back(text):
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":
            assert offset_of(text, position_of(text, offset)) == offset
    assert position_of("x\n😀y", 4) == {"line": 1, "character": 3}
