/** The slider between bicubic and restored. */
import { element } from "./elements";
import type { Viewer } from "./viewer";

const HANDLE = 48; // pixels: the width of the handle

/** Returns what shows and hides the comparison. */
export function addComparison(viewer: Viewer): () => void {
  const slider = element("compare", HTMLInputElement), divider = element("divider");
  const show = (): void => {
    const width = slider.clientWidth, part = slider.valueAsNumber / 100;
    const at = part > 0 ? slider.offsetLeft + HANDLE / 2 + part * (width - HANDLE) : 0;
    divider.hidden = part === 0;
    divider.style.setProperty("--at", `${at}px`);
    slider.ariaValueText = `${slider.value} % bicubic`;
    viewer.layers.compareAt(at);
  };
  slider.addEventListener("input", show);
  new ResizeObserver(show).observe(slider);
  viewer.dialog.addEventListener("settled", () => {
    if (viewer.reason !== undefined) {
      if (document.activeElement === slider) viewer.stage.canvas.focus(); // the focus would be lost with the slider
      slider.value = "0";
    }
    slider.hidden = viewer.reason !== undefined;
    show();
  });
  return () => {
    if (viewer.reason !== undefined) {
      viewer.say(viewer.reason);
      return;
    }
    slider.value = slider.value === "0" ? "50" : "0";
    show();
    (slider.value === "0" ? viewer.stage.canvas : slider).focus(); // arrow keys move the handle
  };
}
