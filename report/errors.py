"""Every mistake a user can make: a slug, an exit code, one sentence with its remedy per language.

`CATALOGUE` is the whole list; `docs/errors.md` explains each entry, a test holds them together.
"""

from dataclasses import dataclass
from enum import IntEnum

from report.text import Text


class ExitCode(IntEnum):
    """What the command tells the shell."""

    DONE = 0
    NEEDS_PERSON = 1
    USAGE = 2
    CAPTURE = 3
    PROGRAM = 4
    OUTPUT = 5
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of mistake: how the command ends, and what it says (`{name}` is filled in)."""

    exit_code: ExitCode
    text: Text


class LabsharkError(Exception):
    """A mistake of the user's, or a fault of the machine's, that labshark can name.

    `slug` is a key of `CATALOGUE`; `values` fill the sentence's placeholders.
    """

    def __init__(self, slug: str, **values: object) -> None:
        fault = CATALOGUE[slug]
        self.slug = slug
        self.exit_code = fault.exit_code
        self.text = fault.text.filled(**values)
        super().__init__(f"{self.text.en} [{slug}]")


def _capture(zh: str, en: str) -> Fault:
    return Fault(ExitCode.CAPTURE, Text(zh, en))


def _usage(zh: str, en: str) -> Fault:
    return Fault(ExitCode.USAGE, Text(zh, en))


def _program(zh: str, en: str) -> Fault:
    return Fault(ExitCode.PROGRAM, Text(zh, en))


def _output(zh: str, en: str) -> Fault:
    return Fault(ExitCode.OUTPUT, Text(zh, en))


CATALOGUE: dict[str, Fault] = {
    # Captures that cannot be used.
    "capture-missing": _capture(
        "找不到抓包文件“{path}”：请检查路径和文件名。",
        "There is no capture “{path}”: check the path and the file name.",
    ),
    "capture-is-folder": _capture(
        "“{path}”是文件夹：请给出其中的一个抓包文件，整个班级请用 labshark batch。",
        "“{path}” is a folder: name one capture in it, or use labshark batch for a whole class.",
    ),
    "capture-no-permission": _capture(
        "没有权限读取“{path}”：请修改文件权限，或把它复制到自己的文件夹。",
        "“{path}” may not be read: change its permissions, or copy it to a folder of yours.",
    ),
    "capture-special-file": _capture(
        "“{path}”不是普通文件（是链接、管道或设备）：请先把抓包另存为普通文件。",
        "“{path}” is not a regular file (a link, pipe or device): save the capture to a file "
        "first.",
    ),
    "capture-empty-file": _capture(
        "“{path}”是空文件：请重新保存或重新抓包。",
        "“{path}” is empty: save the capture again, or record a new one.",
    ),
    "capture-not-a-capture": _capture(
        "“{path}”不是抓包文件：请在 Wireshark 中另存为 .pcapng 或 .pcap。",
        "“{path}” is not a packet capture: in Wireshark, save it as .pcapng or .pcap.",
    ),
    "capture-unreadable": _capture(
        "“{path}”损坏得无法读取任何数据包（{detail}）：请重新抓包。",
        "“{path}” is too damaged for any packet to be read ({detail}): record it again.",
    ),
    "capture-no-whole-packet": _capture(
        "“{path}”在第一个数据包之内就中断或损坏了：请重新保存或重新抓包。",
        "“{path}” breaks off or is damaged within its first packet: save the capture again, or "
        "record a new one.",
    ),
    "capture-ambiguous": _capture(
        "tshark 在“{path}”中看到 {shown} 个数据包，而文件里只有 {held} 个：请在 Wireshark 中"
        "另存为 .pcapng 再试。",
        "tshark shows {shown} packets of “{path}”, which holds {held}: save it as .pcapng in "
        "Wireshark and try again.",
    ),
    "capture-cannot-be-read": _capture(
        "读取“{path}”时出错（{detail}）：请把它复制到本机磁盘上再试。",
        "Reading “{path}” failed ({detail}): copy it to a disk of this machine and try again.",
    ),
    "capture-changed": _capture(
        "读取“{path}”时它被其他程序改动了：请先停止抓包并保存，然后再试。",
        "“{path}” was changed by another program while it was read: stop recording, save, and try "
        "again.",
    ),
    "capture-too-detailed": _capture(
        "“{path}”使 tshark 输出超过 {limit}：请用显示过滤器选出会话后另存。",
        "“{path}” makes tshark print more than {limit}: save only the session, with a display "
        "filter in Wireshark.",
    ),
    "capture-link-type": _capture(
        "“{path}”的链路类型不受支持：请在普通的以太网、Wi-Fi 或回环接口上重新抓包。",
        "The link type of “{path}” is not supported: record on an Ethernet, Wi-Fi or loopback "
        "interface.",
    ),
    "capture-too-large": _capture(
        "“{path}”太大（上限 {limit}）：请用显示过滤器选出会话后另存，或使用 labshark trim。",
        "“{path}” is too large (limit {limit}): save only the session, with a display filter in "
        "Wireshark.",
    ),
    "capture-no-packets": _capture(
        "“{path}”中没有数据包：请确认选对了接口，然后重新抓包。",
        "“{path}” holds no packets: make sure the right interface was chosen and record it again.",
    ),
    "capture-no-tls": _capture(
        "“{path}”的 {packets} 个数据包中没有 TLS：请在抓包开始之后再打开 https 网页。",
        "None of the {packets} packets of “{path}” is TLS: start recording first, then open an "
        "https page.",
    ),
    "capture-no-such-host": _capture(
        "“{path}”中没有发往“{host}”的 Client Hello；其中有：{hosts}。请用 --host 选择其一。",
        "“{path}” has no Client Hello for “{host}”; it has: {hosts}. Choose one of them with "
        "--host.",
    ),
    "capture-no-such-stream": _capture(
        "“{path}”中没有编号为 {stream} 的 TLS 连接；其中有：{streams}。",
        "“{path}” has no TLS connection number {stream}; it has: {streams}.",
    ),
    "capture-no-conversation": _capture(
        "“{path}”的 {packets} 个数据包中没有 {transport}：请先开始抓包，再做实验要求的操作。",
        "None of the {packets} packets of “{path}” is {transport}: start recording first, then do "
        "what the lab asks.",
    ),
    "capture-no-such-conversation": _capture(
        "“{path}”中没有“{wanted}”这个连接；其中有：{known}。请用 --stream 或 --host 选择其一。",
        "“{path}” has no connection “{wanted}”; it has: {known}. Choose one with --stream or "
        "--host.",
    ),
    "capture-too-slow": _capture(
        "读取“{path}”超过了 {seconds} 秒的时限：请只保存实验所需的会话再试。",
        "Reading “{path}” took longer than the limit of {seconds} s: save only the lab's session "
        "and try again.",
    ),
    # Recordings of which nothing came.
    "recording-no-route": _capture(
        "本机没有通往 {host} 的路由：请检查网络连接。",
        "This machine has no route to {host}: check the network connection.",
    ),
    "recording-refused": _capture(
        "{host} 拒绝了端口 {port} 的连接：请检查地址和端口，并确认服务器在运行。",
        "{host} refused the connection to port {port}: check the address and the port, and that "
        "the server runs.",
    ),
    "recording-no-answer": _capture(
        "{host} 的端口 {port} 没有应答：请检查地址和网络；只能通过代理上网时，请用浏览器经代理访问"
        "并手工抓包。",
        "{host} did not answer on port {port}: check the address and the network; where only a "
        "proxy leads out, record by hand while a browser uses it.",
    ),
    "recording-failed": _capture(
        "访问 {host} 没有成功，什么也没有录到（{detail}）：请检查地址后重试。",
        "The visit to {host} failed and nothing came of it ({detail}): check the address and try "
        "again.",
    ),
    "recording-nothing-captured": _capture(
        "没有录到与 {host}（端口 {port}）的 TLS 连接：请用 --interface 选择实际使用的接口；"
        "用浏览器时，请等网页显示出来再按 Enter。",
        "No TLS connection with {host}, port {port}, was recorded: choose the interface that is "
        "really used with --interface; with a browser, press Enter only once the page is there.",
    ),
    # Usage and configuration.
    "usage-no-such-command": _usage(
        "没有命令“{word}”{near_zh}：{command} --help 列出全部命令。",
        "There is no command “{word}”{near_en}: {command} --help lists them all.",
    ),
    "usage-no-such-option": _usage(
        "没有选项 {option}{near_zh}：{command} --help 列出全部选项。",
        "There is no option {option}{near_en}: {command} --help lists them all.",
    ),
    "usage-missing": _usage(
        "缺少 {what}：请补上，{command} --help 说明用法。",
        "{what} is missing: add it; {command} --help shows what is needed.",
    ),
    "usage-value": _usage(
        "{what} 的值无法使用（{wanted_zh}）：请改正，{command} --help 说明用法。",
        "The value of {what} cannot be used ({wanted_en}): correct it; {command} --help shows how.",
    ),
    "usage-no-value": _usage(
        "选项 {option} 后面缺少值：请补上，{command} --help 说明用法。",
        "The option {option} needs a value behind it: add it; {command} --help shows which.",
    ),
    "usage-extra": _usage(
        "多出了“{words}”：请去掉，带空格的名字请加引号；{command} --help 说明用法。",
        "“{words}” is too much: remove it, or quote names with spaces; {command} --help shows "
        "what is taken.",
    ),
    "usage": _usage(
        "用法有误（{detail}）：{command} --help 说明用法。",
        "This cannot be understood ({detail}): {command} --help shows what is taken.",
    ),
    "url-not-https": _usage(
        "“{url}”不是 https 地址：请给出以 https:// 开头的地址，例如 https://www.example.com/。",
        "“{url}” is not an https address: give one that begins with https://, such as "
        "https://www.example.com/.",
    ),
    "url-invalid": _usage(
        "地址“{url}”无法使用（{detail}）：请检查主机名和端口，不要写用户名和密码。",
        "The address “{url}” cannot be used ({detail}): check the host and the port, and leave "
        "user name and password out.",
    ),
    "host-unknown": _usage(
        "找不到主机“{host}”：请检查拼写和网络连接。",
        "The host “{host}” cannot be found: check its spelling and the network connection.",
    ),
    "interface-unknown": _usage(
        "没有名为“{name}”的接口；可用的有：{names}。",
        "There is no interface “{name}”; there are: {names}.",
    ),
    "interface-not-found": _usage(
        "看不出通往 {host} 的接口：请检查网络连接，或用 --interface 指定；可用的有：{names}。",
        "Which interface leads to {host} cannot be told: check the network connection, or choose "
        "one with --interface; there are: {names}.",
    ),
    "keylog-missing": _usage(
        "找不到密钥日志“{path}”：请检查路径；它是 SSLKEYLOGFILE 指定的文件。",
        "There is no key log “{path}”: check the path; it is the file that SSLKEYLOGFILE named.",
    ),
    "keylog-not-a-keylog": _usage(
        "“{path}”不是密钥日志：其中没有一行是 NSS 密钥日志格式（例如 CLIENT_RANDOM …）。",
        "“{path}” is not a key log: no line of it is in NSS key log format (such as "
        "CLIENT_RANDOM …).",
    ),
    "keylog-unreadable": _usage(
        "无法读取密钥日志“{path}”（{detail}）：请检查路径和权限。",
        "The key log “{path}” cannot be read ({detail}): check its path and its permissions.",
    ),
    # Submissions, rosters and grade sheets.
    "submissions-missing": _usage(
        "找不到提交的作业“{path}”：请给出文件、文件夹或 zip 压缩包的路径。",
        "There are no submissions at “{path}”: name a file, a folder or a zip archive.",
    ),
    "submissions-empty": _usage(
        "“{path}”中没有任何提交的文件：请检查路径。",
        "Nothing was handed in at “{path}”: check the path.",
    ),
    "submissions-archive-kind": _usage(
        "“{path}”是 {kind} 压缩包，无法打开：请先解压，再给出文件夹。",
        "“{path}” is a {kind} archive, which cannot be opened: unpack it and name the folder.",
    ),
    "submissions-damaged": _usage(
        "压缩包“{path}”已损坏：请从教学平台重新下载。",
        "The archive “{path}” is damaged: download it again.",
    ),
    "submissions-too-many": _usage(
        "“{path}”中的文件太多：请分成几份，或去掉无关的文件。",
        "“{path}” holds too many files: split it, or remove what does not belong.",
    ),
    "submissions-too-large": _usage(
        "“{path}”解压后超过上限 {limit} 或磁盘空间：请先自行解压，再给出文件夹。",
        "“{path}” unpacks to more than {limit} or than the disk has room for: unpack it yourself "
        "and name the folder.",
    ),
    "submissions-overlap": _usage(
        "压缩包“{path}”中的文件互相重叠（压缩炸弹），已拒绝：请从教学平台重新下载。",
        "The files in the archive “{path}” overlap, as in a zip bomb, so it was refused: download "
        "it again.",
    ),
    "id-pattern-invalid": _usage(
        "--id-pattern 无效（{detail}）：请用正则表达式的命名组 (?P<id>…) 或 (?P<name>…)，"
        "还可用 file 和 late。",
        "--id-pattern is not valid ({detail}): use a regular expression with the named groups "
        "(?P<id>…) or (?P<name>…), and file and late if you like.",
    ),
    "id-pattern-too-slow": _usage(
        "--id-pattern 匹配文件名超过 {seconds} 秒：请简化表达式，避免嵌套的重复。",
        "--id-pattern took longer than {seconds} s on the file names: make it simpler, without "
        "nested repetition.",
    ),
    "table-missing": _usage(
        "无法读取表格“{path}”：请检查路径和权限。",
        "The table “{path}” cannot be read: check the path and its permissions.",
    ),
    "table-old-excel": _usage(
        "“{path}”是旧版 Excel（.xls）文件：请在 Excel 中另存为 .xlsx 或 CSV。",
        "“{path}” is an old Excel file (.xls): save it as .xlsx or CSV in Excel.",
    ),
    "table-unreadable": _usage(
        "“{path}”不是可读的表格：请另存为 .xlsx 或 UTF-8 的 CSV。",
        "“{path}” is not a table that can be read: save it as .xlsx or as CSV in UTF-8.",
    ),
    "table-too-large": _usage(
        "表格“{path}”太大（上限 {limit}）：请只保留需要的工作表和行。",
        "The table “{path}” is too large (limit {limit}): keep only the sheets and rows needed.",
    ),
    "roster-no-header": _usage(
        "在“{path}”中找不到表头：需要一行含有“学号”或“姓名”（Student ID、Name）的标题。",
        "“{path}” has no header row: one row must name the columns, such as 学号 and 姓名 or "
        "Student ID and Name.",
    ),
    "sheet-unknown": _usage(
        "看不出“{path}”是哪种成绩表：需要 Canvas、Moodle 或 Blackboard 的导出，或有“学号”列的表。",
        "“{path}” is no grade sheet that is known: it should come from Canvas, Moodle or "
        "Blackboard, or have a column of student ids (学号).",
    ),
    "sheet-no-column": _usage(
        "“{path}”中没有成绩列“{column}”；其中有：{columns}。",
        "“{path}” has no grade column “{column}”; it has: {columns}.",
    ),
    "sheet-column-unclear": _usage(
        "“{path}”中有几列都可以填成绩：{columns}。请指明其中一列。",
        "Several columns of “{path}” could take the marks: {columns}. Name one of them.",
    ),
    "sheet-column-read-only": _usage(
        "“{path}”的“{column}”列是只读的，教学平台不会接受：请选择作业列。",
        "The column “{column}” of “{path}” is read only and the LMS would ignore it: choose an "
        "assignment's column.",
    ),
    "sheet-scale": _usage(
        "“{path}”的作业用等级评分而不是分数：请在 Moodle 中改为分数，或手工填写。",
        "“{path}” is graded with a scale and not with points: choose points in Moodle, or enter "
        "the grades by hand.",
    ),
    "sheet-not-editable": _usage(
        "无法在不改动其他内容的前提下填写“{path}”（{detail}）：请另存为 .xlsx 或 UTF-8 的 CSV。",
        "“{path}” cannot be filled in without changing the rest ({detail}): save it as .xlsx or as "
        "CSV in UTF-8.",
    ),
    "lab-unknown": _usage(
        "没有名为“{lab}”的实验；可用的有：{near}。",
        "There is no lab “{lab}”; there are: {near}.",
    ),
    "lab-unreadable": _usage(
        "无法读取实验文件“{path}”（{detail}）：请检查路径、编码（UTF-8）和 TOML 语法。",
        "The lab file “{path}” cannot be read ({detail}): check its path, encoding (UTF-8) and "
        "TOML syntax.",
    ),
    "lab-invalid": _usage(
        "实验文件“{path}”有误——{detail_zh}。请修改后用 labshark labs check 检查。",
        "The lab file “{path}” is not right — {detail_en}; mend it and run labshark labs check.",
    ),
    "lab-mistakes": _usage(
        "实验文件“{path}”有误（共 {count} 处，已逐条列出）：请改好后再检查一遍。",
        "The lab file “{path}” is not right (mistakes listed: {count}): mend them and check again.",
    ),
    "lab-kind": _usage(
        "题目 {question} 的答案“{value}”不是 {kind} 这一类的值：请改实验文件里的 kind 或 show。",
        "The answer “{value}” of question {question} is no value of the kind {kind}: change kind "
        "or show in the lab file.",
    ),
    "lab-unknown-field": _usage(
        "实验文件“{path}”的题目 {question} 用到字段“{field}”，"
        "tshark {version} 没有这个字段{near_zh}："
        "请在 Wireshark 的状态栏或 tshark -G fields 中核对名称。",
        "Question {question} of the lab file “{path}” names the field “{field}”, which tshark "
        "{version} does not have{near_en}: check the name in Wireshark's status bar or with tshark "
        "-G fields.",
    ),
    "lab-exists": _usage(
        "“{path}”已经存在，没有改动：请换一个名字，或先移走它。",
        "“{path}” is there already and was left alone: choose another name, or move it away.",
    ),
    "lab-built-in": _usage(
        "内置实验已经叫“{name}”：请另取一个名称。",
        "A built-in lab is called “{name}”: choose another name.",
    ),
    "lab-name": _usage(
        "“{name}”不能用作实验名：只用字母、数字、点、下划线和连字符，以字母或数字开头。",
        "“{name}” cannot be a lab's name: use letters, digits, dots, underscores and hyphens only, "
        "beginning with a letter or digit.",
    ),
    "student-unreadable": _usage(
        "无法读取学生信息文件“{path}”（{detail}）：请检查路径、编码（UTF-8）和 TOML 语法。",
        "The student file “{path}” cannot be read ({detail}): check its path, encoding (UTF-8) "
        "and TOML syntax.",
    ),
    "student-invalid": _usage(
        "学生信息文件“{path}”有误——{detail}：可用的键见文档。",
        "The student file “{path}” is not right — {detail}: the documentation lists its keys.",
    ),
    "words-unreadable": _usage(
        "无法读取“{path}”（{detail}）：请检查路径，并保存为 UTF-8 编码的 Markdown。",
        "“{path}” cannot be read ({detail}): check the path, and save it as Markdown in UTF-8.",
    ),
    "words-no-sections": _usage(
        "“{path}”中没有任何以题号为标题的小节（例如 # q7 或 # conclusion）：请加上标题。",
        "“{path}” has no section headed by a question (such as # q7 or # conclusion): add the "
        "headings.",
    ),
    "trust-store-missing": _usage(
        "无法读取信任库“{path}”：请检查 --trust-store 给出的路径和权限。",
        "The trust store “{path}” cannot be read: check the path given to --trust-store and its "
        "permissions.",
    ),
    "trust-store-not-pem": _usage(
        "“{path}”中没有可读取的 PEM 证书：信任库是一个含有根证书（BEGIN CERTIFICATE）的文本文件。",
        "“{path}” has no readable PEM certificate: a trust store is a text file of root "
        "certificates (BEGIN CERTIFICATE).",
    ),
    "form-ending": _usage(
        "“{path}”的扩展名应为 .md 或 .docx。",
        "“{path}” should end in .md or .docx.",
    ),
    "date-invalid": _usage(
        "“{value}”不是日期：请写成 2026-09-01 的形式。",
        "“{value}” is not a date: write it as 2026-09-01.",
    ),
    "review-invalid": _usage(
        "“{path}”第 {row} 行的分数“{value}”无效：请填 0 到满分之间的数字，或填 ok 采用建议的分数。",
        "The points “{value}” in row {row} of “{path}” are not valid: give a number from 0 to the "
        "question's maximum, or ok for the proposed points.",
    ),
    "review-conflict": _usage(
        "“{first}”和“{second}”对 {ref} 填了不同的分数：请改成一致，或只改其中一个文件。",
        "“{first}” and “{second}” give different points for {ref}: make them agree, or edit only "
        "one of the files.",
    ),
    "key-unreadable": _usage(
        "读不了评分标准“{path}”（{detail}）：它应是 UTF-8 的 TOML 文件，可用 labshark key 生成。",
        "The key “{path}” cannot be read ({detail}): it should be a TOML file in UTF-8, such as "
        "labshark key writes.",
    ),
    "key-invalid": _usage(
        "评分标准“{path}”有误：{detail}。请改正后重试。",
        "The key “{path}” is not valid: {detail}. Correct it and try again.",
    ),
    # A class at once.
    "batch-no-input": _usage(
        "“{path}”中没有抓包文件：请给出抓包文件，或每名学生一个子文件夹（或文件）的文件夹。",
        "There is no capture at “{path}”: name captures, or folders with a sub-folder or a file "
        "for each student.",
    ),
    "batch-place-unknown": _usage(
        "不能使用“{place}”（{detail}）：请检查地址，并安装该存储的 fsspec 客户端"
        "（s3:// 需要 s3fs）。",
        "“{place}” cannot be used ({detail}): check the address, and install fsspec's client for "
        "that store (s3fs for s3://).",
    ),
    "batch-url-needs-scheduler": _usage(
        "“{place}”是网络地址，只能与 --scheduler 一起使用：请改用本机的文件夹。",
        "“{place}” is a URL, which only works together with --scheduler: use a folder of this "
        "machine.",
    ),
    "batch-too-slow": _capture(
        "处理“{path}”超过了 {seconds} 秒的时限：请只保存实验所需的会话再试，或加大 --deadline。",
        "“{path}” took longer than the limit of {seconds} s: save only the lab's session and try "
        "again, or raise --deadline.",
    ),
    "cluster-unreachable": _usage(
        "无法连接“{address}”上的 Dask 调度器（{detail}）：请检查地址，并确认它正在运行。",
        "The Dask scheduler at “{address}” cannot be reached ({detail}): check the address, and "
        "that it is running.",
    ),
    "cluster-no-workers": _usage(
        "{address} 上的调度器没有工作进程：请启动 dask worker 后再试。",
        "The scheduler at {address} has no workers: start some with dask worker and try again.",
    ),
    "cluster-versions": _usage(
        "集群各处的版本不一致（{detail}）：请在各处安装相同的版本，否则结果会因机器而异。",
        "The cluster's versions differ ({detail}): install the same everywhere, or outcomes would "
        "depend on the machine.",
    ),
    # Programs.
    "batch-worker-died": _program(
        "处理“{path}”的进程意外终止（{detail}）：请再运行一次；如果又发生，问题在这个抓包文件。",
        "The process that worked on “{path}” ended unexpectedly ({detail}): run the command again; "
        "if it happens again, the capture is at fault.",
    ),
    "batch-worker-unusable": _program(
        "无法启动工作进程（{detail}）：请运行 labshark doctor 检查安装。",
        "The worker process does not start ({detail}): run labshark doctor to check the "
        "installation.",
    ),
    "cluster-missing": _program(
        '缺少集群所需的软件包（{detail}）：请运行 pip install "labshark[cluster]"。',
        'A package for clusters is missing ({detail}): run pip install "labshark[cluster]".',
    ),
    "cluster-lost": _program(
        "与调度器 {address} 的连接中断；已完成的都已保存。请再次运行同一条命令继续。",
        "The connection to the scheduler at {address} was lost; what was finished is kept. Run the "
        "same command to go on.",
    ),
    "cluster-worker-lost": _program(
        "处理“{path}”的集群工作进程多次丢失（{detail}）：请再运行一次；如果又发生，"
        "问题在这个抓包文件。",
        "The cluster's workers were lost several times at “{path}” ({detail}): run the command "
        "again; if it happens again, the capture is at fault.",
    ),
    "tshark-known-bad": _program(
        "tshark {version} 的 TLS 解析器有已公布的漏洞（CVE-2026-5402），不能用来读取他人的抓包："
        "请升级到 4.6.5 或更高版本，或加上 --accept-known-bad-tshark。",
        "tshark {version} has a published hole in its TLS dissector (CVE-2026-5402) and is not for "
        "other people's captures: upgrade to 4.6.5 or later, or add --accept-known-bad-tshark.",
    ),
    "tshark-missing": _program(
        "找不到 tshark：{remedy}，也可用环境变量 LABSHARK_TSHARK 指出它的位置。",
        "tshark was not found: {remedy}, or name its place in LABSHARK_TSHARK.",
    ),
    "dumpcap-missing": _program(
        "找不到 dumpcap，无法录制：它随 Wireshark 提供（{remedy}）。",
        "dumpcap was not found, so nothing can be recorded; it comes with Wireshark ({remedy}).",
    ),
    "dumpcap-failed": _program(
        "dumpcap 没有开始录制（{detail}）：请运行 labshark doctor 检查安装。",
        "dumpcap did not begin to record ({detail}): run labshark doctor to check the "
        "installation.",
    ),
    "recording-no-rights": _program(
        "当前用户无权抓包：请执行下面的命令，注销并重新登录后再试：{remedy}",
        "You may not record packets on this machine; run the command that follows, log out and in "
        "again, and try once more: {remedy}",
    ),
    "curl-missing": _program(
        "找不到 curl：请安装它，或加 --browser 用浏览器录制。",
        "curl was not found: install it, or record with --browser.",
    ),
    "browser-missing": _program(
        "找不到浏览器（{names}）：请安装其中之一，或去掉 --browser 用 curl 录制。",
        "No browser was found ({names}): install one of them, or record with curl by leaving "
        "--browser out.",
    ),
    "tshark-failed": _program(
        "{program} 没有正常结束（{detail}）：请运行 labshark doctor 检查安装。",
        "{program} did not end normally ({detail}): run labshark doctor to check the installation.",
    ),
    "tshark-lacks-field": _program(
        "tshark {version} 没有字段 {fields}：请升级到 {needed} 或更高版本。",
        "tshark {version} has no field {fields}: upgrade to {needed} or later.",
    ),
    "sandbox-missing": _program(
        "要求使用沙箱（--require-sandbox），但 bubblewrap 不可用：请安装 bubblewrap。",
        "--require-sandbox was given but bubblewrap does not work here: install bubblewrap.",
    ),
    "pdf-unavailable": _program(
        "无法生成 PDF（{detail}）：请按 labshark doctor 的说明安装 Pango，"
        "或用浏览器打开 report.html，打印并另存为 PDF。",
        "The PDF cannot be made ({detail}): install Pango as labshark doctor says, or open "
        "report.html in a browser and print it to a PDF.",
    ),
    "pdf-too-slow": _program(
        "生成 PDF 超过了 {seconds} 秒的时限：请用浏览器打开 report.html，打印并另存为 PDF。",
        "Making the PDF took longer than the limit of {seconds} s: open report.html in a browser "
        "and print it to a PDF.",
    ),
    "pdf-failed": _program(
        "生成 PDF 时出错（{detail}）：请用浏览器打开 report.html，打印并另存为 PDF。",
        "Making the PDF failed ({detail}): open report.html in a browser and print it to a PDF.",
    ),
    # Output.
    "output-in-use": _output(
        "另一个 labshark 正在使用“{path}”（或刚刚结束）：请等它结束，或换一个 --out。",
        "Another run of labshark is using “{path}” (or has only just ended): wait for it, or "
        "choose another --out.",
    ),
    "output-among-inputs": _output(
        "输出文件夹“{path}”就是存放作业的文件夹：请用 --out 另选一个，以免学生的文件被当作结果。",
        "The output folder “{path}” is the folder of what was handed in: choose another with "
        "--out, so that no student's file is taken for a result.",
    ),
    "output-is-input": _output(
        "“{path}”就是读入的抓包，写入会毁掉它：请用 --out 另选一个文件。",
        "“{path}” is the capture that is read, and would be lost: choose another file with --out.",
    ),
    "output-cannot-be-written": _output(
        "无法写入“{path}”（{detail}）：请检查路径、磁盘空间和文件夹权限。",
        "“{path}” cannot be written ({detail}): check the path, the disk space and the "
        "folder's permissions.",
    ),
}
