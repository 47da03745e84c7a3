"""What operators rely on: migrations and logs."""
