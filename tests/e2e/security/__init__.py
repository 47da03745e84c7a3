"""Identity, the permission table, and hostile clients."""
