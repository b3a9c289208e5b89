"""Which supply paths to listen to under a limit of queries per second."""
