"""The answers of the textbook's own trace, as the lab's authors publish them."""

from typing import Any

TEXTBOOK: dict[str, Any] = {
    "q1": 17,
    "q2": "before",
    "q3": 28,
    "q4": "TLS 1.2",
    "q5": 17,
    "q6": "4b",
    "q8": 32,
    "q9": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "q10": True,
    "q11": 37,
    "q12": ["www.cs.umass.edu", "InCommon RSA Server CA", "USERTrust RSA Certification Authority"],
    "q13": "InCommon RSA Server CA",
    "q14": "sha256WithRSAEncryption",
    "q15": "00b3",
    "q17": 37,
    "q18": 39,
    "q20": "AES_128_GCM",
    "q21": "Server Hello",
    "q22": 41,
    "q24": 358,
}
