"""What is searched of a row."""

import pytest

from twinshelf.kit.text_search import searchable


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ""),
        (["Enamel  Mug", "MUG-1"], "  enamel  mug  mug-1  1"),
        (["mug", "Mug"], "  mug"),
        (["TEE-XL", "TEE-S"], "  tee-xl  tee-s  xl  s"),
        (["xl-tee"], "  xl-tee"),
        (["a_b"], "  a_b  b"),
        (["100 % wool"], "  100  %  wool"),
    ],
)
def test_searchable(texts, expected):
    assert searchable(texts) == expected
