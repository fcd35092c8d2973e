"""What a program that reads strangers' files may take of the machine. Standard library only."""

import resource


def limit(memory_bytes: int, seconds: int) -> None:
    """Take no more memory or processor time than this, write no file, leave no core."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def open_no_more() -> None:
    """Open no other file from now on: a file may name others, and its reader would follow."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
