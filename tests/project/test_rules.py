"""The rule book is a closed list: every sentence and every table row of it is the docstring of a test."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import rulebook

TESTS = Path(__file__).parents[1]
BOOK = """
# Title

> This explains. It is no rule.

An item is `one` thing. So is
[another](elsewhere.md).

- The first *rule*.
  It goes on.
- The second: it ends.

| kind | is |
|---|---|
| `new` | the first |
| `seat` | more. Of it |

These are cases:

| price | worth |
|---|---|
| `Pro` | 12.50 |
"""


@cache
def trees() -> list[ast.Module]:
    """Return the code of all tests."""
    return [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(TESTS.rglob("test_*.py"))]


def functions() -> Iterator[ast.FunctionDef]:
    """Yield every test."""
    for tree in trees():
        yield from (
            node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
        )


def read(function: ast.FunctionDef) -> set[str]:
    """Return which tables of cases a test is parametrised by."""
    calls = [node for decorator in function.decorator_list for node in ast.walk(decorator)]
    return {
        str(ast.literal_eval(call.args[0]))
        for call in calls
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "cases"
    }


@cache
def held() -> set[str]:
    """Return every sentence that is in a test's docstring."""
    said = [ast.get_docstring(function) or "" for function in functions()]
    return {sentence for text in said for paragraph in text.split("\n\n") for sentence in rulebook.cut(paragraph)}


def test_every_sentence_of_the_rule_book_is_held_by_a_test() -> None:
    """Each sentence and each table row of docs/rules.md is, word for word, in the docstring of a test."""
    missing = [sentence for sentence in rulebook.sentences() if sentence not in held()]
    assert not missing, "no test holds these sentences of docs/rules.md:\n" + "\n".join(missing)


@pytest.mark.parametrize("introduction", rulebook.introductions())
def test_every_table_of_cases_is_read_by_a_test(introduction: str) -> None:
    """A table below a sentence that ends in a colon holds cases: a test that has the sentence is run on each row."""
    readers = [function for function in functions() if introduction in read(function)]
    assert readers, f'no test is parametrised by cases("{introduction}") of docs/rules.md'
    assert any(introduction in rulebook.cut(ast.get_docstring(function) or "") for function in readers)


def test_sentences_are_cut_in_a_simple_way() -> None:
    """Quotes and headings are no rules; paragraphs, list items and table rows are cut after each full stop."""
    assert rulebook.sentences(BOOK) == [
        "An item is one thing.",
        "So is another.",
        "The first rule.",
        "It goes on.",
        "The second: it ends.",
        "New: the first.",
        "Seat: more.",
        "Of it.",
        "These are cases.",
    ]
    assert rulebook.introductions(BOOK) == ["These are cases."]
    assert rulebook.cases("These are cases.", BOOK) == [("Pro", "12.50")]


def test_no_rule_stands_twice() -> None:
    """A sentence that stood twice could be changed in one place only."""
    found = rulebook.sentences()
    assert [sentence for sentence in set(found) if found.count(sentence) > 1] == []
