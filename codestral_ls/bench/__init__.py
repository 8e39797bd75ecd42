"""Headless measurements: what users feel, as commands that print figures with their spread."""
