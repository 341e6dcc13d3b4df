"""How people write answers: by hand, in both languages, none of it labshark's own wording."""

from collections.abc import Mapping, Sequence

Phrases = Mapping[str, Sequence[str]]

ASKED: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "q1": "发起连接的第一个 SYN 包的编号？",
        "q2": "TCP 三次握手在第一条 TLS 消息的前面还是后面？",
        "q3": "哪个包里有 Client Hello？",
        "q4": "Client Hello 声明的 TLS 版本？",
        "q5": "客户端一共给出几个密码套件？",
        "q6": "客户端 random bytes 开头的两位十六进制数？",
        "q7": "客户端随机数的用途？",
        "q8": "哪个包里有 Server Hello？",
        "q9": "服务器选的是哪个密码套件？",
        "q10": "Server Hello 里也有随机数吗？干什么用？",
        "q11": "服务器的证书在哪个包？",
        "q12": "服务器发来的几张证书各是谁的？",
        "q13": "给服务器签发证书的是谁？",
        "q14": "证书的签名算法？",
        "q15": "公钥模数的头四位十六进制数？",
        "q16": "客户端联系过 CA 吗？第一个这样的包是哪个？",
        "q17": "Server Hello Done 在哪个包？",
        "q18": "Client Key Exchange、Change Cipher Spec、Finished 在哪个包？",
        "q19": "客户端有没有发自己的证书？在哪个包？",
        "q20": "应用数据用什么对称算法加密？",
        "q21": "对称算法由哪条 TLS 消息最后敲定？",
        "q22": "客户端的第一个应用数据在哪个包？",
        "q23": "这段应用数据是什么？",
        "q24": "客户端关闭 TLS 连接的消息在哪个包？",
    },
    "en": {
        "q1": "First TCP SYN of the connection: which packet?",
        "q2": "Is TCP established before or after the first TLS message?",
        "q3": "Packet number of the Client Hello?",
        "q4": "TLS version that the Client Hello declares?",
        "q5": "How many cipher suites does the client support?",
        "q6": "First two hex digits of the client's random bytes?",
        "q7": "What is the purpose of the client's random bytes?",
        "q8": "Packet number of the Server Hello?",
        "q9": "Cipher suite chosen by the server?",
        "q10": "Are there random bytes in the Server Hello? What for?",
        "q11": "Packet with the server's certificate?",
        "q12": "Who are the certificates for?",
        "q13": "Who issued the server's certificate?",
        "q14": "Signature algorithm of the certificate?",
        "q15": "First four hex digits of the public key's modulus?",
        "q16": "Did the client talk to a certificate authority? First packet?",
        "q17": "Packet with the Server Hello Done?",
        "q18": "Packet with the Client Key Exchange, Change Cipher Spec and Finished?",
        "q19": "Does the client send a certificate? In which packet?",
        "q20": "Symmetric algorithm for the application data?",
        "q21": "Which TLS message decides the symmetric algorithm?",
        "q22": "Packet with the client's first application data?",
        "q23": "What is in that application data?",
        "q24": "Packet in which the client closes the TLS connection?",
    },
}

VALUES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "packet_number": {
        "zh": (
            "{v}",
            "包号为 {v}。",
            "在第{v}号分组里。",
            "第 {v} 个包",
            "是 {v}。",
            "如图，编号 {v}。",
            "{v}号包，见截图",
            "No.{v}",
            "显然是 {v}",
            "用过滤器找到的，是第{v}号数据包",
            "＃{v}",
            "答案：{v}",
        ),
        "en": (
            "{v}",
            "Packet No. {v} contains it.",
            "It is in frame {v}.",
            "#{v}",
            "packet {v}",
            "Frame number {v}, see the screenshot.",
            "No. {v}",
            "I found it in packet {v}",
            "The packet number is {v}.",
            "That would be {v}.",
        ),
    },
    "count": {
        "zh": (
            "{v}个",
            "{v} 个：",
            "一共 {v} 个套件",
            "Cipher Suites ({v} suites)",
            "{v}",
            "支持{v}种",
        ),
        "en": (
            "{v}",
            "{v} suites",
            "It offers {v} cipher suites.",
            "Cipher Suites ({v} suites)",
            "There are {v} of them",
        ),
    },
    "version": {
        "zh": ("{v}", "是 {v}", "版本为{v}。", "Client Hello 里写的是 {v}"),
        "en": ("{v}", "It declares {v}.", "The version is {v}", "{v}, as the screenshot shows"),
    },
    "hex": {
        "zh": ("{v}", "是 {v}。", "0x{v}", "前几位是 {v}", "{v}（见图）"),
        "en": ("{v}", "0x{v}", "They are {v}.", "It starts with {v}", "`{v}`"),
    },
    "cipher_suite": {
        "zh": ("{v}", "选的是{v}", "Cipher Suite: {v}", "服务器选择 {v}。"),
        "en": ("{v}", "The server picks {v}.", "Cipher Suite: {v}", "{v} was chosen"),
    },
    "algorithm": {
        "zh": ("{v}", "算法是 {v}", "用的是{v}。"),
        "en": ("{v}", "It is {v}.", "The algorithm is {v}", "{v} is used"),
    },
    "name": {
        "zh": ("{v}", "签发者是 {v}", "由 {v} 签发。", "id-at-commonName={v}"),
        "en": ("{v}", "It was issued by {v}.", "The issuer is {v}", "issuer CN={v}"),
    },
    "names": {
        "zh": ("{v}", "分别属于 {v}", "一共有几张，依次是：{v}"),
        "en": ("{v}", "They are for {v}.", "The certificates belong to {v}"),
    },
    "message_name": {
        "zh": ("{v}", "在 {v} 消息里", "由{v}决定"),
        "en": ("{v}", "The {v} decides it.", "In the {v} message"),
    },
}

