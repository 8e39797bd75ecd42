"""Pure code: nothing here awaits, reads a clock, touches a disk or a socket, or names an LSP type.

Offsets are code points into a `Document`; lines and columns are zero-based.
"""
