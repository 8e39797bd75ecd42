"""The README says what the code says."""

from pathlib import Path

from codestral_ls.core.config import settings_table

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- settings -->\n", "\n<!-- /settings -->"


def test_the_settings_table_is_the_code_s(request):
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    table, end, after = rest.partition(END)
    assert end, f"{README.name} has lost its marks around the settings table"
    if request.config.getoption("--update-fixtures", default=False):
        README.write_text(f"{before}{BEGIN}{settings_table()}{END}{after}", encoding="utf-8")
        return
    assert table == settings_table(), "run pytest --update-fixtures and look at the difference"
