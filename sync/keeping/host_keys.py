"""The key by which an SSH server is known on this machine."""

from pathlib import Path

# In the order in which Litestream's SSH client asks a server for them: it believes one key only,
# and a server that has several shows the first that it is asked for.
KINDS = (
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    "ssh-ed25519",
)
FILES = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


def known_host_key(host: str, port: int) -> str:
    """Return a server's key as `known_hosts` has it (`KIND BASE64`), "" where it is not known."""
    # Not light, and few nodes have their replica by SFTP.
    import asyncssh

    keys: dict[str, str] = {}
    for name in FILES:
        path = Path(name).expanduser()
        if path.is_file():
            known = asyncssh.read_known_hosts(str(path))
            for key in known.match(host, "", port if port != 22 else None)[0]:
                kind, _, rest = key.export_public_key("openssh").decode().strip().partition(" ")
                keys.setdefault(kind, rest.partition(" ")[0])
    return next((f"{kind} {keys[kind]}" for kind in KINDS if kind in keys), "")
