from __future__ import annotations

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hyperthumb.training.board import Board


def test_scalars_images_and_tables_are_in_the_event_file(tmp_path):
    board = Board(tmp_path, 0, None, "run")
    board.scalars({"loss/total": 0.5}, 3)
    board.images({"images/restored": np.zeros((16, 24, 3), np.uint8)}, 3)
    board.tables(np.stack([np.full((8, 8), 1), np.full((8, 8), 255)]), 3)
    board.close()
    events = EventAccumulator(str(tmp_path), size_guidance={"images": 0}).Reload()
    assert events.Scalars("loss/total")[0].step == 3
    assert set(events.Tags()["images"]) == {"images/restored", "tables/luma", "tables/chroma"}
    assert {tag.split("/text_summary")[0] for tag in events.Tags()["tensors"]} == {"tables/luma", "tables/chroma"}


def test_a_board_without_a_folder_is_false(tmp_path):
    assert not Board(None, 0, None, "run")
    assert Board(tmp_path, 0, None, "run")
