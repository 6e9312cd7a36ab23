"""Components: arguments against signatures, nested parts, supplied values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest

from hyperthumb.base.component import Component
from hyperthumb.base.errors import RegistryError
from hyperthumb.base.registry import PartOf, Registry
from hyperthumb.config import OptionsError
from hyperthumb.config.complaints import Complaints
from hyperthumb.config.reader import INVALID, Reader
from hyperthumb.config.tree import label
from hyperthumb.config.yaml_text import parse

WHEELS = Registry("wheel", supplied=("scale",))
CARS = Registry("car", supplied=("scale",))


@WHEELS.register()
class Round:
    def __init__(self, scale: int, spokes: int = 8, tyre: Literal["soft", "hard"] = "soft") -> None:
        if spokes < 3:
            raise ValueError(f"spokes is {spokes}: three is the least")
        self.scale, self.spokes, self.tyre = scale, spokes, tyre


@WHEELS.register()
class Odd:
    """Takes anything, and finds out too late."""

    def __init__(self, error) -> None:
        raise {"type": TypeError, "runtime": RuntimeError, "bug": LookupError}[error]("it does not turn")


@WHEELS.register("square")
class Square:
    pass


@dataclass(frozen=True)
class Paint:
    color: Literal["red", "blue"] = "red"
    coats: int = 1


@CARS.register()
class Car:
    def __init__(
        self,
        scale: int,
        seats: int,
        wheel: Annotated[Component, PartOf(WHEELS)],
        spare: Annotated[Component | None, PartOf(WHEELS)] = None,
        extra: Annotated[Component, PartOf(WHEELS)] | None = None,
        paint: Paint = Paint(),
        **anything: Any,
    ) -> None:
        self.seats, self.paint, self.anything = seats, paint, anything
        self.wheel = wheel.build(WHEELS, scale=scale)


def read(text: str, registry: Registry = CARS, scale: int | None = 4) -> tuple[Any, list[str]]:
    section = parse(text, "o.yml", Complaints())
    label(section, "car")
    reader = Reader(Complaints(), scale)
    return reader.component(registry, section), reader.complaints.lines()


def test_a_component_with_parts():
    component, lines = read(
        "type: Car\nseats: 4\nwheel: {type: Round, spokes: 5}\nspare: ~\npaint: {color: blue}\nfuel: 3"
    )
    assert lines == []
    assert component == Component(
        "Car",
        {"seats": 4, "wheel": Component("Round", {"spokes": 5}), "spare": None, "paint": Paint("blue"), "fuel": 3},
    )
    assert component.location == "o.yml:1"
    assert component.arguments["wheel"].location == "o.yml:3"
    car = component.build(CARS, scale=4, unknown_to_cars=1)
    assert (car.seats, car.wheel.spokes, car.wheel.scale, car.anything) == (4, 5, 4, {"fuel": 3})


def test_every_mistake_is_named():
    _, lines = read(
        "type: Car\nwheel: {type: Round, spoke: 5, tyre: sof}\nspare: {type: square, spokes: 3}\nextra: Round\n"
        "paint: {colour: blue, coats: two}"
    )
    assert lines == [
        'o.yml:1: car: the key "seats" is missing (Car needs it)',
        'o.yml:2: car.wheel: unknown key "spoke"; did you mean "spokes"?',
        'o.yml:2: car.wheel.tyre: must be one of soft, hard, not "sof"; did you mean "soft"?',
        'o.yml:3: car.spare: unknown key "spokes" (known here: none)',
        "o.yml:4: car.extra: must be a mapping: write {type: Round}",
        'o.yml:5: car.paint: unknown key "colour"; did you mean "color"?',
        'o.yml:5: car.paint.coats: must be a whole number, not "two"',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", 'car: the key "type" is missing (known for a wheel: Odd, Round, square)'),
        (
            "{type: round}",
            'car: unknown wheel "round"; did you mean "Round"? (known: Odd, Round, square); if it is yours, name its '
            "module under `plugins:`",
        ),
        ("{type: [Round]}", "car.type: must be text, not a list of 1"),
    ],
)
def test_the_type(text, message):
    value, lines = read(text, WHEELS)
    assert value is INVALID
    assert lines == [f"o.yml:1: {message}"]


def test_a_part_that_is_needed_may_not_be_null():
    _, lines = read("{type: Car, seats: 1, wheel: ~}")
    assert lines == ["o.yml:1: car.wheel: must be a mapping with the type of a wheel, not nothing (null)"]


def test_supplied_arguments_have_to_agree_and_are_left_out():
    component, lines = read("type: Round\nscale: 4\nspokes: 5", WHEELS)
    assert (component, lines) == (Component("Round", {"spokes": 5}), [])
    assert read("type: Round\nscale: 2", WHEELS)[1] == ["o.yml:2: car.scale: is 2, but the file's scale is 4"]
    assert read("type: Round\nscale: 2", WHEELS, scale=None)[1] == []


def test_what_is_supplied_to_the_whole_is_supplied_to_its_parts():
    assert read("{type: Car, seats: 1, wheel: {type: Round, scale: 8}}")[1] == [
        "o.yml:1: car.wheel.scale: is 8, but the file's scale is 4"
    ]


def test_building_refuses_a_contradiction():
    with pytest.raises(OptionsError, match=r"here\.yml:7: Round: scale must be 4, not 2"):
        Component("Round", {"scale": 2}, "here.yml:7").build(WHEELS, scale=4)
    assert Component("Round", {"scale": 4}).build(WHEELS, scale=4).scale == 4


def test_a_constructors_refusal_gets_the_line():
    with pytest.raises(OptionsError, match=r"here\.yml:7: Round: spokes is 2: three is the least"):
        Component("Round", {"spokes": 2}, "here.yml:7").build(WHEELS, scale=4)


def test_a_parts_refusal_has_its_own_line_alone():
    wheel = Component("Round", {"spokes": 2}, "here.yml:7")
    with pytest.raises(OptionsError, match=r"^here\.yml:7: Round: spokes is 2"):
        Component("Car", {"seats": 1, "wheel": wheel}, "here.yml:1").build(CARS, scale=4)


@pytest.mark.parametrize("error", ["type", "runtime"])
def test_what_a_constructor_stumbles_over_gets_the_line(error):
    with pytest.raises(OptionsError, match=r"^here\.yml:7: Odd: it does not turn$"):
        Component("Odd", {"error": error}, "here.yml:7").build(WHEELS)


def test_other_errors_keep_their_traceback():
    with pytest.raises(LookupError, match="it does not turn"):
        Component("Odd", {"error": "bug"}).build(WHEELS)


def test_building_an_unknown_type():
    with pytest.raises(RegistryError, match='unknown wheel "Oval"'):
        Component("Oval").build(WHEELS)


def test_equality_forgets_the_place():
    assert Component("Round", {}, "a:1") == Component("Round", {}, "b:2")
    assert Component("Round", {"spokes": 3}) != Component("Round", {"spokes": 4})


def test_upscale_is_basicsrs_word_for_scale():
    registry = Registry("thing", supplied=("scale",))

    @registry.register()
    class Upscaler:
        def __init__(self, upscale=4):
            self.upscale = upscale

    assert Component("Upscaler").build(registry, scale=2).upscale == 2
    assert read("type: Upscaler\nupscale: 2", registry, scale=4)[1] == [
        "o.yml:2: car.upscale: is 2, but the file's scale is 4"
    ]


@pytest.mark.parametrize("compiled", [False, True])
def test_a_module_without_a_constructor_takes_nothing(monkeypatch, compiled):
    from torch import nn

    if compiled:  # torch.compile replaces it, for the rest of the process
        monkeypatch.setattr(nn.Module, "__init__", lambda self, *args, **kwargs: None)

    registry = Registry("loss")

    @registry.register()
    class Loss(nn.Module):
        pass

    assert read("type: Loss\nreduction: mean", registry)[1] == [
        'o.yml:2: car: unknown key "reduction" (known here: none)'
    ]
