"""What comes from the homeserver: people, pushes, moderators, upgrades, encryption."""
