"""The measurement of code actions runs to its end, and has a figure for all that it promises."""

from __future__ import annotations

import json

from codestral_ls.bench.refactor import MEASURES
from codestral_ls.cli import main


def test_every_measure_has_a_figure(capsys):
    assert main(["bench", "refactor", "--rounds", "1", "--requests", "2", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures.keys() == MEASURES.keys()
    assert {row["requests"] for row in figures.values()} == {2}
    assert figures["resolve, 20,000 lines"]["median"] > 0
