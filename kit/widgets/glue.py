"""What ipywidgets and plotly leave out: points that move without a redraw, names, the clipboard."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class Glue(anywidget.AnyWidget):
    """Draws points and lines over the figures of a panel.

    A plotly figure takes some 20 ms to redraw for one moved point; this takes less than 1 ms.

    Attributes
    ----------
    panel : str
        CSS class of the panel.
    points : list of dict
        figure, axes ("" or "2"), x, y (data coordinates), kind ("dot", "small", "square", "pin"),
        color, label.
    lines : list of dict
        figure, axes, x, y (lists), color; drawn below the points.
    """

    _esm = Path(__file__).with_name("glue.js")
    panel = traitlets.Unicode().tag(sync=True)
    points = traitlets.List(traitlets.Dict()).tag(sync=True)

    lines = traitlets.List(traitlets.Dict()).tag(sync=True)

    def copy_text(self, text: str) -> None:
        """Put a text on the clipboard, where the browser allows it."""
        self.send({"copy": text})
