"""SQL over logs and tables: what may be asked, and where it runs."""
