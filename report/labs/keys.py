"""What each key of a lab file means, in both languages: for editors, and for the documentation."""

from collections.abc import Mapping

from report.text import Text

_TAKEN = {
    "pick": Text(
        "取哪一个：first、last、all，或 count 个数，或 show 的 sum、largest、smallest",
        "first, last, all, or their count, or the sum, largest, smallest of show",
    ),
    "show": Text(
        "以哪个字段的值为答案，默认是数据包编号",
        "The field whose value is the answer; the packet number if left out",
    ),
    "columns": Text(
        "列成表格的字段，每个数据包一行", "Fields to list in a table, one row per packet"
    ),
}
"""What either kind of query takes of the packets that it finds."""

KEYS: Mapping[str, Mapping[str, Text]] = {
    "Lab": {
        "id": Text(
            "实验的名称，--lab 后面写它；文件名也用它", "The lab's name, for --lab and as file name"
        ),
        "title": Text("实验题目", "The title"),
        "intro": Text("报告开头的一段话", "A paragraph at the head of the report"),
        "purpose": Text("抬头里的实验目的", "The purpose, in the header block"),
        "steps": Text("抬头里的实验步骤与内容", "Steps and content, in the header block"),
        "session": Text(
            "实验讲的是什么：tls 会话，或任意 tcp 连接、udp 会话",
            "What the lab is about: a tls session, or any tcp connection or udp conversation",
        ),
        "hosts": Text(
            "会话的服务器名或地址；用户没有指明时用它来选会话",
            "Server names or addresses of the session meant, where the user names none",
        ),
        "generated": Text(
            "评分时怎样看待 labshark 自己生成的报告：接受、交人复核、只认学生自己的话",
            "What grading makes of reports that labshark wrote: accept, review, own words only",
        ),
        "header_fields": Text("抬头里另加的栏目", "Further lines of the header block"),
        "logo": Text(
            "与实验文件放在一起的 PNG 或 JPEG 图片", "A PNG or JPEG file beside the lab file"
        ),
        "sections": Text("各个分节，按顺序", "The sections, in order"),
        "questions": Text("各道题目，按顺序", "The questions, in order"),
    },
    "Bilingual": {
        "zh": Text("中文", "In Chinese"),
        "en": Text("英文", "In English"),
    },
    "HeaderField": {
        "id": Text(
            "栏目的名称；student.toml 的 [extra] 里用它填写",
            "Its name, for [extra] in student.toml",
        ),
        "label": Text("栏目的标题", "What stands before it"),
    },
    "Section": {
        "id": Text("分节的名称，题目用它来引用", "Its name, for the questions"),
        "title": Text("分节的标题", "Its title"),
        "intro": Text("题目之前的一段话", "What to know before its questions"),
    },
    "Question": {
        "id": Text("题号", "The question's number or name"),
        "section": Text("所在分节的名称", "The id of its section"),
        "ask": Text("题目", "The question itself"),
        "points": Text("分数，默认 1", "What it is worth; 1 if left out"),
        "kind": Text(
            "答案是哪一类的值：评分时按它读取和比较",
            "The kind of value that answers it: grading reads and compares by it",
        ),
        "query": Text(
            "怎样从抓包中得到答案；只有理解题可以不写",
            "How the capture answers it; only a question of understanding may do without",
        ),
        "compare": Text("评分时怎样比较", "How grading compares"),
        "depends": Text("先要回答的题目", "Questions that come before it"),
        "model": Text(
            "理解题的参考答案，或对答案的解释",
            "The model answer of a question of understanding, or an explanation of the value",
        ),
        "model_when": Text(
            "答案是哪些状态时，参考答案才成立", "The statuses for which the model answer is true"
        ),
        "hint": Text("给学生的提示", "A hint for students"),
        "sources": Text("出处，例如 RFC 5246, 7.4", "Where it stands: RFC 5246, 7.4"),
        "show": Text("证据里另外要显示的 tshark 字段", "Further tshark fields to show as evidence"),
    },
    "Compare": {
        "rule": Text(
            "exact 与答案相同，set 写出全部、不论顺序，one_of 写出其中一个即可，"
            "tolerance 允许误差，manual 由人决定",
            "exact: the answer; set: all names, in any order; one_of: one of the names is enough; "
            "tolerance: a number that far off; manual: a person decides",
        ),
        "tolerance": Text("数值允许差多少", "How far off a number may be"),
        "may_omit": Text(
            "名称列表开头的几个可以不写，例如题目里已经说出的",
            "How many names at the head of a list need not be repeated, as the question says them",
        ),
        "partial": Text(
            "常见错误仍得的分数比例（0 到 1）", "Share of the points (0 to 1) for a known confusion"
        ),
        "ideas": Text(
            "理解题的要点，每个要点是一组同义词",
            "The ideas that a good answer has, each a list of synonyms",
        ),
    },
    "NamedQuery": {
        "name": Text("labshark 自带查询的名称", "The name of one of labshark's own queries"),
    },
    "DeclaredQuery": {
        "table": Text("在哪张表里找，默认 packets", "Where to look; packets if left out"),
        "scope": Text("只看本次会话，还是整个抓包", "The session only, or the whole capture"),
        "from": Text("由哪一方发送", "Which side sent it"),
        "where": Text(
            "条件：tshark 字段和它的值；true 为有这个字段，false 为没有；几个条件要同时满足",
            "Conditions: a tshark field and its value; true: it is there, false: it is not; all "
            "of them hold",
        ),
        **_TAKEN,
    },
    "FilteredQuery": {
        "filter": Text(
            "Wireshark 的显示过滤器；{stream}、{client_port}、{server_port} 代表会话的流编号和端口",
            "A Wireshark display filter; {stream}, {client_port} and {server_port} stand for the "
            "session's",
        ),
        **_TAKEN,
    },
}
"""By model and key as it stands in the file."""
