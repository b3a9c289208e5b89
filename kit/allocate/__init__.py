"""Decide what to buy and sell, where, and at what floor: the optimizers."""
