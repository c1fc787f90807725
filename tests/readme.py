"""The parts of the README that runs write, each between two marks."""

from collections.abc import Callable
from pathlib import Path


def rewrite(readme: Path, begin: str, end: str, change: Callable[[str], str]) -> None:
    """Put what `change` makes of the text between the marks there. Raises ValueError where the marks are missing."""
    content = readme.read_text(encoding="utf-8")
    before, opened, rest = content.partition(begin)
    text, closed, after = rest.partition(end)
    if not (opened and closed):
        raise ValueError(f"{readme.name} has no {begin} … {end}")
    readme.write_text(f"{before}{begin}\n{change(text)}\n{end}{after}", encoding="utf-8")
