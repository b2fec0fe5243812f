"""Writes a figure into a document, where a text stands with another one.

    write_figure.py FILE TEXT-WITH-%d NUMBER

The document's lines may break wherever the text has a space.
"""
import re
import sys

path, text, number = sys.argv[1:]
before, behind = (r"\s+".join(map(re.escape, part.split(" "))) for part in text.split("%d"))
with open(path, encoding="utf-8") as file:
    document = file.read()
with open(path, "w", encoding="utf-8") as file:
    file.write(re.sub(rf"({before})\d+(?={behind})", rf"\g<1>{number}", document, count=1))
