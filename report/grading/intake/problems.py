"""What is wrong with something handed in, said to the instructor; nothing here stops the others."""

from dataclasses import dataclass

from report.text import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """One fact about a submission, roster or sheet that a person should know."""

    slug: str
    text: Text
    file: str = ""
    """The file it is about, as the student named it; may be empty."""


def problem(slug: str, file: str = "", **values: object) -> Problem:
    """The problem `slug` of `PROBLEMS`, its placeholders filled; `{file}` is the file's name."""
    return Problem(slug, PROBLEMS[slug].filled(file=file, **values), file)


PROBLEMS: dict[str, Text] = {
    # Members of an archive, files of a folder.
    "file-link": Text(
        "“{file}”是链接，不是文件，已跳过。",
        "“{file}” is a link and not a file; it was skipped.",
    ),
    "file-special": Text(
        "“{file}”不是普通文件（设备或管道），已跳过。",
        "“{file}” is not a regular file (a device or pipe); it was skipped.",
    ),
    "file-unreadable": Text(
        "“{file}”没有读取权限，已跳过。",
        "“{file}” may not be read; it was skipped.",
    ),
    "file-encrypted": Text(
        "“{file}”有密码保护，无法打开，已跳过。",
        "“{file}” is protected by a password; it was skipped.",
    ),
    "file-outside": Text(
        "“{file}”的路径指向压缩包之外，已跳过。",
        "The path of “{file}” leads out of the archive; it was skipped.",
    ),
    "file-method": Text(
        "“{file}”的压缩方式不受支持，已跳过；请用普通 zip 重新打包。",
        "“{file}” is packed by a method that is not supported; it was skipped. Pack it again as an "
        "ordinary zip.",
    ),
    "file-damaged": Text(
        "“{file}”已损坏，无法解压，已跳过。",
        "“{file}” is damaged and cannot be unpacked; it was skipped.",
    ),
    "file-too-large": Text(
        "“{file}”超过单个文件的上限 {limit}，已跳过。",
        "“{file}” is larger than a single file may be ({limit}); it was skipped.",
    ),
    "file-bomb": Text(
        "“{file}”解压后是压缩前的 {ratio} 倍以上（疑似压缩炸弹），已跳过。",
        "“{file}” unpacks to more than {ratio} times its packed size, as a zip bomb does; it was "
        "skipped.",
    ),
    "file-duplicate": Text(
        "有 {count} 个文件都叫“{file}”，全部保留，请人工确认以哪个为准。",
        "{count} files are called “{file}”; all were kept, please decide which one counts.",
    ),
    "file-empty": Text("“{file}”是空文件。", "“{file}” is empty."),
    "files-too-many": Text(
        "共有 {count} 个文件，只读取了前 {limit} 个。",
        "There are {count} files; only the first {limit} were read.",
    ),
    "nested-archive": Text(
        "“{file}”是压缩包里的压缩包，未打开；请解压后重新提交。",
        "“{file}” is an archive inside an archive and was not opened; it should be unpacked and "
        "handed in again.",
    ),
    "nested-refused": Text(
        "压缩包“{file}”未打开：{reason}",
        "The archive “{file}” was not opened: {reason}",
    ),
    "archive-kind": Text(
        "“{file}”是 {kind} 压缩包，无法打开；请改用 zip 或直接提交文件。",
        "“{file}” is a {kind} archive, which cannot be opened; hand in a zip or the files "
        "themselves.",
    ),
    "document-kind": Text(
        "“{file}”是 {kind} 文档，无法读取；请另存为 .docx 或 PDF。",
        "“{file}” is a {kind} document, which cannot be read; save it as .docx or PDF.",
    ),
    "files-unassigned": Text(
        "看不出“{file}”属于哪位学生。",
        "It cannot be told whose “{file}” is.",
    ),
    "files-unassigned-many": Text(
        "看不出“{file}”中的 {count} 个文件属于哪位学生。",
        "It cannot be told whose the {count} files in “{file}” are.",
    ),
    "attempts": Text(
        "有 {count} 次提交，采用最后一次（{when}）。",
        "There are {count} attempts; the last one ({when}) was taken.",
    ),
    "same-id": Text(
        "学号 {id} 有 {count} 份提交：{labels}；请人工确认以哪份为准。",
        "Id {id} has {count} submissions: {labels}; please decide which one counts.",
    ),
    "pattern-no-match": Text(
        "“{file}”与 --id-pattern 不符。",
        "“{file}” does not match --id-pattern.",
    ),
    # Rosters.
    "roster-no-id": Text(
        "{where}：“{name}”没有学号。",
        "{where}: “{name}” has no student id.",
    ),
    "roster-duplicate-id": Text(
        "学号 {id} 出现了 {count} 次：{names}。",
        "Student id {id} stands there {count} times: {names}.",
    ),
    "roster-same-name": Text(
        "有 {count} 名学生都叫“{name}”，只能按学号区分。",
        "{count} students are called “{name}”; only their ids tell them apart.",
    ),
    "roster-id-rounded": Text(
        "{where}：学号 {id} 被存成了数字，Excel 只保留 15 位，末尾几位可能已丢失。",
        "{where}: student id {id} was stored as a number; Excel keeps 15 digits, so its last "
        "digits may be lost.",
    ),
    "table-cut": Text(
        "“{file}”超过 {rows} 行或 {columns} 列，多出的部分没有读取。",
        "“{file}” has more than {rows} rows or {columns} columns; the rest was not read.",
    ),
    # Submissions against the roster.
    "match-by-name": Text(
        "学号 {id} 不在名单中，按姓名对应到 {person}。",
        "Id {id} is not on the roster; matched by name to {person}.",
    ),
    "match-other-name": Text(
        "按学号对应到 {person}，但提交上的姓名是“{name}”。",
        "Matched by id to {person}, but the submission bears the name “{name}”.",
    ),
    "match-zeros": Text(
        "学号 {id} 与名单中的 {person} 只差开头的零，按同一人处理。",
        "Id {id} differs from {person} on the roster only in leading zeros; taken as the same.",
    ),
    "match-conflict": Text(
        "学号指向 {first}，姓名却指向 {second}，未作对应，请人工确认。",
        "The id says {first} but the name says {second}; left unmatched, please decide.",
    ),
    "match-ambiguous": Text(
        "有多名学生符合：{people}；未作对应，请人工确认。",
        "Several students fit: {people}; left unmatched, please decide.",
    ),
    "match-none": Text(
        "名单中没有符合的学生。",
        "No student on the roster fits.",
    ),
    "match-duplicate": Text(
        "{person} 有 {count} 份提交：{labels}；请人工确认以哪份为准。",
        "{person} has {count} submissions: {labels}; please decide which one counts.",
    ),
    # Write-ups.
    "writeup-too-large": Text(
        "“{file}”超过 {limit}，未读取。",
        "“{file}” is larger than {limit} and was not read.",
    ),
    "writeup-too-slow": Text(
        "读取“{file}”超过 {seconds} 秒，已中止；请人工阅读。",
        "Reading “{file}” took longer than {seconds} s and was stopped; please read it yourself.",
    ),
    "writeup-too-hungry": Text(
        "读取“{file}”需要的内存超过上限，已中止；请人工阅读。",
        "Reading “{file}” needed more memory than allowed and was stopped; please read it "
        "yourself.",
    ),
    "writeup-crashed": Text(
        "“{file}”无法读取（{detail}）；请人工阅读。",
        "“{file}” could not be read ({detail}); please read it yourself.",
    ),
    "writeup-damaged": Text(
        "“{file}”已损坏，无法读取（{detail}）。",
        "“{file}” is damaged and cannot be read ({detail}).",
    ),
    "writeup-encrypted": Text(
        "“{file}”有密码保护，无法读取。",
        "“{file}” is protected by a password and cannot be read.",
    ),
    "writeup-not-text": Text(
        "“{file}”不是文本，也不是可识别的文档。",
        "“{file}” is neither text nor a document that is known.",
    ),
    "writeup-empty": Text(
        "“{file}”中没有任何文字。",
        "“{file}” holds no text at all.",
    ),
    "writeup-scanned": Text(
        "“{file}”只有图片没有文字（扫描件或截图）；请人工阅读。",
        "“{file}” has pictures but no text (a scan or screenshots); please read it yourself.",
    ),
    "writeup-page": Text(
        "“{file}”的第 {page} 页无法读取（{detail}）。",
        "Page {page} of “{file}” cannot be read ({detail}).",
    ),
    "writeup-unmapped": Text(
        "“{file}”中有些字符没有对应的文字（字体的缘故），可能缺字。",
        "Some characters of “{file}” carry no text, because of their font; something may be "
        "missing.",
    ),
    "writeup-cut": Text(
        "“{file}”太长，只读取了前 {limit} {what}。",
        "“{file}” is too long; only the first {limit} {what} were read.",
    ),
    "writeup-entities": Text(
        "“{file}”含有 XML 实体声明，正常文档不会有，未读取。",
        "“{file}” declares XML entities, which no ordinary document does; it was not read.",
    ),
    "writeup-hidden-text": Text(
        "“{file}”含有隐藏文字，没有计入答案。",
        "“{file}” has hidden text, which was not taken for answers.",
    ),
    "writeup-struck-text": Text(
        "“{file}”含有被划掉的文字，没有计入答案。",
        "“{file}” has crossed-out text, which was not taken for answers.",
    ),
    "writeup-direction": Text(
        "“{file}”含有改变文字方向的不可见字符，已去除；屏幕上看到的可能与此不同。",
        "“{file}” has invisible characters that turn the direction of text; they were removed, so "
        "it may look different on a screen.",
    ),
    "writeup-answers-damaged": Text(
        "“{file}”中的 answers.json 无法读取（{detail}）。",
        "The answers.json in “{file}” cannot be read ({detail}).",
    ),
}
