"""Agents: how they come in, post and act, and what they are told."""
