import torch

from hyperthumb.jpeg.clamp import inward_clamp


def test_values_equal_those_of_a_plain_clamp():
    x = torch.randn(3, 5)
    assert torch.equal(inward_clamp(x, -0.5, 0.5), x.clamp(-0.5, 0.5))
    assert torch.equal(inward_clamp(x.requires_grad_(), -0.5, 0.5), x.clamp(-0.5, 0.5))


def test_outside_the_range_only_gradients_that_lead_back_pass():
    x = torch.tensor([-2.0, -2.0, 0.0, 0.0, 2.0, 2.0], requires_grad=True)
    gradient = torch.tensor([-1.0, 1.0, -1.0, 1.0, -1.0, 1.0])
    inward_clamp(x, -1, 1).backward(gradient)
    assert x.grad is not None
    assert x.grad.tolist() == [-1, 0, -1, 1, 0, 1]


def test_descent_brings_a_value_back():
    x = torch.tensor([3.0], requires_grad=True)
    for _ in range(50):
        (inward_clamp(x, 0, 1) - 0.25).square().sum().backward()
        with torch.no_grad():
            x -= 0.2 * x.grad
        x.grad = None
    assert abs(x.item() - 0.25) < 0.01
