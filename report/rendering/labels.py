"""The words of the report's own frame in both languages; templates name them and hold none."""

from report.text import Text

HEADER: dict[str, Text] = {
    "id": Text("学号", "Student ID"),
    "name": Text("姓名", "Name"),
    "class": Text("班级", "Class"),
    "title": Text("实验题目", "Title"),
    "hours": Text("实验学时", "Hours"),
    "date": Text("实验日期", "Date"),
    "purpose": Text("实验目的", "Purpose"),
    "hardware": Text("硬件环境", "Hardware"),
    "software": Text("软件环境", "Software"),
}
"""The boxes of the header block, in their order."""

STATUS: dict[str, Text] = {
    "found": Text("已证实", "Found"),
    "absent": Text("确认没有", "Absent"),
    "hidden": Text("已加密", "Hidden"),
    "not_applicable": Text("不适用", "Not applicable"),
    "not_captured": Text("未抓到", "Not captured"),
    "explained": Text("解释", "Explained"),
    "failed": Text("程序故障", "Failed"),
}

STATUS_MEANING: dict[str, Text] = {
    "found": Text("答案由数据包和字段证实", "proven by a packet and a field"),
    "absent": Text("该出现的地方查过，没有", "looked for where it would be, and not there"),
    "hidden": Text(
        "存在，但已加密，且没有密钥", "it is there, but encrypted and no keys were given"
    ),
    "not_applicable": Text(
        "此版本或此会话没有该消息", "this version or session has no such message"
    ),
    "not_captured": Text("抓包缺少这一部分", "the capture lacks that part"),
    "explained": Text("理解题，附参考解释", "a question of understanding, with an explanation"),
    "failed": Text("labshark 自身出错，不影响得分", "labshark's own fault; costs no points"),
}

LABELS: dict[str, Text] = {
    # Frame of the page
    "contents": Text("目录", "Contents"),
    "language": Text("语言", "Language"),
    "both_languages": Text("双语", "Both"),
    "skip_to_questions": Text("跳到题目", "Skip to the questions"),
    "from_capture": Text("取自抓包文件", "read from the capture"),
    "to_fill_in": Text("待填写", "to fill in"),
    "steps": Text("实验步骤与内容", "Steps and content"),
    "conclusion": Text("结论分析与体会", "Conclusion"),
    # Capture and session
    "capture": Text("抓包文件", "Capture"),
    "packet": Text("个数据包", "packet"),
    "packets": Text("个数据包", "packets"),
    "warnings": Text("请注意", "Please note"),
    "client": Text("客户端", "Client"),
    "server": Text("服务器", "Server"),
    "version": Text("版本", "Version"),
    "server_name": Text("服务器名称", "Server name"),
    "stream": Text("流编号", "Stream"),
    "first_packet": Text("首个数据包", "First"),
    "resumed": Text("会话恢复", "Resumed"),
    "decrypted": Text("已用密钥解密", "Decrypted with keys"),
    "why_chosen": Text("为何选它", "Why this one"),
    "other_sessions": Text("此抓包中的其他 TLS 会话", "Other TLS sessions in this capture"),
    "other_conversations": Text("此抓包中的其他会话", "Other conversations in this capture"),
    # Overview
    "overview": Text("会话概览", "The session at a glance"),
    "packet_list": Text("会话的数据包", "Packets of the session"),
    "at_server": Text("与服务器往来的全部数据包", "All packets to and from the server"),
    "of_session": Text("其中属于本会话的", "Of these, the session's own"),
    "diagram": Text("消息顺序图", "Sequence of messages"),
    "diagram_legend": Text(
        "蓝色：可以读到的握手消息；紫色虚线：加密的握手消息和警报；绿色：应用数据，来回发送时有两个箭头；"
        "红色：可以读到的警报和 RST；灰色：TCP。点击箭头可跳到证据。",
        "Blue: handshake messages that can be read. Purple, dashed: encrypted ones, and encrypted "
        "alerts. Green: application data, with two heads where it goes back and forth. Red: alerts "
        "that can be read, and resets. Grey: TCP. An arrow leads to its evidence.",
    ),
    "omitted_packets": Text("个数据包未列出", "packets not listed"),
    "omitted_sessions": Text("个会话未列出", "sessions not listed"),
    "omitted_bytes": Text("字节未列出", "bytes not shown"),
    "omitted_lines": Text("行未列出", "lines not shown"),
    "omitted_rows": Text("行未列出", "rows not shown"),
    # Questions
    "point": Text("分", "point"),
    "points": Text("分", "points"),
    "inferred": Text("推断", "Inferred"),
    "own_words": Text("本人作答", "The student's own words"),
    "model_answer": Text(
        "参考解释（由 labshark 提供，不是学生所写）",
        "Model answer (labshark's, not the student's)",
    ),
    "sources": Text("出处", "Sources"),
    "hints": Text("提示", "Hints"),
    "evidence": Text("证据", "Evidence"),
    "of_packet": Text("数据包", "Packet"),
    "put_together_from": Text("由以下数据包重组", "put together from packets"),
    "filter": Text("显示过滤器", "Display filter"),
    "copy": Text("复制", "Copy"),
    "copied": Text("已复制", "Copied"),
    "your_answer": Text("作答", "Your answer"),
    # Closing
    "hidden": Text(
        "没有显示的内容，以及下次怎样看到", "What stays hidden, and how to see it next time"
    ),
    "concerns": Text("涉及题目", "Concerns questions"),
    "about": Text("关于本报告", "About this report"),
}
