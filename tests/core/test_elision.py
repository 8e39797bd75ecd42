"""Lines that stand for others, in the comments of many languages and in the words of several."""

import pytest

from codestral_ls.core.elision import elision

SURE = {
    "python": "# ... rest of the code unchanged ...",
    "rust": "// ... existing code ...",
    "c": "/* ... */",
    "go": "// ... (unchanged)",
    "java": "// Rest of the class remains the same",
    "lua": "-- ... rest of the function ...",
    "sql": "-- remaining columns unchanged",
    "clojure": ";; ... rest of the code",
    "latex": "% ... rest unchanged",
    "html": "<!-- ... rest of the file ... -->",
    "javascriptreact": "{/* ... existing code ... */}",
    "ocaml": "(* ... same as before ... *)",
    "haskell": "{- ... rest of the module ... -}",
    "css": "/* existing styles stay the same */",
    "javascript": "...",
    "typescript": "// …",
    "php": "# [... existing code ...]",
    "swift": "// your code goes here",
    "ruby": "# ... other methods unchanged",
    "dart": "// ... reste du code inchangé",
    "csharp": "// ... (Rest des Codes unverändert)",
    "kotlin": "// ... resto del código sin cambios",
    "scala": "// ... 其余代码保持不变",
    "elixir": "# ... остальной код",
}
PERHAPS = {
    "words alone": "# rest of the function",
    "unchanged": "// unchanged",
    "for brevity": "// omitted for brevity",
    "other": "# other methods",
    "German": "# Rest des Codes wie bisher",
    "Italian": "// resto del codice",
    "Japanese": "// 残りの処理は省略",
    "Korean": "// 나머지 코드",
    "Polish": "// reszta kodu bez zmian",
    "dots in front": "# ... then the others",
    "three dots in Python": "...",
}
NO = {
    "code": "return rest",
    "a spread": "...args,",
    "a slice": "x[...]",
    "a comment": "# add up the prices",
    "dots at the end": "# loading ...",
    "a sentence about the rest": "# Skip the header, then go through the rest of the lines of the file.",
    "a string": 'print("... rest unchanged ...")',
    "a bare mark": "#",
    "a doc comment": "/// Returns the sum.",
    "an endless comment": "# ... rest unchanged" + " and more" * 100,
    "a decorator": "@unchanged",
    "a CSS id": "#rest-of-page {",
}
LINES = {
    **{f"sure, {name}": (line, name, "sure") for name, line in SURE.items()},
    **{f"perhaps, {name}": (line, "python", "perhaps") for name, line in PERHAPS.items()},
    **{f"no, {name}": (line, "python", "no") for name, line in NO.items()},
}


@pytest.mark.parametrize(("line", "language", "want"), LINES.values(), ids=LINES)
def test_elision(line, language, want):
    assert elision(f"    {line}", language) == want
