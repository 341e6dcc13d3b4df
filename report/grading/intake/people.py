"""Student ids and names: how they are compared, and how they are found in a file name."""

import re
import unicodedata
from dataclasses import dataclass

_ID_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{0,4}\d{5,20}[A-Za-z]?(?![A-Za-z0-9])")
_GLUED = re.compile(r"\d{6,20}")  # 0012024LiSi
DATE = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\Z")
_CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_CJK_RUN = re.compile(f"[{_CJK}·•]+")
_LATIN_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_LONGEST_LABEL = 255

# What stands in file names beside a person's name. A numeral is only taken with its noun: 张三 is
# a name.
_ZH_NOISE = re.compile(
    r"实验报告|实验[一二三四五六七八九十]{0,2}|第[一二三四五六七八九十]+[次章讲个]?|大?作业[一二三四五六七八九十]?|"
    r"[一二三四五六七八九十]{0,3}班级?|报告册?|学号|姓名|抓包|数据包?|计算机网络|计算机科学与技术|计算机|计科|计网|"
    r"网络工程|网络安全|网络|软件工程|软件|信息安全|信息|人工智能|大数据|物联网|电子|通信|自动化|工程|专业|学院|"
    r"大学|课程|设计|最终版?|终版|修改版?|新版|版本|提交版?|补交|迟交|副本|新建|文件夹?|文档|压缩包|截图|图片|分析|"
    r"答案|回答|密钥|日志|附件|材料|结果|过程|说明|总结|老师|同学|学生|小组|期末|期中|中文|英文|双语|级|组"
)
_EN_WORDS = """report lab labs wireshark tls ssl https http homework hw assignment final draft copy
version capture captures trace traces packet packets answer answers submission submit student id
name class section group team project exercise week keylog keys key sslkeylog sslkeylogfile
screenshot screenshots image images img figure figures pcap pcapng docx doc pdf md txt zip html htm
json png jpg late new file files folder rev the of and my mine for in untitled document scan network
networks networking computer cs cn feedback question questions readme instructions roster grades
handout template sample solution solutions notes note summary zh en chs cht eng english chinese"""
_EN_NOISE = frozenset(_EN_WORDS.split())
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁"
    "任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方白邹孟熊秦邱江尹薛闫阎雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武"
    "戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅"
    "童凌毕单季成霍苗涂谷曲盛冉翁蓝路游辛靳欧管柴蒙鲍华喻祁房滕屈饶解牟艾尤时阳穆农司卓古吉缪简车项连"
    "芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛"
    "仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区"
    "郜海阚花权强帅屠豆朴盖练廉禹井祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸"
    "雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利於呼居揭干但尉冶斯元束檀"
    "衣信展阴昝智幸奉植衡富尧闭由欧"
)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a label seems to speak of."""

    id: str | None
    name: str | None


def plain(text: str) -> str:
    """`text` in NFKC (full-width digits and letters become ASCII), spaces collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def id_key(student_id: str) -> str:
    """What two spellings of one id share: NFKC, no spaces, case folded."""
    return "".join(plain(student_id).split()).casefold()


def name_keys(name: str) -> frozenset[str]:
    """What spellings of one name share: squeezed, as written and with family name first or last.

    `Zhang, San`, `San Zhang` and Canvas's `zhangsan` meet; a Chinese name has one key.
    """
    words = [w for w in re.split(r"[\s_·•.,，、-]+", plain(name).casefold()) if w]
    words = [squeezed for w in words if (squeezed := "".join(filter(str.isalnum, w)))]
    if not words:
        return frozenset()
    orders = (words, words[1:] + words[:1], words[-1:] + words[:-1])
    return frozenset("".join(order) for order in orders)


def full_name(family: str, given: str) -> str:
    """Family and given name in the order of their script: 王小明, María García."""
    if _CJK_RUN.search(family + given):
        return family + given
    return f"{given} {family}".strip()


def identity(label: str) -> Identity:
    """The student id and name in a file's or folder's name, without a roster to ask."""
    text = plain(label[:_LONGEST_LABEL])
    return Identity(_id_in(text), _chinese_name(text) or _latin_name(text))


def id_tokens(label: str) -> tuple[str, ...]:
    """Everything in a label that could be a student id, longest first, dates last."""
    text = _apart(plain(label[:_LONGEST_LABEL]))
    found = _ID_TOKEN.findall(text) or [run for run in _GLUED.findall(text) if not DATE.match(run)]
    return tuple(sorted(dict.fromkeys(found), key=lambda t: (bool(DATE.match(t)), -len(t))))


def _apart(text: str) -> str:
    """Chinese characters and underscores stand for spaces around an id."""
    return re.sub(f"[{_CJK}_]+", " ", text)


def _id_in(text: str) -> str | None:
    return next(iter(id_tokens(text)), None)


def _chinese_name(text: str) -> str | None:
    candidates = [
        piece
        for run in _CJK_RUN.findall(text)
        for piece in _ZH_NOISE.split(run)
        if piece and (2 <= len(piece) <= 4 or ("·" in piece and len(piece) <= 15))
    ]
    with_surname = [c for c in candidates if c[0] in _SURNAMES]
    return next(iter([*with_surname, *candidates]), None)


def _latin_name(text: str) -> str | None:
    words = [w for w in _LATIN_WORD.findall(_apart(_ID_TOKEN.sub(" ", _apart(text))))]
    kept = [w for w in words if w.casefold() not in _EN_NOISE and len(w) > 1]
    return " ".join(kept[:4]) or None
