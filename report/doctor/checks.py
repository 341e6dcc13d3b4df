"""One check per thing that labshark needs: from a `System` to a `Finding`, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from report.capture.programs import OLDEST_TSHARK, known_bad, shown_version
from report.doctor import remedies
from report.doctor.machine import WIRESHARK_PROGRAMS, System
from report.text import Text

Status = Literal["ok", "warning", "missing"]

OLDEST_PYTHON = (3, 11, 0)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked for and how it stands.

    `missing`: labshark cannot do its work; `warning`: part of it, and the text says which.
    `command` mends it; None where nothing is wrong or this system has no such command.
    """

    subject: str
    status: Status
    text: Text
    command: str | None = None


def check_python(system: System) -> Finding:
    """Python is new enough."""
    version = shown_version(system.python)
    if system.python >= OLDEST_PYTHON:
        text = Text("Python {v} 可用。", "Python {v} will do.").filled(v=version)
        return Finding("python", "ok", text)
    text = Text(
        "Python {v} 太旧，需要 3.11 或更高版本。", "Python {v} is too old: 3.11 or later is needed."
    ).filled(v=version)
    return Finding("python", "missing", text, remedies.INSTALL_PYTHON.get(system.family))


def check_tshark(system: System) -> Finding:
    """tshark is there, new enough, and not one of the releases with a known hole."""
    if "tshark" not in system.programs:
        text = Text(
            "找不到 tshark，因此无法读取抓包；它随 Wireshark 提供，也可用环境变量 LABSHARK_TSHARK "
            "指出位置。",
            "tshark was not found, so no capture can be read; it comes with Wireshark, or name its "
            "place in LABSHARK_TSHARK.",
        )
        return Finding("tshark", "missing", text, remedies.INSTALL_TSHARK.get(system.family))
    if system.tshark is None:
        text = Text(
            "“{path}”没有说出自己的版本，可能已损坏：请重新安装。",
            "“{path}” does not say its version and may be broken: install it again.",
        ).filled(path=system.programs["tshark"].as_posix())
        return Finding("tshark", "missing", text, remedies.INSTALL_TSHARK.get(system.family))
    return _judge_tshark(system, system.tshark)


def _judge_tshark(system: System, version: tuple[int, int, int]) -> Finding:
    upgrade = remedies.UPGRADE_TSHARK.get(system.family)
    if version < OLDEST_TSHARK:
        text = Text(
            "tshark {v} 太旧，需要 {oldest} 或更高版本。",
            "tshark {v} is too old: {oldest} or later is needed.",
        ).filled(v=shown_version(version), oldest=shown_version(OLDEST_TSHARK))
        return Finding("tshark", "missing", text, upgrade)
    if known_bad(version):
        text = Text(
            "tshark {v} 的 TLS 解析器有已公开的内存漏洞（CVE-2026-5402）：只用它读取自己的抓包，"
            "grade 和 batch 会拒绝使用它；请升级到 4.6.5 或更高版本。",
            "tshark {v} has a published memory fault in its TLS dissector (CVE-2026-5402): read "
            "only captures of your own with it, grade and batch refuse it; upgrade to 4.6.5 or "
            "later.",
        ).filled(v=shown_version(version))
        return Finding("tshark", "warning", text, upgrade)
    text = Text("tshark {v} 可用：“{path}”。", "tshark {v} will do: “{path}”.")
    shown = text.filled(v=shown_version(version), path=system.programs["tshark"].as_posix())
    return Finding("tshark", "ok", shown)


def check_companions(system: System) -> Finding:
    """The programs that come with tshark: capinfos, dumpcap, editcap, mergecap."""
    lacking = [name for name in WIRESHARK_PROGRAMS[1:] if name not in system.programs]
    if system.capture == "denied" and "dumpcap" in lacking:
        lacking.remove("dumpcap")  # it is there, but this user may not start it
    if not lacking:
        text = Text(
            "Wireshark 的其他程序齐全：{names}。", "Wireshark's other programs are there: {names}."
        ).filled(names=", ".join(WIRESHARK_PROGRAMS[1:]))
        return Finding("wireshark", "ok", text)
    text = Text(
        "找不到 Wireshark 的 {names}：录制、裁剪抓包等功能不可用。",
        "Wireshark's {names} was not found: recording and trimming captures will not work.",
    ).filled(names=", ".join(lacking))
    return Finding("wireshark", "warning", text, remedies.INSTALL_TSHARK.get(system.family))


