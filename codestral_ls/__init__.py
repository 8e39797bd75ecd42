"""codestral-ls: code completion for every LSP editor, by Codestral or a model on this machine."""

__version__ = "0.1.0"
