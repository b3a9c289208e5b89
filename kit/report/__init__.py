"""Figures and the self-contained write-up."""
