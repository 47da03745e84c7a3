"""Replies, through the API and in Matrix."""
