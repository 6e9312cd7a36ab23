"""SIGKILL at whatever moment, then --auto_resume: all that a run leaves is that of one that was never killed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from .killing import CHANGES, KINDS, Moment, assert_nothing_lost
from .whole_process import Training


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Training:
    """The run that is never killed."""
    training = Training(tmp_path_factory.mktemp("whole") / "run", **CHANGES)
    training.finish()
    return training


def kill_and_finish(training: Training, moments: list[Moment]) -> list[Moment]:
    """Kills a run at each moment, resumes it each time, and lets it end; returns the moments that came."""
    struck = []
    for moment in moments:
        if moment.strike(training.start("--auto_resume"), training):
            struck.append(moment)
        for scrap in training.temporary.iterdir():
            scrap.rename(training.folder / f"left{len(struck)}_{scrap.name}")
    training.finish("--auto_resume")
    return struck


def test_a_run_killed_in_step_checkpoint_and_validation_ends_with_the_same_weights(
    whole: Training, tmp_path: Path
) -> None:
    moments = [
        Moment("step", 7, 0.013, group=True),
        Moment("weights", 18, 0, group=False),
        Moment("validation", 31, 0, group=False),
    ]
    killed = Training(tmp_path / "run", **CHANGES)
    assert kill_and_finish(killed, moments) == moments
    assert_nothing_lost(whole, killed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(7))
def test_a_run_killed_at_random_moments_ends_with_the_same_weights(whole: Training, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    kinds = [KINDS[(seed + k) % len(KINDS)] for k in range(4)]
    moments = sorted((Moment.draw(chance, kind) for kind in kinds), key=lambda moment: moment.iteration)
    killed = Training(tmp_path / "run", **CHANGES)
    struck = kill_and_finish(killed, moments)
    print("\n".join(f"killed: {moment}" for moment in struck))
    assert len(struck) >= 3
    assert_nothing_lost(whole, killed)
