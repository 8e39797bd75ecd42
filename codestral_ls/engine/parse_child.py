"""The process that looks for names in texts with tree-sitter, until standard input ends.

A grammar holds the interpreter's lock while it parses, and a hostile text may bring it down: not in the
server's process. Each line of standard input is a JSON list of language, text and name; the line of standard
output that answers it is a list of line, column and role, or null for a text that cannot be parsed. It opens
no file and knows none.
"""

from __future__ import annotations

import json
import signal
import sys

from codestral_ls.core.occurrences import occurrences


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, which ends us.
    for line in sys.stdin.buffer:
        found = occurrences(*json.loads(line))
        answer = None if found is None else [[each.line, each.column, each.role] for each in found]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
