"""The linear program of capacities and budgets: exact, by dual ascent, and over partitions."""
