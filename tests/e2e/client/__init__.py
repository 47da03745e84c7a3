"""The reference client against a real stack: what it shows is what the index has, whatever fails in between."""
