"""XML from strangers: no document type, so no entities to expand; bounded depth and number of elements."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.parsers import expat

MAX_DEPTH = 128
MAX_ELEMENTS = 50_000


class UnsafeXmlError(ValueError):
    """The text says what is wrong with the XML."""


def parse_xml(data: bytes) -> ElementTree.Element:
    """The root element; names in a namespace are "{namespace}name". Raises UnsafeXmlError."""
    builder = ElementTree.TreeBuilder()
    counter = _Counter()
    parser = expat.ParserCreate(namespace_separator="}")

    def start(name: str, attributes: dict[str, str]) -> None:
        counter.enter()
        builder.start(_qualified(name), {_qualified(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        counter.depth -= 1
        builder.end(_qualified(name))

    def refuse_doctype(*_: object) -> None:
        raise UnsafeXmlError("it declares a document type")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = refuse_doctype
    try:
        parser.Parse(data, True)
        return builder.close()
    except expat.ExpatError as error:
        raise UnsafeXmlError(f"its XML is broken in line {error.lineno}") from error
    except (AssertionError, LookupError, ValueError) as error:
        raise error if isinstance(error, UnsafeXmlError) else UnsafeXmlError("its XML is broken") from error


class _Counter:
    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def enter(self) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise UnsafeXmlError("it has too many elements")


def _qualified(name: str) -> str:
    return "{" + name if "}" in name else name