ORDER: Phrases = {
    "zh": (
        "之前",
        "先完成三次握手，然后才有 TLS，所以是之前。",
        "TCP 连接在第一条 TLS 消息之前就建立好了",
        "before，三次握手在先",
    ),
    "en": (
        "Before",
        "TCP was set up before the first TLS message.",
        "before, the three-way handshake comes first",
        "It is established before any TLS message is sent.",
    ),
}

YES_RANDOM: Phrases = {
    "zh": (
        "有，作用和客户端的一样，参与生成密钥，防止重放。",
        "是的，也有随机数，和客户端的一起用来计算密钥",
        "包含。双方的随机数共同生成会话密钥，可以防重放",
    ),
    "en": (
        "Yes, it does; together with the client's they make the session keys and stop replays.",
        "Yes. They serve the same purpose: fresh keys for every session.",
        "Yes, 32 bytes, they go into the keys",
    ),
}

NONE: Phrases = {
    "zh": (
        "没有",
        "没有找到这样的包。",
        "没有，因为根证书已经装在系统里",
        "并没有",
        "不是，没有发现",
    ),
    "en": (
        "No",
        "No, there is none.",
        "No such packet: the CA keys are installed already.",
        "It did not.",
        "none found",
    ),
}
NO_CERTIFICATE: Phrases = {
    "zh": ("没有", "客户端没有发送证书。", "没有，服务器没有要求", "未提供证书"),
    "en": (
        "No",
        "No, the client does not send one.",
        "It does not; the server never asks.",
        "none",
    ),
}
HIDDEN: Phrases = {
    "zh": ("看不到，TLS 1.3 里已经加密了", "被加密了，无法看到", "已加密，看不见"),
    "en": (
        "It is encrypted, so I cannot see it.",
        "Cannot be seen: encrypted in TLS 1.3",
        "encrypted, not visible without keys",
    ),
}
NOT_APPLICABLE: Phrases = {
    "zh": ("TLS 1.3 没有这个消息", "不存在，TLS 1.3 取消了这条消息", "不适用，TLS 1.3 没有"),
    "en": (
        "TLS 1.3 has no such message.",
        "There is no such message in TLS 1.3",
        "not applicable, TLS 1.3 dropped it",
    ),
}
NO_MODULUS: Phrases = {
    "zh": ("没有模数，是椭圆曲线公钥", "EC 公钥没有模数"),
    "en": ("There is no modulus, the key is an EC key.", "An EC key has no modulus"),
}
NOT_CAPTURED: Phrases = {
    "zh": ("没有抓到", "抓包开始得太晚，没有捕获到"),
    "en": ("It was not captured.", "not in my capture"),
}

# (text, share of the ideas that the lab asks for)
RANDOM_PURPOSE: Mapping[str, Sequence[tuple[str, float]]] = {
    "zh": (
        ("参与主密钥的计算，让每次会话的密钥都不同，防止重放攻击。", 1.0),
        ("和预主密钥一起算出会话密钥，保证唯一，别人录下来重放也没用", 1.0),
        ("用来生成密钥。", 0.5),
        ("防止有人把以前的报文再发一遍（重放）", 0.5),
        ("我觉得是为了增加安全性", 0.0),
    ),
    "en": (
        ("They go into the master secret so that every session has unique keys; no replay.", 1.0),
        ("Fresh input for the session keys, which defeats replayed messages.", 1.0),
        ("They are used to compute the keys.", 0.5),
        ("To prevent replay attacks", 0.5),
        ("For more security, I think.", 0.0),
    ),
}
FIRST_DATA: Mapping[str, Sequence[tuple[str, float]]] = {
    "zh": (
        ("应该是 HTTP 请求，比如 GET", 1.0),
        ("浏览器请求网页的 GET 报文", 1.0),
        ("加密后的内容，看不懂是什么", 0.0),
    ),
    "en": (
        ("Most likely the HTTP GET request.", 1.0),
        ("the request for the page", 1.0),
        ("Some encrypted bytes", 0.0),
    ),
}
