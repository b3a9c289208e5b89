"""The parts of `kit.data.sql.policy`: what a query may read and be made of, and how it is read."""
