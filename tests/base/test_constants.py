from __future__ import annotations

import torch

from hyperthumb.base.constants import constant


def test_one_copy_is_kept_for_each_device_dtype_and_argument():
    calls = []

    @constant
    def ramp(count: int) -> torch.Tensor:
        calls.append(count)
        return torch.arange(count, dtype=torch.float64)

    cpu = torch.device("cpu")
    first = ramp(cpu, torch.float32, 3)
    assert ramp(cpu, torch.float32, 3) is first
    assert ramp(cpu, torch.float64, 3).dtype == torch.float64
    assert ramp(cpu, torch.float32, 4).tolist() == [0, 1, 2, 3]
    assert calls == [3, 3, 4]


def test_a_copy_made_in_inference_mode_can_be_used_with_gradients():
    weights = constant(lambda: torch.ones(2))
    with torch.inference_mode():
        weights(torch.device("cpu"), torch.float32)
    x = torch.ones(2, requires_grad=True)
    (x * weights(torch.device("cpu"), torch.float32)).sum().backward()
    assert x.grad is not None
