/** Buttons and keys. */
import type { Client } from "./client";
import { addComparison } from "./comparison";
import { download } from "./download";
import { element } from "./elements";
import { isFit, panBy, zoomBy, zoomToFull } from "./stage";
import type { Viewer } from "./viewer";

const STEP = 60; // pixels by which an arrow key pans
const PANS: Record<string, [number, number]> = {
  ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP],
};

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
  // The focus may be on nothing, after a click on the name of the photograph: so the whole document is heard.
  document.addEventListener("keydown", (event) => {
    if (!viewer.dialog.open || isHelpOpen() || event.ctrlKey || event.altKey || event.metaKey) return;
    const action = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? arrow(viewer, event, actions);
    if (!action && !/^[rfRF]$/.test(event.key)) return; // OpenSeadragon would turn and mirror the picture with these
    event.preventDefault();
    event.stopPropagation();
    action?.();
  }, { capture: true });
}

/** What an arrow key does outside of the slider. OpenSeadragon pans by itself where the picture has the focus. */
function arrow(viewer: Viewer, { key, target }: KeyboardEvent, actions: Record<string, () => void>): (() => void) | undefined {
  if (!PANS[key] || target instanceof HTMLInputElement) return undefined;
  if (isFit(viewer.stage) && key === "ArrowLeft") return actions.previous;
  if (isFit(viewer.stage) && key === "ArrowRight") return actions.next;
  return target === viewer.stage.canvas ? undefined : () => panBy(viewer.stage, ...PANS[key]);
}

function isHelpOpen(): boolean {
  return element("help", HTMLDialogElement).open;
}

/** The list of keys: "?" and its buttons open it. */
export function addHelp(): void {
  const help = element("help", HTMLDialogElement);
  const toggle = (): void => (help.open ? help.close() : help.showModal());
  document.querySelectorAll(".helper, #help-close").forEach((button) => button.addEventListener("click", toggle));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "?" || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    toggle();
  });
}
