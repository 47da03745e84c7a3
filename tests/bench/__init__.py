"""Benchmarks: how fast it is, at a size that no test waits for."""
