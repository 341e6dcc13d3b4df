"""The words of the feedback and the class page in both languages; templates hold none."""

from report.text import Text

VERDICT: dict[str, Text] = {
    "correct": Text("正确", "Correct"),
    "partial": Text("部分正确", "Partly right"),
    "wrong": Text("错误", "Wrong"),
    "missing": Text("未作答", "Missing"),
    "review": Text("待评阅", "To review"),
    "not_gradable": Text("无法评分", "Not gradable"),
}

CONFUSION: dict[str, Text] = {
    "record_version": Text("记录层版本当作 Client Hello 版本", "Record version for the hello's"),
    "first_fragment": Text("消息开始的数据包", "First fragment of the message"),
    "retry_for_server_hello": Text(
        "Hello Retry Request 当作 Server Hello", "Hello Retry Request for Server Hello"
    ),
    "finished_for_data": Text("Finished 当作应用数据", "Finished for application data"),
    "fin_for_alert": Text("TCP FIN 当作 TLS 告警", "TCP FIN for the TLS alert"),
    "wrong_connection": Text("看错了连接", "Another connection"),
    "sequence_number": Text("TCP 序列号当作数据包编号", "TCP sequence number for packet number"),
    "whole_random": Text("取了整个 Random 的开头", "Start of the whole Random"),
    "root_for_issuer": Text("更高一级的 CA 当作签发者", "A higher CA for the issuer"),
    "subject_for_issuer": Text("使用者当作签发者", "Subject for issuer"),
    "ec_point_as_modulus": Text("EC 点当作模数", "EC point for modulus"),
    "modulus_as_encoded": Text("公钥编码当作模数", "The key's encoding for the modulus"),
    "suite_for_algorithm": Text("整个套件当作对称算法", "Whole suite for the algorithm"),
    "signature_for_symmetric": Text("签名算法当作对称算法", "Signature for symmetric algorithm"),
    "bits_for_bytes": Text("位当作字节", "Bits for bytes"),
    "header_counted": Text("首部算进或漏掉", "Header counted or not"),
    "offered_for_chosen": Text("提供的当作选定的", "Offered for chosen"),
    "textbook_answer": Text("教材抓包的答案", "The textbook trace's answer"),
    "digits_turned": Text("数字颠倒", "Digits turned round"),
    "leading_zeros": Text("漏了前导零", "Leading zeros dropped"),
    "incomplete": Text("算法不完整", "Algorithm incomplete"),
    "extension_version": Text("扩展中的版本", "Version of the extension"),
    "second_hello": Text("第二个 Client Hello", "Second Client Hello"),
    "other_side": Text("另一方的随机数", "The other side's random bytes"),
    "organization_for_name": Text("组织名当成 CA 名称", "Organization for the CA's name"),
    "other_certificate": Text("链上的另一张证书", "Another certificate of the chain"),
    "short_name": Text("名称只写了一部分", "Shortened name"),
    "some_names": Text("名称不全", "Not all names"),
    "unnamed": Text("没有写出名称", "Not named"),
}
"""Short names for tables and charts; the sentences are in `marking.confusions`."""

FACT: dict[str, Text] = {
    "same_capture": Text("与他人交了同一个抓包文件", "Same capture file as another student"),
    "same_session": Text(
        "抓包中有与他人相同的 TLS 会话（另存或裁剪的副本）",
        "The capture holds a TLS session that another student's holds too (re-saved or trimmed)",
    ),
    "published_trace": Text(
        "抓包是教材公开的抓包，不是自己抓的", "The capture is a published trace, not one's own"
    ),
    "fits_other_capture": Text(
        "答案与他人的抓包相符，与自己的不符",
        "Answers that fit another student's capture and not one's own",
    ),
    "fits_published_answers": Text(
        "答案与教材抓包的公开答案相符，与自己的不符",
        "Answers that fit the textbook's published ones and not one's own capture",
    ),
    "same_wrong_answers": Text(
        "与他人有多处相同的错误答案", "The same wrong answers as another student"
    ),
    "capture_lacks_much": Text(
        "抓包中缺少所问内容的一半以上，“没抓到”因此成了正确回答",
        "The capture lacks half of what is asked, so that “not captured” is the right answer",
    ),
    "capture_before_term": Text("抓包早于学期开始", "The capture is older than the term"),
    "generated_report": Text("提交了 labshark 生成的报告", "A report made by labshark"),
    "generated_report_edited": Text(
        "labshark 的报告在生成后被改动", "A report by labshark that was edited afterwards"
    ),
    "report_of_another_capture": Text(
        "labshark 的报告出自另一个抓包", "A report by labshark made from another capture"
    ),
    "copied_text": Text("有些回答是 labshark 的原文", "Some answers are labshark's own sentences"),
    "mostly_copied_text": Text(
        "大部分回答是 labshark 的原文", "Most answers are labshark's own sentences"
    ),
}

