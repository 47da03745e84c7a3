"""Compares what Matrix, the index, the outbox, JetStream and the readers have, and what callers were told."""
