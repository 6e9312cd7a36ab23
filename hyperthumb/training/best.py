"""Keeps the best weights of a run according to a validation metric, in `models/net_g_best.pth`."""

from __future__ import annotations

import json
import logging
import math
import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hyperthumb.base.files import pretty_json, write_atomically
from hyperthumb.config import LoggerOptions


class BestWeights:
    """Keeps the weights with the best score, `metric - slope * log2(bpp)`.

    The score moves the metric along a straight line to 1 bpp. With slope 0 it is the metric alone, which favors weights
    that spend more bytes.

    `net_g_best.json` holds the iteration of the weights and their score. It is written after the weights. A run that is
    killed in between repeats this validation when it resumes, and writes both again.

    Args:
        models: the folder for both files.
        options: the metric and the slope.
        dataset: the validation set that determines the score.
        iteration: the iteration at which the run starts. A score of a later iteration is ignored.
    """

    def __init__(self, models: Path, options: LoggerOptions, dataset: str, iteration: int) -> None:
        self.weights, self.note = models / "net_g_best.pth", models / "net_g_best.json"
        self.criterion: dict[str, Any] = {
            "metric": options.keep_best,
            "slope": options.keep_best_slope,
            "dataset": dataset,
        }
        self.score = self._read(iteration)

    def consider(self, iteration: int, means: Mapping[str, float], weights: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Keeps `weights` (of a checkpoint's file) if the validation `means` of `iteration` are better than all before.

        The means are `val/<dataset>/<metric>`, as the validator returns them.

        Raises:
            HyperthumbError: if the weights cannot be written. The earlier ones are kept then.
        """
        metric, slope = str(self.criterion["metric"]), self.criterion["slope"]
        prefix = f"val/{self.criterion['dataset']}/"
        value, bpp = means.get(prefix + metric, math.nan), means[f"{prefix}bpp"]
        score = (-value if metric == "lpips" else value) - slope * math.log2(bpp)
        if not score > self.score:
            return
        write_atomically(self.weights, partial(torch.save, dict(weights)), durable=True)
        note = {"iteration": iteration, **self.criterion, "value": value, "bpp": bpp, "score": score}
        write_atomically(self.note, (pretty_json(note) + "\n").encode(), durable=True)
        self.score = score
        logging.getLogger("hyperthumb").info(
            "the best %s so far: %.4f at %.4f bpp, %s", metric, value, bpp, self.weights
        )

    def _read(self, iteration: int) -> float:
        try:
            note: dict[str, Any] = json.loads(self.note.read_text(encoding="utf-8"))
            counts = note["iteration"] <= iteration and all(note[key] == self.criterion[key] for key in self.criterion)
            return float(note["score"]) if counts else -math.inf
        except FileNotFoundError:
            return -math.inf
        except (OSError, ValueError, TypeError, KeyError) as error:
            warnings.warn(f"{self.note} cannot be read, so the best weights are chosen anew: {error}", stacklevel=2)
            return -math.inf