WORDS: dict[str, Text] = {
    "feedback": Text("实验反馈", "Feedback on the lab"),
    "student": Text("学生", "Student"),
    "capture": Text("抓包文件", "Capture"),
    "key": Text("评分依据", "Marked against"),
    "score": Text("得分", "Points"),
    "of": Text("满分", "of"),
    "pending": Text("待教师确认", "awaiting the instructor"),
    "proposed": Text("建议", "proposed"),
    "you_wrote": Text("你的回答", "Your answer"),
    "read_as": Text("读作", "Read as"),
    "nothing": Text("没有找到回答", "no answer found"),
    "expected": Text("标准答案", "Expected"),
    "why": Text("为什么", "Why"),
    "at_line": Text("第 {line} 行", "line {line}"),
    "from_report": Text("来自 labshark 生成的报告", "from a report made by labshark"),
    "by_instructor": Text("教师评分", "marked by the instructor"),
    "note": Text("教师评语", "The instructor's note"),
    "problems": Text("关于你提交的文件", "About the files you handed in"),
    "overview": Text("一览", "At a glance"),
    "question": Text("题号", "Question"),
    "verdict": Text("评定", "Verdict"),
    "points": Text("得分", "Points"),
    "see_evidence": Text("证据在哪里", "Where the evidence is"),
    "packets": Text("数据包", "Packets"),
    "key_capture": Text("你自己的抓包", "your own capture"),
    "key_key": Text("给定的标准答案", "a fixed key"),
    "key_both": Text(
        "你自己的抓包，以及教师的评分标准", "your own capture and the instructor's key"
    ),
    "key_none": Text("没有", "nothing"),
    # The class page
    "class_page": Text("全班成绩", "The class"),
    "submissions": Text("份提交", "submissions"),
    "submission": Text("份提交", "submission"),
    "not_handed_in": Text("名单中未提交", "On the roster, nothing handed in"),
    "mean": Text("平均分", "Mean"),
    "median": Text("中位数", "Median"),
    "to_review": Text("题待评阅", "answers to review"),
    "distribution": Text("得分分布", "Distribution of points"),
    "distribution_note": Text(
        "横轴是得分占满分的百分比（已确定的分数加上建议分数），纵轴是人数。",
        "Across: points as a share of the maximum (decided and proposed). Up: students.",
    ),
    "students_count": Text("人数", "Students"),
    "questions": Text("各题情况", "Question by question"),
    "hardest": Text(
        "按得分率从低到高；每条按评定分段。",
        "Lowest success first; each bar is divided by verdict.",
    ),
    "success": Text("得分率", "Success"),
    "confusions": Text("常见错误", "Common confusions"),
    "no_confusions": Text("没有识别出常见错误。", "No confusion was recognised."),
    "review": Text("需要人工处理", "Needs a person"),
    "review_note": Text(
        "在 review.csv 中填写分数，再运行一次 labshark grade，填写的分数会保留。",
        "Fill in points in review.csv and run labshark grade again; what you filled in is kept.",
    ),
    "no_review": Text("没有需要人工处理的内容。", "Nothing needs a person."),
    "facts": Text("值得查看的事实", "Facts worth a look"),
    "facts_note": Text(
        "这些只是事实，不是指控：相同的抓包可能是分组实验，也可能是老师允许的。",
        "These are facts and no accusations: the same capture may come from working in pairs, "
        "which may be allowed.",
    ),
    "no_facts": Text("没有发现。", "None."),
    "all_students": Text("全部学生", "All students"),
    "id": Text("学号", "Student ID"),
    "name": Text("姓名", "Name"),
    "class": Text("班级", "Class"),
    "count": Text("次数", "Times"),
    "who": Text("涉及", "Concerns"),
    "what": Text("内容", "What"),
    "off_roster": Text("不在名单中", "Not on the roster"),
    "failed": Text("未能评分", "Could not be graded"),
    "duplicate": Text("同一人有多份提交", "Several submissions of one person"),
    "problem": Text("问题", "Problems"),
}
