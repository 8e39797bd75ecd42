"""Models of a few kilobytes with random weights, for llama.cpp's own server: what becomes of a prompt can be
seen from its tokens, whatever is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import gguf
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

FIM_TOKENS = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|repo_name|>", "<|file_sep|>")
"""Names by which the server knows them, so that the GGUF need not tell their ids."""

_WIDTH, _HEADS, _INNER = 32, 2, 64
_NORMAL, _UNKNOWN, _CONTROL, _BYTE = (
    gguf.TokenType.NORMAL,
    gguf.TokenType.UNKNOWN,
    gguf.TokenType.CONTROL,
    gguf.TokenType.BYTE,
)


def write_bpe(path: Path, *controls: str, context: int = 4096) -> Path:
    """A model with one token a byte, a few words, and these control tokens."""
    words = [*_byte_letters(), "Ġd", "Ġde", "Ġdef"]
    tokens = [*words, "<|endoftext|>", *controls]
    kinds = [_NORMAL] * len(words) + [_CONTROL] * (1 + len(controls))
    writer = _writer(path, tokens, kinds, "gpt2", context)
    writer.add_tokenizer_pre("default")
    writer.add_token_merges(["Ġ d", "Ġd e", "Ġde f"])
    writer.add_bos_token_id(len(words))
    writer.add_eos_token_id(len(words))
    writer.add_add_bos_token(False)
    _finish(writer, len(tokens))
    return path


def spm_tokens(*controls: str) -> list[str]:
    """The vocabulary of `write_spm`, by ids: letters, and blanks as `▁` by one, two and four."""
    raw = [f"<0x{byte:02X}>" for byte in range(256)]
    return ["<unk>", "<s>", "</s>", *controls, *raw, "▁", "▁▁", "▁▁▁▁", *map(chr, range(33, 127))]


def write_spm(path: Path, *controls: str, context: int = 4096) -> Path:
    """A model whose vocabulary is SentencePiece's: a blank is put before every text."""
    tokens = spm_tokens(*controls)
    first = 3 + len(controls)
    rest = len(tokens) - first - 256
    kinds = [_UNKNOWN, *[_CONTROL] * (first - 1), *[_BYTE] * 256, *[_NORMAL] * rest]
    writer = _writer(path, tokens, kinds, "llama", context)
    writer.add_token_scores([float(len(token)) for token in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(True)
    _finish(writer, len(tokens))
    return path


def _writer(
    path: Path, tokens: list[str], kinds: list[int], tokenizer: Literal["gpt2", "llama"], context: int
) -> gguf.GGUFWriter:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name(path.stem)
    writer.add_context_length(context)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model(tokenizer)
    writer.add_token_list(tokens)
    writer.add_token_types([int(kind) for kind in kinds])
    return writer


def _finish(writer: gguf.GGUFWriter, words: int) -> None:
    random = np.random.default_rng(0)
    shapes = {
        "token_embd": (words, _WIDTH),
        "output": (words, _WIDTH),
        "blk.0.attn_q": (_WIDTH, _WIDTH),
        "blk.0.attn_k": (_WIDTH, _WIDTH),
        "blk.0.attn_v": (_WIDTH, _WIDTH),
        "blk.0.attn_output": (_WIDTH, _WIDTH),
        "blk.0.ffn_gate": (_INNER, _WIDTH),
        "blk.0.ffn_up": (_INNER, _WIDTH),
        "blk.0.ffn_down": (_WIDTH, _INNER),
    }
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.standard_normal(shape, dtype=np.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", np.ones(_WIDTH, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _byte_letters() -> list[str]:
    """The letters that stand for the bytes in GPT-2's vocabulary: themselves where they can be seen."""
    seen = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in seen]
    return [chr(byte) for byte in seen] + [chr(256 + place) for place, _ in enumerate(hidden)]
