"""XML from strangers: no document types, no entities, no network."""

from typing import Any

from lxml import etree


class XmlRefusedError(ValueError):
    """The XML declares a document type or entities, or is damaged; `entities` says which."""

    def __init__(self, detail: str, entities: bool = False) -> None:
        super().__init__(detail)
        self.entities = entities


def parsed_xml(data: bytes) -> Any:
    """The root element. Raises XmlRefusedError."""
    plain = data.replace(b"\0", b"") if 0 in data[:4] else data  # UTF-16 and UTF-32
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise XmlRefusedError("document type", entities=True)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise XmlRefusedError(str(error)) from error
    about: Any = root.getroottree().docinfo
    if about.doctype:
        raise XmlRefusedError("document type", entities=True)  # hidden by another encoding
    return root
