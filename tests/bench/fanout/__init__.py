"""What sockets cost, and how soon they have an event, beside the WebSocket listener of NATS."""
