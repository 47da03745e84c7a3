"""What search is measured by: a dictionary, a corpus and queries."""
