"""The table of an experiment's runs: what is asked of it, its columns, a page of it."""

from runs.tables.asked import Asked
from runs.tables.best import Best, best, direction_of, goal_of
from runs.tables.cells import cells_of
from runs.tables.columns import columns_of
from runs.tables.page import Page, Row, page
from runs.tables.selecting import ids_of, runs_of
from runs.tables.shapes import Cell, Column, Trouble, key_of

__all__ = [
    "Asked",
    "Best",
    "Cell",
    "Column",
    "Page",
    "Row",
    "Trouble",
    "best",
    "cells_of",
    "columns_of",
    "direction_of",
    "goal_of",
    "ids_of",
    "key_of",
    "page",
    "runs_of",
]
