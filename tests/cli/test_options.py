from __future__ import annotations


def test_options_prints_a_key(run):
    code, out, err = run("options", "train.ema_decay", model=False)
    assert (code, err) == (0, "")
    assert out.startswith("A training:\n- `train.ema_decay` (a number from 0 below 1; default `0.0`): ")


def test_an_unknown_key_is_answered_with_the_nearest(run):
    code, out, err = run("options", "train.total_itr", model=False)
    assert (code, out) == (2, "")
    assert 'no key, section or class "train.total_itr"; did you mean "train.total_iter"?' in err
