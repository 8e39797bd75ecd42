"""A suggestion while the document changes: typed, deleted, undone, formatted, helped by the editor."""

from __future__ import annotations

from codestral_ls.core.prompt import Site
from codestral_ls.core.text import Edit, Span, apply_edits
from tests.engine.conftest import SUM, site, suggest, typed


def edited(place, start: int, end: int, text: str):
    """The same cursor after an edit elsewhere in the document."""
    document = apply_edits(place.document, [Edit(Span(start, end), text)], place.document.version + 1)
    moved = len(text) - (end - start) if start < place.offset else 0
    return Site(document, place.offset + moved)


async def test_an_edit_above_or_far_below_does_not_lose_a_suggestion(rig):
    place = site("import os\n\n\n" + "x = 1\n" * 60 + "total = █\ny = 2\n" + "z = 3\n" * 60)
    await suggest(rig, place, "a + b")
    above = edited(place, 0, 0, "import sys\n")
    assert (await rig.completer.complete(above, "automatic")).text == "a + b"
    below = edited(place, place.document.length, place.document.length, "end = 1\n")
    assert (await rig.completer.complete(below, "automatic")).text == "a + b"
    assert len(rig.model.calls) == 1


async def test_undo_brings_a_suggestion_back(rig):
    await suggest(rig, SUM, "a + b")
    await suggest(rig, typed(SUM, "xyz "), "+ 1")
    again = await rig.completer.complete(SUM, "automatic")
    assert (again.text, again.source) == ("a + b", "memory")
    assert len(rig.model.calls) == 2


async def test_a_word_of_it_accepted_leaves_the_others(rig):
    first = await suggest(rig, SUM, "compute(a, b) + tax")
    rest = await rig.completer.complete(typed(SUM, "compute"), "automatic")
    assert (rest.text, rest.id) == ("(a, b) + tax", first.id)


async def test_backspace_makes_it_longer(rig):
    place = site("total = pri█\nmore = 1\n")
    await suggest(rig, place, "ce * 2")
    back = edited(place, place.offset - 2, place.offset, "")
    longer = await rig.completer.complete(Site(back.document, place.offset - 2), "automatic")
    assert longer.text == "rice * 2"
    assert len(rig.model.calls) == 1


async def test_a_bracket_that_the_editor_closes_is_not_doubled(rig):
    place = site("total = compute█\nmore = 1\n")
    await suggest(rig, place, "(a, b)")
    opened = Site(typed(place, "()").document, place.offset + 1)
    rest = await rig.completer.complete(opened, "automatic")
    assert (rest.text, rest.span.end - rest.span.start) == ("a, b", 0)
    assert len(rig.model.calls) == 1


async def test_a_bracket_that_the_text_goes_beyond_is_replaced(rig):
    place = site("total = compute█\nmore = 1\n")
    await suggest(rig, place, "(a, b) + 1")
    opened = Site(typed(place, "()").document, place.offset + 1)
    rest = await rig.completer.complete(opened, "automatic")
    assert (rest.text, rest.span.end - opened.offset) == ("a, b) + 1", 1)


async def test_nothing_is_asked_right_behind_what_was_taken(rig):
    await suggest(rig, SUM, "compute(a, b) + tax")
    assert await rig.completer.complete(typed(SUM, "compute(a, b) + tax"), "automatic") is None
    assert len(rig.model.calls) == 1


async def test_the_editors_own_indentation_is_taken(rig):
    place = site("def f(a):\n    if a:█\nmore = 1\n")
    await suggest(rig, place, "\n        return 1", "invoked")
    entered = typed(place, "\n        ")
    assert (await rig.completer.complete(entered, "automatic")).text == "return 1"
    assert len(rig.model.calls) == 1


METHOD = site("class A:\n    def area(self█)\n\nx = 1\n")


def over(place, typed_text: str, replaced: int) -> Site:
    """The site after typing in place of as many characters right of the cursor."""
    edit = Edit(Span(place.offset, place.offset + replaced), typed_text)
    document = apply_edits(place.document, [edit], place.document.version + 1)
    return Site(document, place.offset + len(typed_text))


async def test_a_bracket_that_is_typed_over_leaves_the_rest(rig):
    first = await suggest(rig, METHOD, ") -> int:")
    assert (first.text, first.span.end - first.span.start) == (") -> int:", 1)
    rest = await rig.completer.complete(over(METHOD, ")", 1), "automatic")
    behind = METHOD.offset + 1
    assert (rest.id, rest.text, rest.span) == (first.id, " -> int:", Span(behind, behind))
    assert await rig.completer.complete(over(METHOD, ") -> int:", 1), "automatic") is None
    assert len(rig.model.calls) == 1


async def test_a_bracket_that_was_deleted_comes_with_the_suggestion(rig):
    await suggest(rig, METHOD, ") -> int:")
    again = await rig.completer.complete(over(METHOD, "", 1), "automatic")
    assert (again.text, again.span) == (") -> int:", Span(METHOD.offset, METHOD.offset))
