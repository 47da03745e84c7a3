"""Retries: idempotency keys, and acts that were left half done."""
