"""Which of a seller's shops join an account, and what they are called."""

from __future__ import annotations

import pytest

from twinshelf.connections.joining import Terms, choose, names
from twinshelf.documents import ShopInfo


def info(id_, region="MY", kind="CROSS_BORDER"):
    return ShopInfo(id=id_, name=f"Shop {id_}", region=region, seller_type=kind, cipher="c", code="")


MY1, MY2, SG = info("1"), info("2"), info("3", "SG")
LOCAL = info("9", "GB", "LOCAL")


@pytest.mark.parametrize(
    ("infos", "terms", "joining", "left_out"),
    [
        ([MY1, MY2, SG], Terms(), "123", {}),
        ([MY1, MY2, SG], Terms(sites=("MY",)), "12", {"3": "E-TEN-SITE"}),
        ([MY1, MY2, SG], Terms(sites=("SG", "MY")), "123", {}),
        ([MY1, MY2, SG], Terms(sites=("PH",)), "", dict.fromkeys("123", "E-TEN-SITE")),
        ([MY1, MY2, SG], Terms(sites=("MY",), bound=("3",)), "123", {}),
        ([LOCAL], Terms(sites=("MY",)), "9", {}),
        ([MY1, MY2, SG], Terms(room=3), "123", {}),
        ([MY1, MY2, SG], Terms(room=2), "12", {"3": "E-TEN-LIMIT"}),
        ([MY1, MY2, SG], Terms(room=0), "", dict.fromkeys("123", "E-TEN-LIMIT")),
        ([MY1, MY2, SG], Terms(room=-1, bound=("1", "2")), "12", {"3": "E-TEN-LIMIT"}),
        ([MY1, MY2, SG], Terms(room=1, bound=("2",)), "12", {"3": "E-TEN-LIMIT"}),
        ([MY1, MY2, SG], Terms(room=1, sites=("SG",)), "3", {"1": "E-TEN-SITE", "2": "E-TEN-SITE"}),
        ([LOCAL], Terms(room=0), "", {"9": "E-TEN-LIMIT"}),
        ([MY1, SG, LOCAL], Terms(cross_border=False), "9", dict.fromkeys("13", "E-REG-CB")),
        ([MY1, SG], Terms(cross_border=False, bound=("1",)), "1", {"3": "E-REG-CB"}),
        ([MY1, MY2, SG], Terms(taken=("1",)), "23", {"1": "E-TEN-TAKEN"}),
        ([MY1, MY2, SG], Terms(taken=("1",), room=1), "2", {"1": "E-TEN-TAKEN", "3": "E-TEN-LIMIT"}),
        ([LOCAL], Terms(taken=("9",)), "", {"9": "E-TEN-TAKEN"}),
        ([], Terms(sites=("MY",)), "", {}),
    ],
)
def test_what_joins_and_why_the_others_do_not(infos, terms, joining, left_out):
    chosen = choose(infos, terms)
    assert "".join(each.id for each in chosen.shops) == joining
    assert chosen.left_out == left_out


@pytest.mark.parametrize(
    ("new", "used", "called"),
    [
        ([LOCAL], [], ["AA"]),
        ([MY1], [], ["AA01"]),
        ([MY1, SG], [], ["AA01", "AA02"]),
        ([SG], ["AA01", "AA02"], ["AA03"]),
        ([SG], ["AA01", "Kuala Lumpur"], ["AA02"]),
        ([SG], ["AA02"], ["AA03"]),
        ([SG], ["AAB07", "BB09", "AA1"], ["AA01"]),
        ([MY1], ["AA99"], ["AA100"]),
        ([], ["AA01"], []),
    ],
)
def test_what_new_shops_are_called(new, used, called):
    assert names("AA", new, used) == called
