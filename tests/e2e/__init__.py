"""The black-box suite: a running deployment, seen from outside, subject by subject."""
