"""Reads, writes and resumes in an index of up to ten million messages."""
