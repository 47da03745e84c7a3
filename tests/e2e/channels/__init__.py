"""Channels: created, listed, changed, archived, and direct ones."""
