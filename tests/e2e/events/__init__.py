"""The event bus and the audit log."""
