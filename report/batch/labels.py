"""The names of statuses, in both languages; for the terminal, the tables and the class page."""

from report.batch.results import Status
from report.text import Text

STATUS_NAMES: dict[Status, Text] = {
    Status.DONE: Text("完成", "done"),
    Status.PARTIAL: Text("部分完成", "partial"),
    Status.NO_PDF: Text("缺 PDF", "no PDF"),
    Status.FAILED: Text("失败", "failed"),
    Status.DUPLICATE: Text("重复", "duplicate"),
    Status.NO_CAPTURE: Text("没有抓包", "no capture"),
    Status.MISSING: Text("未提交", "missing"),
}

STATUS_MEANINGS: dict[Status, Text] = {
    Status.DONE: Text("报告已生成。", "The report is there."),
    Status.PARTIAL: Text(
        "抓包文件中断或损坏，报告依据其中可读的部分。",
        "The capture is cut short or damaged; the report rests on what of it can be read.",
    ),
    Status.NO_PDF: Text(
        "网页报告已生成，PDF 没有；下次运行会再试。",
        "The web page is there, the PDF is not; the next run tries again.",
    ),
    Status.FAILED: Text("没有报告，原因见右。", "No report; the reason stands beside it."),
    Status.DUPLICATE: Text(
        "同一学生有多个抓包文件，没有选择其中任何一个。",
        "Several captures of one student; none was chosen.",
    ),
    Status.NO_CAPTURE: Text(
        "交了文件，但其中没有抓包文件。", "Files were handed in, but no capture among them."
    ),
    Status.MISSING: Text("在名单中，没有提交。", "On the roster; nothing was handed in."),
}
