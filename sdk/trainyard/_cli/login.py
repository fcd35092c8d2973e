"""Keep a token, so that commands find the studio.

Make a token on the studio's Settings page and paste it here. It is kept in a file that only you
can read: for this computer, or with --folder as that folder's .azureml/config.json, which scripts
find too. A folder's own config.json goes before the login. Without URL: says who is signed in.
"""

import getpass
import os
import sys
from typing import Any

from trainyard import _config, _errors
from trainyard._cli.output import Output
from trainyard._cli.studio import Studio
from trainyard._client import Client


def arguments(parser: Any, common: Any) -> None:
    parser.add_argument(
        "url", nargs="?", help="the studio's address, such as http://127.0.0.1:8000"
    )
    parser.add_argument("--folder", help="write FOLDER/.azureml/config.json instead")
    parser.add_argument("--out", action="store_true", help="forget the login of this computer")


def run(studio: Studio, given: Any, output: Output) -> int:
    if given.out:
        was_there = _config.forget_login()
        output.note("signed out" if was_there else "nobody was signed in on this computer")
        return 0
    if not given.url:
        return _tell(studio.client, studio.config, studio.place, output)
    url = _address(given.url)
    token = _token(url)
    client = Client(url, token)
    me = client.get("me")
    config = _config.Config("trainyard", "trainyard", me["workspace"], url, token)
    if given.folder:
        place = _config.write(config, given.folder)
    else:
        os.makedirs(os.path.dirname(_config.login_file()), 0o700, exist_ok=True)
        place = _config.save(config, _config.login_file())
    return _tell(client, config, place, output)


def _tell(client: Client, config: _config.Config, place: str, output: Output) -> int:
    me = client.get("me")
    words = {
        "url": config.url,
        "username": me["username"],
        "workspace": config.workspace_name,
        "config": place,
    }
    if output.is_json:
        output.json(words)
    else:
        output.facts([(name, words[name]) for name in words])
    return 0


def _address(url: str) -> str:
    url = url.strip().rstrip("/")
    return url if "://" in url else "http://" + url


def _token(url: str) -> str:
    """Ask for the token: typed unseen on a terminal, else one line of what is piped in."""
    if sys.stdin.isatty():
        sys.stderr.write("Make a token on {}/settings/#tokens and paste it here.\n".format(url))
        token = getpass.getpass("Token: ")
    else:
        token = sys.stdin.readline()
    token = token.strip()
    if not token:
        raise _errors.UserErrorException(
            "no token was given; make one on {}/settings/#tokens".format(url)
        )
    return token
