"""The sequence diagram: which messages share an arrow, what the arrows say, where they lead."""

from report.rendering.diagram import Message, build_diagram
from report.rendering.view import DiagramStep, ReportView, StepKind
from report.text import Text

DATA = Text("应用数据", "Application Data")


def _message(
    frame: int, name: str | Text, *, to_server: bool = True, kind: StepKind = "clear"
) -> Message:
    text = Text(name, name) if isinstance(name, str) else name
    return Message(frame, frame / 100, to_server, text, kind)


def _data(frame: int, *, to_server: bool) -> Message:
    return _message(frame, DATA, to_server=to_server, kind="data")


def _steps(*messages: Message, anchors: dict[int, str] | None = None) -> tuple[DiagramStep, ...]:
    return build_diagram("192.0.2.1:5", "192.0.2.2:443", messages, anchors or {}).steps


def _english(step: DiagramStep) -> list[str]:
    return [label.en for label in step.labels]


def test_messages_of_one_frame_share_an_arrow() -> None:
    steps = _steps(
        _message(28, "Client Hello"),
        _message(39, "Client Key Exchange"),
        _message(39, "Change Cipher Spec"),
        _message(39, "Encrypted Handshake Message", kind="encrypted"),
    )
    assert [step.frames for step in steps] == ["28", "39"]
    assert _english(steps[1]) == [
        "Client Key Exchange",
        "Change Cipher Spec",
        "Encrypted Handshake Message",
    ]
    assert steps[1].kind == "clear"
    assert [label.kind for label in steps[1].labels] == ["clear", "clear", "encrypted"]
    assert steps[1].height > steps[0].height


def test_an_arrow_with_nothing_to_read_is_encrypted() -> None:
    assert _steps(_message(5, "Encrypted Alert", kind="encrypted"))[0].kind == "encrypted"


def test_data_in_one_direction_are_counted() -> None:
    runs = [_data(41, to_server=True), *(_data(n, to_server=False) for n in range(42, 65))]
    first, second = _steps(*runs)
    assert (first.frames, _english(first)) == ("41", ["Application Data"])
    assert (second.frames, _english(second)) == ("42–64", ["Application Data × 23"])
    assert second.labels[0].both == "应用数据\u2009Application Data × 23"
    assert not second.to_server


def test_data_back_and_forth_become_one_arrow_with_two_heads() -> None:
    steps = _steps(*(_data(n, to_server=n % 2 == 0) for n in range(10, 20)))
    assert [step.frames for step in steps] == ["10", "11", "12–19"]
    assert [step.both_ways for step in steps] == [False, False, True]
    assert _english(steps[2]) == ["Application Data × 8"]


def test_resets_in_a_row_are_one_arrow() -> None:
    resets = [_message(n, "TCP [RST]", kind="reset") for n in (359, 360, 371)]
    (step,) = _steps(*resets)
    assert (step.frames, _english(step), step.kind) == ("359–371", ["TCP [RST] × 3"], "reset")


def test_parts_are_named() -> None:
    text = Text("Certificate", "Certificate")
    (step,) = _steps(Message(37, 3.17, False, text, "clear", (32, 33, 34, 37)))
    assert _english(step) == ["Certificate (32, 33, 34, 37)"]


def test_arrows_lead_to_their_evidence() -> None:
    steps = _steps(
        _message(28, "Client Hello"),
        *(_data(n, to_server=False) for n in (41, 42)),
        _message(50, "Encrypted Alert", kind="encrypted"),
        anchors={28: "evidence-q3", 42: "evidence-q22"},
    )
    assert [step.anchor for step in steps] == ["evidence-q3", "evidence-q22", None]


def test_arrows_are_said_in_both_languages() -> None:
    (step,) = _steps(_message(28, "Client Hello"))
    assert step.spoken == Text(
        "客户端到服务器，第 28 号数据包：Client Hello", "Client to server, packet 28: Client Hello"
    )


def test_the_textbook_session(textbook_view: ReportView) -> None:
    """The frames that the published lab and its trace's description name (`traces/README.md`)."""
    steps = {step.frames: step for step in textbook_view.diagram.steps}
    assert _english(steps["17"]) == ["TCP [SYN]"]
    assert _english(steps["28"]) == ["Client Hello"]
    assert _english(steps["37"])[0] == "Certificate (32, 33, 34, 37)"
    assert _english(steps["37"])[-1] == "Server Hello Done"
    assert _english(steps["40"])[0] == "New Session Ticket"
    assert steps["41"].to_server
    assert not steps["42–65"].to_server
    assert _english(steps["358"]) == ["Encrypted Alert", "TCP [FIN, ACK]"]
    assert all(step.anchor for step in textbook_view.diagram.steps)
