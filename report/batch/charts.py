"""The class in numbers: how many of each, as bars that the class page draws."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from report.batch.labels import STATUS_NAMES
from report.batch.results import Result, Status
from report.labs.model import Lab
from report.text import Text, visible

_STACK_FROM, _STACK_WIDTH = 480, 720
_MOST_BARS = 8
_OTHERS = Text("其他", "others")
_UNKNOWN = Text("未知", "unknown")
_SECONDS = (
    (0.1, "< 0.1 s"),
    (1, "0.1 – 1 s"),
    (10, "1 – 10 s"),
    (60, "10 – 60 s"),
    (300, "1 – 5 min"),
)
_LONGER = "> 5 min"
_PACKETS = (
    (20, "< 20"),
    (50, "20 – 49"),
    (100, "50 – 99"),
    (500, "100 – 499"),
    (2000, "500 – 1999"),
)
_MORE = "≥ 2000"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: what it counts, how many, how long it is drawn."""

    name: Text
    count: int
    share: float
    """Its length, of that of the longest."""
    kind: str = "plain"
    find: str = ""
    """What to look for in the table, to see who they are."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A title and its bars."""

    title: Text
    bars: tuple[Bar, ...]
    long_names: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a question's bar: how many answers have one status."""

    status: str
    count: int
    x: str
    width: str


@dataclass(frozen=True, slots=True)
class QuestionBar:
    """One question over the whole class."""

    id: str
    ask: Text
    parts: tuple[Part, ...]


class Census:
    """Counts a class, one result at a time, so that no two need be in memory."""

    def __init__(self) -> None:
        self.statuses: Counter[Status] = Counter()
        self.students = 0
        self._versions: Counter[str] = Counter()
        self._suites: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._seconds: Counter[str] = Counter()
        self._packets: Counter[str] = Counter()
        self._answers: dict[str, Counter[str]] = {}

    def add(self, result: Result) -> None:
        """Counts one student."""
        self.students += 1
        self.statuses[result.status] += 1
        if result.problem is not None:
            self._reasons[result.problem.slug] += 1
        if result.findings is None:
            return
        session = result.findings.session
        self._versions[session.version or ""] += 1
        self._suites[session.cipher_suite or ""] += 1
        self._seconds[_bin(session.seconds, _SECONDS, _LONGER)] += 1
        self._packets[_bin(session.packets, _PACKETS, _MORE)] += 1
        for answer in result.findings.answers:
            self._answers.setdefault(answer.id, Counter())[answer.status] += 1

    def charts(self) -> tuple[Chart, ...]:
        """Outcomes, versions, suites, lengths of the sessions in seconds and packets."""
        outcomes = {s: n for s in Status if (n := self.statuses[s])}
        longest = max(outcomes.values(), default=0)
        return (
            Chart(
                Text("结果", "Outcomes"),
                tuple(
                    Bar(STATUS_NAMES[s], n, _share(n, longest), s.value)
                    for s, n in outcomes.items()
                ),
            ),
            Chart(Text("TLS 版本", "TLS versions"), _most(self._versions)),
            Chart(
                Text("会话时长", "Length of the session"),
                _binned(self._seconds, [name for _, name in _SECONDS] + [_LONGER]),
            ),
            Chart(
                Text("会话的数据包数", "Packets of the session"),
                _binned(self._packets, [name for _, name in _PACKETS] + [_MORE]),
            ),
            Chart(Text("密码套件", "Cipher suites"), _most(self._suites), long_names=True),
            Chart(
                Text("没有（完整）报告的原因", "Why there is no (whole) report"),
                _most(self._reasons),
                long_names=True,
            ),
        )

    def questions(self, lab: Lab) -> tuple[QuestionBar, ...]:
        """How each question of the lab was answered over the class."""
        return tuple(
            QuestionBar(q.id, _short(q.ask.text), tuple(_parts(self._answers[q.id])))
            for q in lab.questions
            if q.id in self._answers
        )


def _short(text: Text) -> Text:
    return Text(visible(text.zh), visible(text.en))


def _bin(value: float, edges: Iterable[tuple[float, str]], above: str) -> str:
    return next((name for edge, name in edges if value < edge), above)


def _share(count: int, longest: int) -> float:
    return count / longest if longest else 0.0


def _most(counts: Mapping[str, int]) -> tuple[Bar, ...]:
    """The commonest first, equal ones by name; what is over in one bar."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown, rest = ordered[:_MOST_BARS], ordered[_MOST_BARS:]
    others = sum(count for _, count in rest)
    longest = max([others, *(count for _, count in shown)], default=0)
    bars = [_named(name, count, longest) for name, count in shown]
    if others:
        bars.append(Bar(_OTHERS, others, _share(others, longest)))
    return tuple(bars)


def _named(name: str, count: int, longest: int) -> Bar:
    shown = visible(name)
    text = Text(shown, shown) if name else _UNKNOWN
    return Bar(text, count, _share(count, longest), find=shown)


def _binned(counts: Mapping[str, int], names: Iterable[str]) -> tuple[Bar, ...]:
    longest = max(counts.values(), default=0)
    return tuple(
        Bar(Text(name, name), counts.get(name, 0), _share(counts.get(name, 0), longest))
        for name in names
    )


_ORDER = ("found", "explained", "absent", "hidden", "not_applicable", "not_captured", "failed")


def _parts(counts: Mapping[str, int]) -> Iterator[Part]:
    total, done = sum(counts.values()), 0
    for status in _ORDER:
        count = counts.get(status, 0)
        if count:
            x = _STACK_FROM + _STACK_WIDTH * done / total
            yield Part(status, count, f"{x:.1f}", f"{_STACK_WIDTH * count / total:.1f}")
            done += count
