"""Other facts of the student's own capture that are easily taken for the answer."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from report.grading.published import published_answers
from report.labs.model import NamedQuery, Question
from report.questions.answer import Answer, AnswerValue, Evidence
from report.questions.engine import LabResult
from report.tables.certificates import SentCertificate, sent_certificates
from report.tables.dissection import TreeField, first_field
from report.tables.packets import integers
from report.tls.message_types import CERTIFICATE, CLIENT_HELLO, FINISHED, HANDSHAKE
from report.tls.registry import cipher_suite_name, signature_scheme_name, version_name

Decoy = tuple[str, AnswerValue]
_FIN, _SYN, _ACK = 0x01, 0x02, 0x10
_SMALL = 9
_ENCODING = ("3082", "30", "0282")
"""How the DER encoding of an RSA key, or of its modulus, begins."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question with what the capture answers to it."""

    question: Question
    answer: Answer
    result: LabResult
    given: AnswerValue

    @property
    def query(self) -> str:
        query = self.question.query
        return query.name if isinstance(query, NamedQuery) else ""

    def cites(self, field: str) -> bool:
        """Whether a field of that name, or below it, proves the answer."""
        return any(evidence.field.startswith(field) for evidence in self.answer.evidence)


def decoys(
    question: Question, answer: Answer, result: LabResult, given: AnswerValue
) -> dict[str, tuple[AnswerValue, ...]]:
    """What `given` may have been taken from, by the slug of the confusion."""
    asked = _Asked(question, answer, result, given)
    found: dict[str, list[AnswerValue]] = {}
    for slug, value in _every(asked):
        if value not in found.setdefault(slug, []):
            found[slug].append(value)
    return {slug: tuple(values) for slug, values in found.items() if values}


def _every(asked: _Asked) -> Iterator[Decoy]:
    for finder in _BY_KIND.get(asked.question.kind, ()):
        yield from finder(asked)
    for value in published_answers(asked.result.lab.id, asked.question.id):
        if value != asked.answer.value:
            yield "textbook_answer", value


# ---- packet numbers -----------------------------------------------------------------------------


def _fragments(asked: _Asked) -> Iterator[Decoy]:
    yield from (("first_fragment", frame) for frame in asked.answer.parts[:-1])


def _other_connections(asked: _Asked) -> Iterator[Decoy]:
    """The packet given, where it is of the right kind but belongs to another connection."""
    packets, session = asked.result.tables.packets, asked.result.session
    given = asked.given
    if isinstance(given, bool) or not isinstance(given, int) or given not in packets.index:
        return
    if given in session.packets.index or not asked.answer.frames:
        return
    rows = packets.loc[[given, *asked.answer.frames]].to_dict("index")
    wanted = {sign for frame in asked.answer.frames for sign in _signs(rows[frame])}
    if wanted.intersection(_signs(rows[given])):
        yield "wrong_connection", given


def _signs(row: Mapping[Hashable, Any]) -> Iterator[tuple[str, int]]:
    """What a packet holds: kinds of message, kinds of record, the opening or end of TCP."""
    yield from (("handshake", n) for n in integers(row["tls.handshake.type"]))
    yield from (("record", n) for n in integers(row["tls.record.content_type"]) if n != HANDSHAKE)
    for flags in integers(row["tcp.flags"])[-1:]:
        if flags & (_SYN | _FIN):
            yield "tcp", flags & (_SYN | _FIN | _ACK)


def _sequence_numbers(asked: _Asked) -> Iterator[Decoy]:
    """Sequence and acknowledgement numbers of the packets that hold the answer.

    Relative ones begin at 0, so small numbers tell nothing.
    """
    for frame in asked.answer.frames[:3]:
        detail = asked.result.session.detail(frame)
        names = ("tcp.seq", "tcp.seq_raw", "tcp.ack", "tcp.ack_raw", "tcp.nxtseq")
        fields = [first_field(detail, name) for name in names] if detail else []
        for field in fields:
            if field and field.show.isdigit() and field.number > _SMALL:
                yield "sequence_number", field.number


def _retry(asked: _Asked) -> Iterator[Decoy]:
    retry = asked.result.session.retry
    if retry is not None and asked.query.startswith("server_hello."):
        yield "retry_for_server_hello", retry.frame


def _finished(asked: _Asked) -> Iterator[Decoy]:
    session = asked.result.session
    if not session.is_tls13 or not asked.query.startswith("application_data."):
        return
    for message in session.of("handshake", FINISHED, client=True):
        yield "finished_for_data", message.frame


