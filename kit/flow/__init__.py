"""The only place that strings stages together and records runs."""
