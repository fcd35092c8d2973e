"""Look inside a model's files: names, shapes, dtypes. Nothing is unpickled, run or imported.

Every reader takes bytes of a file in bounded ranges (`reading.Source`) and believes none of them.
"""
