"""Passwords of addresses and places of the server: in nothing that a reader sees."""

import time

import pytest

from compute.building.masking import without_places, without_secrets


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--index-url https://ada:PW@h/simple", "--index-url https://h/simple"),
        ("git+https://ada:PW@h/x.git@v1.0#egg=x", "git+https://h/x.git@v1.0#egg=x"),
        ("git+https://PW@h:8443/x.git@v1", "git+https://h:8443/x.git@v1"),
        ("six @ http://u:PW/PW@h/x.whl", "six @ http://h/x.whl"),
        ("six @ http://u:PW?PW#PW@h/x.whl", "six @ http://h/x.whl"),
        ("https://u:PW@PW@h/c, https://h/t/PW/x)", "https://h/c, https://h/x)"),
        ("https://u:PW@[::1]:8080/c", "https://[::1]:8080/c"),
        ("https:///u:PW@h/c", "https:///h/c"),
        ("http://h:80/t/PW", "http://h:80"),
        ("https://h/t/x-1.0.whl", "https://h/t/x-1.0.whl"),
        ("https://h/x.whl?a=1&token=PW&b=2#sha256=12", "https://h/x.whl?a=1&token=****&b=2#sha256=12"),
        ("https://h/?X-Amz-Signature=PW&api_key=PW", "https://h/?X-Amz-Signature=****&api_key=****"),
        ("https://h/?t%6Fken=PW, six", "https://h/?t%6Fken=****, six"),
        ("https://h/?password=PW#token=PW", "https://h/?password=****#token=****"),
        ("to access 'https://u:PW@h/x/': Failed", "to access 'https://h/x/': Failed"),
        ('{"pip": ["https://u:PW@h/x", "six"]}', '{"pip": ["https://h/x", "six"]}'),
        ("cut in its password: https://u:PW", "cut in its password: https://****"),
        ("https://h:8080/a/b@v1 https://[::1]/a", "https://h:8080/a/b@v1 https://[::1]/a"),
        ("file:///etc/a@b/x", "file:///etc/a@b/x"),
        ("six==1 # a@b, no address: t/x/y", "six==1 # a@b, no address: t/x/y"),
    ],
)  # fmt: skip
def test_no_password_and_no_token_is_left(text, shown):
    assert without_secrets(text) == shown
    assert without_secrets(shown) == shown


def test_a_long_line_costs_no_time():
    began = time.thread_time()
    for piece in ("://a", "/t/", "?a=b&", "https://u:p@", "https://h/x,", ",", "@", "https://u:p/"):
        without_secrets("https://h/" + piece * 50_000)
        without_secrets(piece * 50_000)
        without_places("/.work-" + piece * 50_000)
    without_places("/.work-" * 50_000)
    assert time.thread_time() - began < 20


def test_files_of_a_builder_are_called_by_their_name():
    said = "parse requirement in `/srv/images/.work-a1_b/requirements.in` at position 0"
    assert without_places(said) == "parse requirement in `requirements.in` at position 0"
    assert without_places("no file /srv/x/.work-ab: gone") == "no file : gone"
