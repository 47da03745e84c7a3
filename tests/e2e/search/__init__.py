"""Search: what is found, by whom, and what is shown of it."""
