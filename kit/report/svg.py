"""Make an SVG fit for a report: no addresses, no styles that leak, no clashing names."""

from __future__ import annotations

import re
from collections.abc import Callable

_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_NAMED = re.compile(r'\b(id="|href="#|url\(#)')


def clean_svg(text: str) -> str:
    """Return a standalone SVG without declaration, doctype, metadata, comments or style sheet.

    Only the SVG name space remains as an address-like string; nothing is fetched from it.

    Examples
    --------
    >>> clean_svg('<?xml version="1.0"?><svg xmlns="urn:svg"><!-- x --><text x="1.2345">1.2345</text></svg>')
    '<svg stroke-linejoin="round" xmlns="urn:svg"><text x="1.23">1.2345</text></svg>'
    """  # noqa: E501
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    # An inline style sheet would restyle the page around it.
    text = re.sub(r'<style type="text/css">.*?</style>', "", text, flags=re.DOTALL)
    text = text.replace("<svg ", '<svg stroke-linejoin="round" ', 1)
    return _each_tag(text, _clean_tag)


def inline_svg(svg: str, prefix: str) -> str:
    """Return an SVG for use inside an HTML page: no name space, ids prefixed, hidden from readers.

    The surrounding element carries the text alternative.

    Examples
    --------
    >>> inline_svg('<svg xmlns="urn:svg"><g id="a"/><use href="#a"/></svg>', "f")
    '<svg aria-hidden="true" focusable="false"><g id="f-a"/><use href="#f-a"/></svg>'
    """
    svg = _each_tag(svg, lambda tag: _NAMED.sub(rf"\g<1>{prefix}-", tag))
    svg = re.sub(r' xmlns="[^"]*"', "", svg, count=1)
    return svg.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1)


def _each_tag(text: str, mend: Callable[[str], str]) -> str:
    # Text between tags may be anyone's and is left alone; its angle brackets are escaped.
    return re.sub(r"<[^<>]*>", lambda match: mend(match.group()), text)


def _clean_tag(tag: str) -> str:
    tag = re.sub(r' xmlns:xlink="[^"]*"', "", tag).replace("xlink:href=", "href=")
    tag = re.sub(r"'DejaVu Sans'[^;\"]*", _FONT, tag)
    tag = re.sub(r' transform="rotate\(-0 [^"]*\)"', "", tag)
    return re.sub(r"(\d\.\d{2})\d+", r"\1", re.sub(r"\s*\n\s*", " ", tag))  # hundredths of a point
