"""JupyterLab: the templates in its launcher, this workspace's runs in its sidebar.

Every Jupyter server in the environment imports this module at start, so it imports nothing.
"""

LABEXTENSION = "programmatic-kit-lab"
"""Name of the front end (``frontend/package.json``) and of its folder below ``labextensions``."""


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell the Jupyter server which module to load."""
    return [{"module": "kit.lab.server"}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell ``jupyter labextension develop`` where the built front end lies."""
    return [{"src": "labextension", "dest": LABEXTENSION}]
