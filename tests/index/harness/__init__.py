"""What the tests of the index stand on."""
