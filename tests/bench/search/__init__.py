"""Search among millions of messages."""
