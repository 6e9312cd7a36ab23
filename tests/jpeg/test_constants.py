import torch

from hyperthumb.jpeg.constants import constant


@constant
def two():
    return torch.tensor(2.0)


def test_made_once_for_each_type():
    cpu = torch.device("cpu")
    assert two(cpu, torch.float32) is two(cpu, torch.float32)
    assert two(cpu, torch.float64).dtype == torch.float64


def test_made_in_inference_mode_it_trains_later():
    with torch.inference_mode():
        factor = two(torch.device("cpu"), torch.bfloat16)
    x = torch.ones(1, dtype=torch.bfloat16, requires_grad=True)
    (x * factor).sum().backward()
    assert x.grad.item() == 2
