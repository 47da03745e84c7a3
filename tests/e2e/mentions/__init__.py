"""Mentions, through the API and in Matrix."""
