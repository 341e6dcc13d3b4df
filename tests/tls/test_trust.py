"""Where the roots come from."""

from pathlib import Path

import certifi
import pytest

from report.errors import ExitCode, LabsharkError
from report.tls.trust import certifi_store, load_trust_store, trust_store
from tests.tls.small_ca import INTERMEDIATE, ROOT, chain, issue, replace, rsa_key


def test_certifi_is_whole_and_dated() -> None:
    store = certifi_store()
    pem = Path(certifi.where()).read_text(encoding="utf-8")
    assert len(store.roots) == pem.count("BEGIN CERTIFICATE")
    assert store.state
    assert store.state.strftime("%Y.%m.%d") == certifi.__version__
    assert certifi.__version__ in store.source.zh
    assert certifi.__version__ in store.source.en


def test_a_file_of_the_user_s(tmp_path: Path) -> None:
    made = chain()
    path = tmp_path / "根{证书}.pem"
    path.write_bytes(b"# comment\n" + made.root.pem + made.intermediate.pem)
    store = load_trust_store(path)
    assert len(store.roots) == 2
    assert store.state is None
    assert "根{证书}.pem" in store.source.zh
    assert store.holds(made.root.certificate)
    assert not store.holds(made.leaf.certificate)


@pytest.mark.parametrize("content", [b"", b"no certificate here", b"\x30\x82\x01\x0a"])
def test_a_file_without_certificates(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "roots.pem"
    path.write_bytes(content)
    with pytest.raises(LabsharkError) as caught:
        load_trust_store(path)
    assert (caught.value.slug, caught.value.exit_code) == ("trust-store-not-pem", ExitCode.USAGE)
    assert "roots.pem" in caught.value.text.zh


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pem", tmp_path):
        with pytest.raises(LabsharkError) as caught:
            load_trust_store(path)
        assert caught.value.slug == "trust-store-missing"


def test_a_root_is_known_by_name_and_key() -> None:
    """A renewed or cross-signed root is still the same CA; a name alone is not."""
    store = trust_store([issue(ROOT).certificate], "x")
    assert store.holds(issue(replace(ROOT, serial=99)).certificate)
    assert store.holds(issue(ROOT, issue(INTERMEDIATE)).certificate)
    assert not store.holds(issue(replace(ROOT, key=rsa_key("other"))).certificate)
    assert len(store.named(issue(ROOT).certificate.subject)) == 1
