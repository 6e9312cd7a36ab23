/** The page: a grid of thumbnails, and a viewer over it while the address names a photograph. */
import { Client } from "./client";
import { addControls } from "./controls";
import { element } from "./elements";
import { showGrid, summary } from "./grid";
import { addressOf, loadIndex, type Entry, type Index } from "./index";
import { Viewer } from "./viewer";

async function start(): Promise<void> {
  const index = await loadIndex(), grid = element("grid");
  document.title = element("title").textContent = index.title;
  element("summary").textContent = summary(index);
  element("foot").hidden = false;
  let client: Client | undefined, viewer: Viewer | undefined;
  const wake = (): Client => (client ??= configured(index)), warmed = new Set<string>();
  const warm = (entry: Entry): void => {
    const { model } = entry;
    if (warmed.has(model)) return;
    warmed.add(model);
    // Who opens a photograph is told what went wrong.
    wake().ask({ ask: "warm", model, url: addressOf(entry) }).answer.then(() => performance.mark("ready"), () => warmed.delete(model));
  };
  showGrid(index, grid, warm);
  grid.querySelector("img")?.addEventListener("load", () => {
    performance.mark("thumbnail");
    if (!savesData()) warm(index.photographs[0]);
  }, { once: true });
  const go = (places: number | undefined): void => {
    const place = placeInAddress(index);
    if (places === undefined) closeAddress();
    else if (place !== undefined && index.photographs[place + places]) history.replaceState(history.state, "", `#${place + places + 1}`);
    route();
  };
  const route = (): void => {
    const place = placeInAddress(index);
    if (place === undefined) {
      if (viewer?.dialog.open) closeViewer(viewer, grid);
      return;
    }
    if (!viewer) addControls((viewer = new Viewer(index, wake())), wake(), go);
    grid.dataset.last = String(place);
    void viewer.open(index.photographs[place], place);
  };
  window.addEventListener("hashchange", route);
  route();
}

/** The photograph that the address names, counted from 0. */
function placeInAddress(index: Index): number | undefined {
  const place = Number(location.hash.slice(1)) - 1;
  return Number.isInteger(place) && index.photographs[place] ? place : undefined;
}

function closeAddress(): void {
  history.replaceState(null, "", location.pathname + location.search);
}

function closeViewer(viewer: Viewer, grid: HTMLElement): void {
  viewer.close();
  grid.querySelectorAll("a")[Number(grid.dataset.last)]?.focus();
}

/** Whether the visitor asked the browser to load little: the runtime then waits until a photograph is about to be opened. */
function savesData(): boolean {
  return Boolean((navigator as { connection?: { saveData?: boolean } }).connection?.saveData);
}

/** The address may choose the engine, for measurements: ?engine=wasm&threads=1 */
function configured(index: Index): Client {
  const wish = new URLSearchParams(location.search), engine = wish.get("engine"), client = new Client();
  client.ask({
    ask: "configure",
    models: index.models,
    engine: engine === "wasm" || engine === "webgpu" ? engine : "auto",
    threads: Math.max(0, Math.trunc(Number(wish.get("threads")))) || 0,
  }).answer.catch(() => undefined);
  return client;
}

start().catch((error: Error) => {
  element("message").textContent = error.message;
  element("message").hidden = false;
});
if ("serviceWorker" in navigator) navigator.serviceWorker.register("service.js").catch(() => undefined);
