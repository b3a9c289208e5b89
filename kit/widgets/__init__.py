"""Panels for JupyterLab, one a file: state in, state out, no maths."""
