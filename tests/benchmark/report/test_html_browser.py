"""The report in a real browser: sorted, dragged, zoomed, linked to, and silent on the network."""

import warnings

import numpy as np
import pytest

from hyperthumb.benchmark.report.html_report import write_html
from hyperthumb.benchmark.report.table import make_tables
from tests.benchmark.report.browser import CHROMIUM, open_browser
from tests.benchmark.synthetic import BOX, HOSTILE, made_up_plots, made_up_results

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

ROWS = "[...document.querySelector('table.sortable').tBodies[0].rows].map((row) => row.cells[0].dataset.value)"
JPEG, BICUBIC, OURS, WHOLE = "JPEG", "Bicubic & JPEG & Bicubic", "Ours 4x", "Ours without rescaling"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    results = made_up_results(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of short curves
        tables = make_tables(results)
    return write_html(folder, results, tables, made_up_plots(folder))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with open_browser(tmp_path_factory.mktemp("browser") / "profile") as page:
        yield page


@pytest.fixture
def page(browser):
    browser.size(1400, 1000)
    browser.requests.clear()
    browser.complaints.clear()
    yield browser
    assert browser.complaints == []


def state(page):
    return page.ask("Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")


def test_loads_nothing_from_the_network_and_runs_no_name_as_script(report, page):
    page.open(report)
    page.ask("document.body.offsetHeight")
    assert {address.split(":")[0] for address in page.requests} == {"about", "file", "data"} - {"about"}
    assert [address.split("#")[0] for address in page.requests if address.startswith("file:")] == [report.as_uri()]
    assert page.ask("document.title") == "Benchmark made_up <4x>"


def test_sorted_by_a_link(report, page):
    page.open(report)
    assert page.ask(ROWS) == [JPEG, BICUBIC, OURS, WHOLE, HOSTILE]
    page.open(report, "sort=bpp")
    assert page.ask(ROWS) == [BICUBIC, OURS, JPEG, WHOLE, HOSTILE]
    page.open(report, "sort=-method")
    assert page.ask(ROWS) == [WHOLE, OURS, JPEG, BICUBIC, HOSTILE]


def test_sorted_by_mouse_and_keyboard(report, page):
    page.open(report)
    sort = "document.querySelector('th[data-key=parameters]').ariaSort"
    page.click("th[data-key=parameters] button")
    assert page.ask(ROWS) == [BICUBIC, WHOLE, OURS, JPEG, HOSTILE]  # what has no number is last
    assert page.ask(sort) == "ascending"
    page.press("Enter", 13)
    assert page.ask(ROWS) == [OURS, WHOLE, BICUBIC, JPEG, HOSTILE]  # either way
    assert page.ask(sort) == "descending"
    assert state(page)["sort"] == "-parameters"
    page.click("th[data-key=psnr_rgb_at_target] button")
    assert page.ask(ROWS)[0] == OURS  # the best first
    assert page.ask("document.querySelectorAll('th[aria-sort]').length") == 2  # one in the table of either set


def test_a_link_to_a_view(report, page):
    page.open(report, "image=kodim02&left=JPEG&right=original&zoom=2&divider=30")
    assert page.ask("[...document.querySelectorAll('.controls select')].map((select) => select.value)") == [
        "kodim02", JPEG, "original",
    ]  # fmt: skip
    assert page.ask("document.getElementById('left-picture').getBoundingClientRect().width") == 2 * BOX[2]
    assert page.ask("document.querySelector('#zoom input:checked').value") == "2"
    assert page.ask("document.getElementById('divider').ariaValueNow") == "30"
    assert (
        page.ask("document.getElementById('left-caption').innerText")
        == "JPEG\nquality=0, 0.250\u00a0bpp, 24.50\u00a0dB"
    )


def test_a_link_to_nothing_shows_the_usual(report, page):
    page.open(report, "sort=taste&image=nobody&left=x&right=y&zoom=3&divider=far")
    assert page.ask(ROWS) == [JPEG, BICUBIC, OURS, WHOLE, HOSTILE]
    values = page.ask("[...document.querySelectorAll('.controls select')].map((select) => select.value)")
    assert values == ["kodim01", "original", OURS]


def test_the_line_is_dragged_and_moved_by_keys(report, page):
    page.open(report, "zoom=4&divider=50")
    page.drag(page.center("#divider"), (BOX[2], 0))  # a quarter of the picture
    assert float(state(page)["divider"]) == pytest.approx(75, abs=0.5)
    page.press("ArrowLeft", 37)
    assert float(state(page)["divider"]) == pytest.approx(74, abs=0.5)
    page.press("Home", 36)
    assert state(page)["divider"] == "0"
    page.press("ArrowLeft", 37)
    assert state(page)["divider"] == "0"


def test_left_and_right_are_shown_pixel_by_pixel(report, page):
    page.open(report, "left=original&right=JPEG&zoom=4&divider=50")
    page.wait_for("[...document.querySelectorAll('#picture img')].every((image) => image.complete)")
    page.center("#picture")
    left, top = page.ask(
        "(({x, y}) => [Math.round(x), Math.round(y)])(document.getElementById('picture').getBoundingClientRect())"
    )
    shown = page.screenshot()[top : top + 4 * BOX[3], left : left + 4 * BOX[2]]
    assert shown.shape == (4 * BOX[3], 4 * BOX[2], 3)
    squares = shown.reshape(BOX[3], 4, BOX[2], 4, 3).astype(int)
    quiet = np.r_[0:40, 56:96]  # away from the line and its handle
    assert (squares == squares[:, :1, :, :1])[:, :, quiet].all()
    one = squares[:, 0, :, 0]
    assert (one[:, 56:] % 48 == 0).all()  # what the made-up JPEG is
    assert (one[:, :40] % 48 != 0).any()


def test_swap_and_zoom(report, page):
    page.open(report, "left=JPEG&right=original&zoom=1")
    page.click("#swap")
    page.click("#zoom label:nth-of-type(3)")
    assert {key: state(page)[key] for key in ("left", "right", "zoom")} == {
        "left": "original", "right": JPEG, "zoom": "4",
    }  # fmt: skip
    assert page.ask("document.getElementById('right-picture').clientWidth") == 4 * BOX[2]


def test_heat_maps_can_be_read(report, page):
    page.open(report, "image=kodim02")
    maps = "[...document.querySelectorAll('.heat')]"
    assert page.ask(f"{maps}.map((map) => map.caption.textContent)") == ["Y", "Cb/Cr"]
    cells = page.ask(f"{maps}.map((map) => [...map.querySelectorAll('td')].map((cell) => Number(cell.textContent)))")
    assert [len(numbers) for numbers in cells] == [64, 64]
    assert cells[0][:3] == [4, 5, 8]
    assert "Ours 4x" in page.ask("document.getElementById('tables-of').textContent")
    colors = page.ask(
        f"{maps}.flatMap((map) => [...map.querySelectorAll('td')]).map((cell) => [getComputedStyle(cell).color,"
        "getComputedStyle(cell).backgroundColor].map((color) => color.match(/\\d+/g).map(Number)))"
    )
    for ink, paper in np.array(colors) / 255:
        bright, dark = sorted((luminance(ink), luminance(paper)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5


def luminance(color):
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def test_columns_and_curves_are_hidden_and_shown(report, page):
    page.open(report)
    nearest, network = (f"document.querySelector('td.of-{name}').offsetWidth > 0" for name in ("nearest", "network"))
    assert (page.ask(nearest), page.ask(network)) == (False, True)
    page.click("input[data-part=nearest]")
    page.click("input[data-part=network]")
    assert (page.ask(nearest), page.ask(network)) == (True, False)
    assert state(page)["hide"] == "file,network"
    page.open(report, "hide=rescalers")
    assert page.ask(nearest)
    assert page.ask("document.querySelector('input[data-part=codecs]').checked")
    assert not page.ask("document.querySelector('input[data-part=rescalers]').checked")
    shown = "[...document.querySelectorAll('.plots path')].map((path) => getComputedStyle(path).display)"
    assert page.ask(shown) == ["none", "inline"] * 4


def test_the_table_fits_a_desktop(report, page):
    page.open(report)
    frame = "document.querySelector('table.sortable').parentElement"
    assert page.ask(f"{frame}.scrollWidth <= {frame}.clientWidth")


@pytest.mark.parametrize(("width", "dark"), [(1400, False), (400, True)], ids=["light desktop", "dark phone"])
def test_fits_and_is_drawn(report, page, width, dark):
    page.size(width, 800, dark)
    page.open(report)
    assert page.ask("document.documentElement.scrollWidth") == width  # wide tables scroll in their frames
    shown = page.screenshot()[::3, ::3].astype(int)
    assert len(np.unique(shown @ [65536, 256, 1])) > 20
    assert (np.median(shown) < 60) == dark


@pytest.mark.parametrize(("width", "scrolls"), [(1400, False), (400, True)])
def test_a_table_that_is_cut_says_so(report, page, width, scrolls):
    page.size(width, 800)
    page.open(report)
    page.screenshot()  # after the layout has been observed
    assert page.ask("document.querySelector('.wide').classList.contains('scrolls')") == scrolls


def test_a_plot_is_whole_in_a_small_window_until_it_is_enlarged(report, page):
    page.size(400, 800)
    page.open(report)
    width = "document.querySelector('.plots svg').clientWidth"
    assert 300 < page.ask(width) < 400
    page.ask("document.querySelector('.plots figure').focus()")
    assert page.ask(width) > 600
