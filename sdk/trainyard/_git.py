"""Which commit a source folder is of, as properties of its run: asked of git, or read by ourselves.

Never fails, never waits long, and says no more than is known: without the program `git` nobody
knows whether files were changed since the commit.
"""

import os
import re
from typing import Dict, List, NamedTuple, Optional, Tuple

from trainyard._lazy import subprocess

PATIENCE_S = 10
MOST_TEXT = 1000
COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
ADDRESS = re.compile(r"(?<![\w+.-])[a-zA-Z][\w+.-]*://[^\s\"'\]]+")
MOST_READ = 1024 * 1024
HEAD, BRANCHES = "ref: ", "refs/heads/"
SECTION = re.compile(r'\[remote "(.*)"\]\s*\Z')
# Nothing of the repository is run, nothing is written, nobody is asked for a password.
QUIETLY = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-C")
ASKS_NOBODY = {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
# Set where a hook of git submits: they name a repository that need not be the folder's.
OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR")
KEEP_THE_USER = ("ssh", "git+ssh", "ssh+git")

State = NamedTuple(
    "State", [("commit", str), ("branch", str), ("is_dirty", Optional[bool]), ("remote", str)]
)


def properties(folder: str) -> Dict[str, str]:
    """Return what the v1 SDK writes on a run of this folder; {} where it is in no repository.

    dirty is "True" where a file below the folder differs from the commit, or is not in it.
    """
    try:
        found = _asked(folder) or _read(folder)
    except (OSError, ValueError):
        return {}
    if found is None:
        return {}
    facts = (
        ("repository_uri", "repoURL", clean(found.remote)),
        ("branch", "branch", found.branch),
        ("commit", "commit", found.commit),
    )
    told = {}
    for ours, theirs, text in facts:
        if text and len(text) <= MOST_TEXT:
            told["azureml.git." + ours] = told["mlflow.source.git." + theirs] = text
    if told and found.is_dirty is not None:
        told["azureml.git.dirty"] = str(found.is_dirty)
    return told


def clean(remote: str) -> str:
    """Return the address of a repository without password, token or query; "" for an odd one."""
    kind, sign, rest = remote.strip().partition("://")
    if not sign:  # a path, or user@host:path
        return "" if re.match("[^/@]*:[^/]*@", kind) else kind
    host, slash, path = re.split("[?#]", rest)[0].partition("/")
    user, at, host = host.rpartition("@")
    if re.search(r":(?![0-9]*\Z)", re.sub(r"\[.*\]", "", host)):
        return ""  # what stands there may be a password with a / in it
    kept = user.partition(":")[0] + at if kind.lower() in KEEP_THE_USER else ""
    return "{}://{}{}{}{}".format(kind, kept, host, slash, path)


def holds_a_secret(place: str) -> bool:
    """Whether a file, such as a repository's config, has an address with a password or token."""
    try:
        with open(place, encoding="utf-8", errors="replace") as file:
            text = file.read(MOST_READ)
    except OSError:
        return False
    is_header = "extraheader" in text.lower()  # how a CI system signs git in
    return is_header or any(clean(found) != found for found in ADDRESS.findall(text))


# --- by git ------------------------------------------------------------------------------------
def _asked(folder: str) -> Optional[State]:
    """Ask the program; None where it is not there, or knows no repository here."""
    told = _git(folder, "status", "--porcelain=v2", "--branch", "--ignore-submodules=dirty", ".")
    if told is None:
        return None
    lines = told.splitlines()
    heads = dict(line[2:].partition(" ")[::2] for line in lines if line.startswith("# "))
    commit, branch = heads.get("branch.oid", ""), heads.get("branch.head", "")
    urls = [line.partition(" ")[::2] for line in _urls(folder)]
    named = [(key[len("remote.") : -len(".url")], url) for key, url in urls]
    return State(
        commit if COMMIT.match(commit) else "",
        "" if branch == "(detached)" else branch,
        any(not line.startswith("# ") for line in lines),
        _remote(named, heads.get("branch.upstream", "").partition("/")[0]),
    )


def _urls(folder: str) -> List[str]:
    return (_git(folder, "config", "--get-regexp", r"^remote\..*\.url$") or "").splitlines()


def _git(folder: str, *words: str) -> Optional[str]:
    """Return what git prints; None where it is not there, takes too long, or says no."""
    environ = {name: text for name, text in os.environ.items() if name not in OF_HOOKS}
    try:
        told = subprocess.run(
            QUIETLY + (folder,) + words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ, **ASKS_NOBODY),
            timeout=PATIENCE_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.decode("utf-8", "replace") if told.returncode == 0 else None


def _remote(named: List[Tuple[str, str]], upstream: str) -> str:
    """Choose among (name, address): what the branch follows, else origin, else the first."""
    urls: Dict[str, str] = {}
    for name, url in named:
        urls.setdefault(name, url)
    for name in (upstream, "origin"):
        if name in urls:
            return urls[name]
    return next(iter(urls.values()), "")


# --- by ourselves ------------------------------------------------------------------------------
def _read(folder: str) -> Optional[State]:
    """Read the repository's files; None where the folder is in none. Raises OSError."""
    place = _repository(os.path.realpath(folder))
    if place is None:
        return None
    common = place
    if os.path.isfile(os.path.join(place, "commondir")):  # a second folder of one repository
        common = os.path.normpath(os.path.join(place, _text(place, "commondir")))
    head = _text(place, "HEAD")
    if not head.startswith(HEAD):
        return State(head if COMMIT.match(head) else "", "", None, _configured(common))
    ref = head[len(HEAD) :]
    branch = ref[len(BRANCHES) :] if ref.startswith(BRANCHES) else ""
    return State(_commit(place, common, ref), branch, None, _configured(common))


def _repository(folder: str) -> Optional[str]:
    """Return the folder of the repository that `folder` is in, or None."""
    while True:
        place = os.path.join(folder, ".git")
        if os.path.isfile(place):  # it lies elsewhere: a worktree, a submodule
            words = _text(folder, ".git").partition("gitdir: ")[2]
            return os.path.normpath(os.path.join(folder, words)) if words else None
        if os.path.isfile(os.path.join(place, "HEAD")):
            return place
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def _commit(place: str, common: str, ref: str) -> str:
    for home in (place, common):
        if os.path.isfile(os.path.join(home, ref)):
            found = _text(home, ref)
            return found if COMMIT.match(found) else ""
    if os.path.isfile(os.path.join(common, "packed-refs")):
        for line in _text(common, "packed-refs").splitlines():
            commit, _, name = line.partition(" ")
            if name == ref and COMMIT.match(commit):
                return commit
    return ""


def _configured(common: str) -> str:
    """Return the address of the remote that the repository's config names."""
    if not os.path.isfile(os.path.join(common, "config")):
        return ""
    named: List[Tuple[str, str]] = []
    name = ""
    for line in _text(common, "config").splitlines():
        words = line.strip()
        if words.startswith("["):
            section = SECTION.match(words)
            name = section.group(1) if section else ""
        key, sign, text = words.partition("=")
        if name and sign and key.strip().lower() == "url":
            named.append((name, text.strip().strip('"')))
    return _remote(named, "")


def _text(folder: str, name: str) -> str:
    with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
        return file.read().strip()
