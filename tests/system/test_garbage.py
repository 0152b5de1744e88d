"""What a block leaves in reference cycles is freed after it; what was frozen before it stays so."""

import gc
import weakref

import pytest

from tsnas.system.garbage import freed, uncollected


class Node:
    """An object that holds itself."""

    def __init__(self):
        self.own = self


@pytest.fixture(autouse=True)
def no_chance():
    """Nothing is frozen, and Python does not look for garbage by itself."""
    gc.unfreeze()
    gc.disable()
    yield
    gc.enable()
    gc.collect()
    gc.freeze()


def test_cycles_of_the_block_are_freed():
    with freed():
        left = weakref.ref(Node())
        assert left() is not None
    assert left() is None
    assert gc.get_freeze_count() == 0


def test_an_error_in_the_block_frees_them_too():
    left = []

    def break_off():
        left.append(weakref.ref(Node()))
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"), freed():
        break_off()
    assert left[0]() is None
    assert gc.get_freeze_count() == 0


def test_what_was_frozen_before_stays_so():
    mine = Node()
    gc.freeze()
    with freed():
        left = weakref.ref(Node())
        with freed():
            inner = weakref.ref(Node())
        assert inner() is None
    assert left() is None
    # Frozen objects are not listed. Their number says less: it falls whenever one of them is freed by its last user.
    assert not any(other is mine for other in gc.get_objects())


def test_nothing_is_looked_for_during_an_import_and_then_as_before():
    with uncollected():
        assert not gc.isenabled()
    # The tests begin without it.
    assert not gc.isenabled()
    gc.enable()
    with pytest.raises(ZeroDivisionError), uncollected():
        raise ZeroDivisionError(gc.isenabled())
    assert gc.isenabled()


def test_what_was_made_meanwhile_counts_as_old():
    gc.enable()
    with uncollected():
        made = Node()
    young = [*gc.get_objects(generation=0), *gc.get_objects(generation=1)]
    assert not any(other is made for other in young)
    assert any(other is made for other in gc.get_objects(generation=2))
    assert gc.get_freeze_count() == 0


def test_what_the_caller_has_frozen_stays_so():
    mine = Node()
    gc.freeze()
    gc.enable()
    with uncollected():
        pass
    assert not any(other is mine for other in gc.get_objects())
