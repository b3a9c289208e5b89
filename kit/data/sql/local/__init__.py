"""DuckDB in a child process, locked and confined: the parts of `kit.data.sql.engine`."""