def _fins(asked: _Asked) -> Iterator[Decoy]:
    if not asked.query.startswith("closing."):
        return
    rows = asked.result.session.packets
    cited = (*asked.answer.frames, *asked.answer.parts)
    for frame, flags in rows["tcp.flags"].items():
        if any(n & _FIN for n in integers(flags)) and frame not in cited:
            yield "fin_for_alert", int(str(frame))


# ---- versions, randoms, suites ------------------------------------------------------------------


def _record_version(asked: _Asked) -> Iterator[Decoy]:
    for message in _cited_messages(asked, "tls.handshake.version"):
        name = version_name(message)
        if name != asked.answer.value:
            yield "record_version", name


def _cited_messages(asked: _Asked, field: str) -> Iterator[int]:
    """Versions of the records that hold the cited hellos."""
    if not asked.cites(field):
        return
    frames = {e.frame for e in asked.answer.evidence if e.field == field}
    for record in asked.result.session.records:
        if record.frame in frames and record.has_header:
            yield record.version


def _whole_random(asked: _Asked) -> Iterator[Decoy]:
    if not asked.cites("tls.handshake.random") or not isinstance(asked.answer.value, str):
        return
    digits = len(asked.answer.value)
    evidence = _first_evidence(asked, "tls.handshake.random")
    for message in asked.result.session.messages:
        random = message.first("tls.handshake.random") if message.frame == evidence.frame else None
        if random is not None and random.octets is not None:
            yield "whole_random", random.octets.hex()[:digits]


def _first_evidence(asked: _Asked, field: str) -> Evidence:
    return next(e for e in asked.answer.evidence if e.field.startswith(field))


def _offered(asked: _Asked) -> Iterator[Decoy]:
    hellos = asked.result.session.of("handshake", CLIENT_HELLO, client=True)
    for field in (f for hello in hellos[:1] for f in hello.all("tls.handshake.ciphersuite")):
        name = cipher_suite_name(field.number)
        if name != asked.answer.value:
            yield "offered_for_chosen", name


# ---- certificates -------------------------------------------------------------------------------


def _chain(asked: _Asked) -> tuple[SentCertificate, ...]:
    sent = asked.result.session.of("handshake", CERTIFICATE, client=False)
    return sent_certificates(sent[0]) if sent else ()


def _names_in_chain(asked: _Asked) -> Iterator[Decoy]:
    if asked.query != "certificate.issuer":
        return
    for position, one in enumerate(_chain(asked)):
        subject, issuer = _subject_and_issuer(one)
        slug = "subject_for_issuer" if position == 0 else "root_for_issuer"
        yield from ((slug, name) for name in (subject,) if name and name != asked.answer.value)
        if issuer and issuer not in (asked.answer.value, subject):
            yield "root_for_issuer", issuer


def _subject_and_issuer(sent: SentCertificate) -> tuple[str, str]:
    try:
        return sent.subject_name, sent.read.issuer.display
    except ValueError:  # a certificate that cannot be read names nobody
        return "", ""


def _key_bytes(asked: _Asked) -> Iterator[Decoy]:
    """Digits of the public key that are no modulus: an EC point, the encoding around it."""
    if asked.query != "certificate.modulus":
        return
    chain = _chain(asked)
    point = chain[0].field.first("x509af.subjectPublicKey") if chain else None
    octets = point.octets if point else None
    if octets is None:
        return
    given = len(str(asked.given)) or 4
    if octets[:1] in (b"\x04", b"\x02", b"\x03"):
        yield "ec_point_as_modulus", octets.hex()[:given]
        yield "ec_point_as_modulus", octets[1:].hex()[:given]
    else:
        yield "modulus_as_encoded", octets.hex()[:given]
        yield from (("modulus_as_encoded", start) for start in _ENCODING)


def _signatures(asked: _Asked) -> Iterator[Decoy]:
    if asked.query != "server_hello.symmetric_algorithm":
        return
    for one in _chain(asked)[:1]:
        try:
            yield "signature_for_symmetric", one.read.signature_algorithm
        except ValueError:
            return
    for message in asked.result.session.of("handshake", client=False):
        field: TreeField | None = message.first("tls.handshake.sig_hash_alg")
        if field is not None:
            yield "signature_for_symmetric", signature_scheme_name(field.number)


_BY_KIND: dict[str, tuple[Callable[[_Asked], Iterator[Decoy]], ...]] = {
    "packet_number": (_fragments, _other_connections, _sequence_numbers, _retry, _finished, _fins),
    "version": (_record_version,),
    "hex": (_whole_random, _key_bytes),
    "cipher_suite": (_offered,),
    "name": (_names_in_chain,),
    "algorithm": (_signatures,),
}
