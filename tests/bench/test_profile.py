from tests.bench.profile import counted, told

STACKS = ["main;loop;encode 30", "main;loop;decode;encode 20", "main;loop 50"]


def test_own_time_is_that_of_the_innermost_function() -> None:
    itself, _, every = counted(STACKS)
    assert itself == {"encode": 50, "loop": 50}
    assert every == 100


def test_time_in_all_counts_a_function_once_for_each_stack() -> None:
    _, in_all, _ = counted([*STACKS, "main;loop;loop 10"])
    assert in_all == {"main": 110, "loop": 110, "encode": 50, "decode": 20}


def test_shares_are_told_and_in_all_only_of_ours() -> None:
    text = told(
        ["main (gateway/cli/run.py:1);settle (gateway/settle.py:9);dumps (json/__init__.py:1) 20", "other 80"]
    )
    assert "| dumps (json/__init__.py:1) | 20.0% |" in text
    assert "| settle (gateway/settle.py:9) | 20.0% |" in text
    assert "main" not in text
