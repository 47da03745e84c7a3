"""Who has read how far, and what is unread: through the API, on WebSockets and in Matrix."""
