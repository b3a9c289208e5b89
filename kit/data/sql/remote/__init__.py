"""SQL on a PostgreSQL server, as a role that can only read."""
