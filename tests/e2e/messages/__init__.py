"""Messages: sent, read, paged, edited and deleted."""
