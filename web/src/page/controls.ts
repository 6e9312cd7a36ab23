/** Buttons, keys and the comparison of the viewer. */
import type { Client } from "./client";
import { element } from "./elements";
import { isFit, zoomBy, zoomToFull } from "./stage";
import type { Viewer } from "./viewer";

const HANDLE = 48; // pixels: the width of the comparison's handle

/** @param go opens the photograph so many places further; undefined closes the viewer. */
export function addControls(viewer: Viewer, client: Client, go: (places: number | undefined) => void): void {
  const actions: Record<string, () => void> = {
    close: () => go(undefined),
    previous: () => go(-1),
    next: () => go(1),
    in: () => zoomBy(viewer.stage, 1.5),
    out: () => zoomBy(viewer.stage, 1 / 1.5),
    fit: () => viewer.stage.viewport.goHome(),
    full: () => zoomToFull(viewer.stage),
    download: () => void download(viewer, client),
  };
  for (const [id, action] of Object.entries(actions)) element(id).addEventListener("click", action);
  const comparison = addComparison(viewer);
  viewer.dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    go(undefined);
  });
  const keys: Record<string, (() => void) | undefined> = {
    PageUp: actions.previous, PageDown: actions.next, "+": actions.in, "=": actions.in, "-": actions.out,
    "0": actions.fit, "1": actions.full, d: actions.download, c: comparison,
  };
  viewer.dialog.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    let action = keys[event.key];
    if (!(event.target instanceof HTMLInputElement) && isFit(viewer.stage)) {
      if (event.key === "ArrowLeft") action = actions.previous;
      if (event.key === "ArrowRight") action = actions.next;
    }
    if (!action && !/^[rfRF]$/.test(event.key)) return; // OpenSeadragon would turn and mirror the picture with these
    event.preventDefault();
    event.stopPropagation();
    action?.();
  }, { capture: true });
}

/** The slider between bicubic and restored. Returns what shows and hides it. */
function addComparison(viewer: Viewer): () => void {
  const slider = element("compare", HTMLInputElement), divider = element("divider");
  const show = (): void => {
    const width = slider.clientWidth, part = slider.valueAsNumber / 100;
    const at = part > 0 ? HANDLE / 2 + part * (width - HANDLE) : 0;
    divider.hidden = part === 0;
    divider.style.setProperty("--at", `${at}px`);
    slider.ariaValueText = part > 0 ? `${slider.value} % bicubic` : "restored picture only";
    viewer.layers.compareAt(at);
  };
  slider.addEventListener("input", show);
  new ResizeObserver(show).observe(slider);
  viewer.dialog.addEventListener("opened", () => {
    slider.hidden = viewer.dialog.dataset.state === "as-it-is" || element("download", HTMLButtonElement).disabled;
    if (slider.hidden) slider.value = "0";
    show();
  });
  return () => {
    if (slider.hidden) return;
    slider.value = slider.value === "0" ? "50" : "0";
    show();
  };
}

async function download(viewer: Viewer, client: Client): Promise<void> {
  const button = element("download", HTMLButtonElement), name = element("name").textContent ?? "photograph";
  if (button.disabled) return;
  const position = element("position"), before = position.textContent;
  button.disabled = true;
  try {
    const blob = await client.ask<Blob>({ ask: "png" }, (part) => {
      if (element("name").textContent === name) position.textContent = `PNG ${Math.round(100 * part)} %`;
    }).answer;
    performance.mark("png");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name.replace(/\.\w+$/, "")}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    viewer.say((error as Error).message);
  }
  if (element("name").textContent !== name) return;
  position.textContent = before;
  button.disabled = false;
}
