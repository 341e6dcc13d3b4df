"""The exact command that mends each lack, per system; what is not here has none."""

from collections.abc import Mapping

from report.doctor.machine import Family

Commands = Mapping[Family, str]

INSTALL_PYTHON: Commands = {
    "debian": "sudo apt-get install python3 python3-venv",
    "ubuntu": "sudo apt-get install python3 python3-venv",
    "fedora": "sudo dnf install python3",
    "macos": "brew install python",
    "windows": "winget install Python.Python.3.13",
}

INSTALL_TSHARK: Commands = {
    "debian": "sudo apt-get install tshark",
    "ubuntu": "sudo apt-get install tshark",
    "fedora": "sudo dnf install wireshark-cli",
    "macos": "brew install wireshark",
    "windows": "winget install WiresharkFoundation.Wireshark",
}

UPGRADE_TSHARK: Commands = {
    "debian": "sudo apt-get update && sudo apt-get install tshark",
    "ubuntu": "sudo add-apt-repository ppa:wireshark-dev/stable && sudo apt-get install tshark",
    "fedora": "sudo dnf upgrade wireshark-cli",
    "macos": "brew upgrade wireshark",
    "windows": "winget upgrade WiresharkFoundation.Wireshark",
}

INSTALL_BUBBLEWRAP: Commands = {
    "debian": "sudo apt-get install bubblewrap",
    "ubuntu": "sudo apt-get install bubblewrap",
    "fedora": "sudo dnf install bubblewrap",
}

_USER_NAMESPACES = "sudo sysctl -w user.max_user_namespaces=15000"

ALLOW_BUBBLEWRAP: Commands = {
    "debian": f"{_USER_NAMESPACES} kernel.unprivileged_userns_clone=1",
    # Ubuntu 23.10 and later let only programs with such a profile make user namespaces.
    "ubuntu": (
        r"printf 'abi <abi/4.0>,\ninclude <tunables/global>\nprofile bwrap /usr/bin/bwrap "
        r"flags=(unconfined) {\n  userns,\n}\n' | sudo tee /etc/apparmor.d/bwrap "
        "&& sudo systemctl reload apparmor"
    ),
    "fedora": _USER_NAMESPACES,
    "linux": _USER_NAMESPACES,
}

INSTALL_PANGO: Commands = {
    "debian": "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "ubuntu": "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
    "fedora": "sudo dnf install pango",
    # A Python that is not Homebrew's does not look for libraries there by itself.
    "macos": 'brew install pango && export DYLD_FALLBACK_LIBRARY_PATH="$(brew --prefix)/lib"',
    "windows": (
        "winget install MSYS2.MSYS2; "
        'C:\\msys64\\usr\\bin\\bash -lc "pacman -S --noconfirm mingw-w64-ucrt-x86_64-pango"'
    ),
}

_DEBIAN_CAPTURE = (
    "echo wireshark-common wireshark-common/install-setuid boolean true "
    "| sudo debconf-set-selections && sudo dpkg-reconfigure -f noninteractive wireshark-common "
    '&& sudo usermod -aG wireshark "$USER"'
)

ALLOW_CAPTURE: Commands = {
    "debian": _DEBIAN_CAPTURE,
    "ubuntu": _DEBIAN_CAPTURE,
    "fedora": 'sudo usermod -aG wireshark "$USER"',
    "linux": 'sudo setcap cap_net_raw,cap_net_admin=ep "$(command -v dumpcap)"',
    "macos": "brew install --cask wireshark-chmodbpf",
    "windows": "start https://npcap.com/#download",
}

REINSTALL_LABSHARK = "python -m pip install --force-reinstall --no-deps labshark"
