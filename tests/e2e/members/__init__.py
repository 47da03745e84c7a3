"""Members: joining, inviting, leaving, roles and muting."""
