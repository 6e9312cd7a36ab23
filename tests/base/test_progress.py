from __future__ import annotations

from hyperthumb.base.progress import listening, report


def test_reports_go_to_the_listener_of_their_context():
    said = []
    report(1, 9)
    with listening(lambda *given: said.append(given)):
        report(2, 9)
        with listening(lambda done, total: said.append(done / total)):
            report(3, 6)
        report(4, 9)
    report(5, 9)
    assert said == [(2, 9), 0.5, (4, 9)]
