"""Services and the homeserver fail, and nothing is lost or doubled."""
