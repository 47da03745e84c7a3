"""WebSockets: streams, resuming, access, close codes, many channels, ephemeral frames."""
