"""The environment of programs started for users: what they need, no secret of the server."""

import os

PLACES = {"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ", "LANG", "LANGUAGE"}
CERTIFICATES = {
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NIX_SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "AWS_CA_BUNDLE",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "HTTPLIB2_CA_CERTS",
}
PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "FTP_PROXY", "NO_PROXY"}
HARDWARE = {"LD_LIBRARY_PATH", "CUDA_HOME", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"}
COMPILERS = {"CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "MAKEFLAGS"}


def for_tasks(extra: dict[str, str]) -> dict[str, str]:
    """Return the environment of a task: places, certificates, proxies, hardware, then `extra`."""
    return _picked(PLACES | CERTIFICATES | HARDWARE, ("LC_",)) | extra


def for_builds(extra: dict[str, str]) -> dict[str, str]:
    """Return the environment of an image build: a task's, compilers, uv's and conda's variables.

    CONDA_OVERRIDE_CUDA and its like say what a machine is taken for, where it cannot be detected.
    """
    prefixes = ("LC_", "UV_", "CONDA_OVERRIDE_")
    return _picked(PLACES | CERTIFICATES | HARDWARE | COMPILERS, prefixes) | extra


def for_containers(extra: dict[str, str]) -> dict[str, str]:
    """Return the environment of a container: proxies and the language of this machine, `extra`.

    Paths of this machine mean nothing there; what a container may read is mounted by name.
    """
    return {"LANG": "C.UTF-8"} | _picked({"TZ"}, ()) | extra


def _picked(names: set[str], prefixes: tuple[str, ...]) -> dict[str, str]:
    # An allow-list: whatever the operator gave the server (keys, passwords, STUDIO_*) stays here.
    return {
        name: value
        for name, value in os.environ.items()
        if name in names or name.startswith(prefixes) or name.upper() in PROXIES
    }
