"""SQL over logs and tables: what may be asked, and where it runs.

The files here are the doors; the folders hold their parts. `guard` is behind `policy`, which
judges a query, and `translate`, which says it in another dialect. `local` and `remote` are behind
`open_engine`, which finds the engine that runs it; both keep to `contract`. `meaning` says which
SQL a metric is. No folder imports another, but for `contract`.
"""
