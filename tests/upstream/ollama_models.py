"""The models of a stand-in for Ollama, and the lines that it answers with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from codestral_ls.bench.reply import Plain

QWEN = "{{- if .Suffix }}<|fim_prefix|>{{ .Prompt }}<|fim_suffix|>{{ .Suffix }}<|fim_middle|>{{- else }}…"

_DURATION = re.compile(r"-?(\d+(\.\d+)?(ns|us|ms|s|m|h))+|0")


@dataclass(frozen=True)
class FakeModel:
    """A model of the server. `template` is Go's; that it names `.Suffix` is what gives it "insert"."""

    template: str = ""
    capabilities: tuple[str, ...] = ("completion", "tools")
    context: int = 32_768
    parameters: str = ""
    remote_host: str = ""
    size: int = 4_700_000_000
    parameter_size: str = "7.6B"

    @property
    def told(self) -> list[str]:
        return [*self.capabilities, *(["insert"] if ".Suffix" in self.template else [])]


MODELS = {
    "qwen2.5-coder:7b": FakeModel(QWEN, parameters='stop    "<|endoftext|>"\nstop    "<|im_end|>"'),
    "codestral:22b": FakeModel("[SUFFIX]{{ .Suffix }}[PREFIX] {{ .Prompt }}", parameter_size="22.2B"),
    "deepseek-coder-gguf:latest": FakeModel(),
    "mine:latest": FakeModel("<A>{{ .Prompt }}<B>{{ .Suffix }}<C>", parameters='stop    "<D>"'),
    "llama3.1:8b": FakeModel(),
    "qwen3-coder:480b-cloud": FakeModel(QWEN, remote_host="https://ollama.com:443"),
}


def rendered(model: FakeModel, prompt: str, suffix: str, *, raw: bool) -> str:
    """The prompt as the model gets it: with no suffix it is taken for a chat."""
    if raw:
        return prompt
    if not suffix:
        return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
    shape = model.template.replace("{{- if .Suffix }}", "").partition("{{- else }}")[0]
    return shape.replace("{{ .Prompt }}", prompt).replace("{{ .Suffix }}", suffix)


def lasts(keep: object) -> bool:
    """Whether Go understands a duration: a bare number only if it is one."""
    return isinstance(keep, (int, float)) or bool(_DURATION.fullmatch(str(keep)))


def piece(chat: bool, model: str, text: str = "", **more: Any) -> dict[str, Any]:
    """A line of a stream."""
    said = {"message": {"role": "assistant", "content": text, **more}} if chat else {"response": text, **more}
    return {"model": model, "created_at": "2026-11-23T10:00:00.000000001Z", **said, "done": False}


def done(model: str, reason: str) -> Plain:
    """The answer to a request without a prompt."""
    return Plain(200, {"model": model, "response": "", "done": True, "done_reason": reason})


def merged(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer in one piece."""
    if "message" in lines[-1]:
        text = "".join(line["message"]["content"] for line in lines)
        calls = [call for line in lines for call in line["message"].get("tool_calls", ())]
        return lines[-1] | {"message": {"role": "assistant", "content": text, "tool_calls": calls}}
    return lines[-1] | {"response": "".join(line.get("response", "") for line in lines)}


def too_long(counted: int, context: int) -> Plain:
    """The refusal of llama.cpp's server, which Ollama hands on as a text."""
    message = f"request ({counted} tokens) exceeds the available context size ({context} tokens)"
    fault = {"code": 400, "message": message, "type": "exceed_context_size_error", "n_ctx": context}
    return Plain(400, {"error": msgspec.json.encode({"error": fault}).decode()})
