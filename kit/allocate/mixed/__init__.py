"""Exchange bids and our own ads in one auction."""
