"""Clients of every part of the system, and waiting for conditions."""
