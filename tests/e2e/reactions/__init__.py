"""Reactions, through the API and in Matrix."""
