"""The drafter that needs no model: a small grammar from words to SQL over the semantic layer."""
