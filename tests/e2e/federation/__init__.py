"""People of another homeserver, and what that homeserver claims."""
