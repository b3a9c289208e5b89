"""Look-up in documents: what is read, how it is cut, ranked, and answered from."""
