"""A conversation with a model that may call a function."""

from __future__ import annotations

from codestral_ls.core.model import ChatRequest, Message, Tool, ToolCall
from codestral_ls.core.privacy import redact

SYSTEM = Message("system", redact("You refactor code."))
ASKED = Message("user", redact("def compute_total(items): ..."))
REQUEST = ChatRequest((SYSTEM, ASKED), max_tokens=100)
TOOL = Tool("read_file", "Reads a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
CALLS = (
    ToolCall("abc123XYZ", "read_file", '{"path":"a.py"}'),
    ToolCall("def456XYZ", "read_file", '{"path":"é/b.py","lines":[1,2]}'),
)
