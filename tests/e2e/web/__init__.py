"""The web page: how it is served, and what people do in it with a real browser."""
