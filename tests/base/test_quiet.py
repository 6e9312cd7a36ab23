from __future__ import annotations

import logging
import sys
import threading
import warnings

from hyperthumb.base.quiet import quietly, silently


def test_only_the_given_category_is_silenced():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with quietly(DeprecationWarning):
            warnings.warn("silent", DeprecationWarning, stacklevel=1)
            warnings.warn("heard", UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in caught] == ["heard"]


def test_threads_restore_the_warning_filters():
    """Without a lock, the first thread would leave while the second is inside, which would undo its restore."""
    before = list(warnings.filters)
    first_in, first_out, second_in = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with quietly():
            first_in.set()
            second_in.wait(0.3)
        first_out.set()

    def second() -> None:
        first_in.wait(10)
        with quietly():
            second_in.set()
            first_out.wait(10)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert list(warnings.filters) == before


def test_prints_warnings_and_log_messages_are_hidden_and_errors_are_not(capsys, caplog):
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.manager.disable
    with silently():
        print("silent")
        print("heard", file=sys.stderr)
        warnings.warn("silent", UserWarning, stacklevel=1)
        logging.warning("silent")
        logging.getLogger("torch.onnx").warning("silent")
        logging.error("heard")
    assert capsys.readouterr() == ("", "heard\n")
    assert caplog.messages == ["heard"]
    assert (root.handlers, root.manager.disable) == (handlers, level)
