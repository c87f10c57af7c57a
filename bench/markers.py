"""What stands between two markers of a document, replaced; each marker has to be there once."""

import sys


def replaced(text, name, begin, end, block):
    """The text with this block between the markers; `name` is the document's, for the error."""
    if text.count(begin) != 1 or text.count(end) != 1:
        sys.exit(f"{name} needs one pair of lines {begin.strip()} and {end}")
    head, rest = text.split(begin)
    return f"{head}{begin}{block}{end}{rest.split(end)[1]}"


def write(page, begin, end, lines):
    """Puts lines between the markers of a page, and prints them."""
    block = "\n".join(lines) + "\n"
    page.write_text(replaced(page.read_text(), page.name, begin, end, block))
    print(block, end="")
