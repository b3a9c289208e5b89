"""Paired comparison of policies with honest intervals."""
