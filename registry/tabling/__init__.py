"""Reading strangers' tables, in a program of its own: nothing here imports the framework.

registry/tables.py starts it, says what to read and takes what it prints; a file that breaks a
reader, or takes too much memory or time, ends this program and no other.
"""
