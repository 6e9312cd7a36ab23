from __future__ import annotations

import pytest
import torch

from hyperthumb.errors import NonFiniteError
from hyperthumb.training.guards import check_gradient, check_losses
from hyperthumb.training.objective import LossTerms


def terms(total: float) -> LossTerms:
    return LossTerms(torch.tensor(total), torch.tensor(0.25), None, torch.tensor(0.5))


def test_finite_numbers_pass():
    check_losses(terms(1.0), 7, ["a"])
    check_gradient(torch.tensor(2.0), terms(1.0), 7, ["a"])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_says_iteration_terms_and_images(value):
    expected = r"iteration 7.*reconstruction 0\.25.*bpp 0\.5.*kodim01, kodim02"
    with pytest.raises(NonFiniteError, match=expected):
        check_losses(terms(value), 7, ["kodim01", "kodim02"])
    with pytest.raises(NonFiniteError, match=expected):
        check_gradient(torch.tensor(value), terms(1.0), 7, ["kodim01", "kodim02"])
