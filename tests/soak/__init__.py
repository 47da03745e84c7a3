"""A supervised stack under load and under faults; afterwards every place that holds events is compared with every other."""