def check_sandbox(system: System) -> Finding:
    """bubblewrap is there and may make namespaces; only Linux has it."""
    if system.family in ("macos", "windows"):
        text = Text(
            "本系统没有 bubblewrap 沙箱，tshark 只在时间等资源限制下运行。",
            "This system has no bubblewrap sandbox; tshark runs under limits of resources alone.",
        )
        return Finding("bubblewrap", "ok", text)
    if system.bubblewrap == "works":
        text = Text(
            "bubblewrap 可用：tshark 在沙箱中读取抓包。",
            "bubblewrap works: tshark reads captures in a sandbox.",
        )
        return Finding("bubblewrap", "ok", text)
    if system.bubblewrap == "blocked":
        text = Text(
            "已安装 bubblewrap，但系统不允许它建立命名空间（容器中常见），"
            "tshark 只在资源限制下运行；下面的命令允许它这样做。",
            "bubblewrap is installed, but the system forbids it to make a namespace (usual in "
            "containers), so tshark runs under limits of resources alone; the command below "
            "allows it.",
        )
        command = remedies.ALLOW_BUBBLEWRAP.get(system.family)
        return Finding("bubblewrap", "warning", text, command)
    text = Text(
        "没有安装 bubblewrap，tshark 只在资源限制下运行，没有沙箱。",
        "bubblewrap is not installed: tshark runs under limits of resources alone, without a "
        "sandbox.",
    )
    return Finding("bubblewrap", "warning", text, remedies.INSTALL_BUBBLEWRAP.get(system.family))


def check_pdf(system: System) -> Finding:
    """WeasyPrint finds Pango, so that a PDF can be made."""
    if system.pdf_fault is None:
        text = Text(
            "WeasyPrint 和 Pango 可用：可以生成 PDF。", "WeasyPrint finds Pango: PDFs can be made."
        )
        return Finding("pdf", "ok", text)
    text = Text(
        "无法生成 PDF（{fault}）：请安装 Pango，或用浏览器打开 report.html 并打印成 PDF。",
        "No PDF can be made ({fault}): install Pango, or open report.html in a browser and print "
        "it to PDF.",
    ).filled(fault=system.pdf_fault)
    return Finding("pdf", "warning", text, remedies.INSTALL_PANGO.get(system.family))


def check_fonts(system: System) -> Finding:
    """The bundled faces, the Chinese one among them, are in this installation."""
    if not system.fonts_missing:
        text = Text(
            "随附字体齐全，包括中文字体。", "The bundled fonts are there, with the Chinese one."
        )
        return Finding("fonts", "ok", text)
    text = Text(
        "安装不完整，缺少字体 {names}：请重新安装 labshark。",
        "The installation is not whole, it lacks the fonts {names}: install labshark again.",
    ).filled(names=", ".join(system.fonts_missing))
    return Finding("fonts", "missing", text, remedies.REINSTALL_LABSHARK)


def check_capture(system: System) -> Finding:
    """This user may record packets; reading captures needs no such right."""
    if system.capture == "granted":
        text = Text("当前用户可以抓包。", "You may record packets.")
        return Finding("capture", "ok", text)
    if system.capture == "unknown":
        text = Text(
            "没有 dumpcap，无法判断能否抓包；读取已有的抓包不受影响。",
            "Without dumpcap it cannot be told whether you may record packets; reading captures is "
            "not affected.",
        )
        return Finding("capture", "warning", text, remedies.INSTALL_TSHARK.get(system.family))
    text = Text(
        "当前用户无权抓包；读取已有的抓包不受影响。{hint}",
        "You may not record packets; reading captures is not affected. {hint}",
    )
    hint = _CAPTURE_HINTS.get(system.family, _LOG_IN_AGAIN)
    text = Text(text.zh.format(hint=hint.zh), text.en.format(hint=hint.en))
    return Finding("capture", "warning", text, remedies.ALLOW_CAPTURE.get(system.family))


_LOG_IN_AGAIN = Text(
    "执行下面的命令后，请注销并重新登录。", "After the command below, log out and in again."
)
_CAPTURE_HINTS = {
    "macos": Text(
        "ChmodBPF 让管理员用户可以抓包。", "ChmodBPF lets the users who administer this Mac record."
    ),
    "windows": Text(
        "抓包需要 Npcap，请从其网站下载安装。", "Recording needs Npcap: install it from its site."
    ),
    "linux": Text(
        "下面的命令让 dumpcap 可以抓包。", "The command below lets dumpcap record packets."
    ),
}

CHECKS: tuple[Callable[[System], Finding], ...] = (
    check_python,
    check_tshark,
    check_companions,
    check_sandbox,
    check_pdf,
    check_fonts,
    check_capture,
)
