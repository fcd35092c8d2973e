"""Pipelines: graphs of steps, each an ordinary run that begins when those before it have ended.

graph (as sent) ─► graphs: read and checked ─► starting: a run with a row for each step ─►
advancing: steps begin, one row and one run after the other, until the run itself ends
"""
