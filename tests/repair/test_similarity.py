import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.repair.similarity import distance, is_short_for, letters_in_common, nearest, similarity

words = st.text(st.sampled_from("abc_A"), max_size=8)


@pytest.mark.parametrize(
    ("left", "right", "steps"),
    [("", "", 0), ("", "ab", 2), ("lenght", "length", 1), ("abcd", "badc", 2), ("kitten", "sitting", 3), ("a", "a", 0)],
)
def test_distance(left: str, right: str, steps: int) -> None:
    assert distance(left, right) == steps


@given(words, words)
def test_distance_is_symmetric_and_nothing_only_between_equals(left: str, right: str) -> None:
    assert distance(left, right) == distance(right, left)
    assert (distance(left, right) == 0) == (left == right)
    assert 0.0 <= similarity(left, right) <= 1.0


def test_case_and_underscores_count_for_little() -> None:
    assert similarity("toString", "to_string") > similarity("to_strong", "to_string")


def test_the_nearest_come_first_and_never_the_name_itself() -> None:
    found = [name for name, _ in nearest("lenght", ["map", "length", "lengths", "lenght", "length"], 0.5)]
    assert found == ["length", "lengths"]


@pytest.mark.parametrize(
    "names", [("lat", "latitude"), ("msg", "message"), ("max_length", "max_len"), ("cfg", "config")]
)
def test_words_may_be_shortened(names: tuple[str, str]) -> None:
    assert is_short_for(*names)


@pytest.mark.parametrize("names", [("lon", "latitude"), ("len", "len"), ("of_int", "of_string"), ("age", "message")])
def test_other_words_are_not_short_for_a_name(names: tuple[str, str]) -> None:
    assert not is_short_for(*names)


def test_a_name_may_have_the_root_of_another() -> None:
    assert letters_in_common("clino", "inclination") == 0.8
    assert letters_in_common("rate", "iterate") == 1.0
    assert letters_in_common("name", "namely") == 1.0
    assert letters_in_common("old", "folder") == 0.0  # three letters are chance
