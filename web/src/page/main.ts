/** The page: a grid of thumbnails, and a viewer over it while the address names a photograph. */
import { Client } from "./client";
import { addControls, addHelp } from "./controls";
import { element } from "./elements";
import { showGrid, summary } from "./grid";
import { addressOf, Complaint, hashOf, loadIndex, nameIn, placeOf, type Entry, type Index } from "./index";
import { keepForOffline, startServiceWorker } from "./offline";
import { note } from "./sentences";
import { Viewer } from "./viewer";

async function start(): Promise<void> {
  const index = await loadIndex(), grid = element("grid");
  element("title").textContent = index.title;
  element("summary").textContent = summary(index);
  element("foot").hidden = false;
  let client: Client | undefined, viewer: Viewer | undefined;
  const wake = (): Client => (client ??= configured(index)), warmed = new Set<string>();
  const warm = (entry: Entry): void => {
    const { model } = entry;
    if (warmed.has(model)) return;
    warmed.add(model);
    wake().ask<string[]>({ ask: "warm", model, url: addressOf(entry) }).answer.then(
      (loaded) => {
        performance.mark("ready");
        void keepForOffline(loaded);
      },
      () => warmed.delete(model), // who opens a photograph is told what went wrong
    );
  };
  showGrid(index, grid, warm);
  grid.querySelector("img")?.addEventListener("load", () => {
    performance.mark("thumbnail");
    if (!savesData()) warm(index.photographs[0]);
  }, { once: true });
  const close = (): void => {
    viewer?.close();
    if (isFromGrid()) {
      history.back(); // leaves no further entry in the history; a change of the address follows
      return;
    }
    history.replaceState(null, "", location.pathname + location.search);
    route();
  };
  const go = (places: number | undefined): void => {
    const place = placeOf(location.hash, index), next = place === undefined ? undefined : index.photographs[place + (places ?? 0)];
    if (places === undefined) close();
    else if (next) {
      history.replaceState(history.state, "", hashOf(next));
      route();
    }
  };
  let isStarted = false;
  const route = (): void => {
    const place = placeOf(location.hash, index);
    tell(index, place);
    document.title = place === undefined ? index.title : `${index.photographs[place].name} – ${index.title}`;
    if (place === undefined) {
      viewer?.close();
      grid.querySelectorAll("a")[Number(grid.dataset.last ?? NaN)]?.focus();
      return;
    }
    if (isStarted && !viewer?.dialog.open) history.replaceState({ fromGrid: true }, "");
    if (!viewer) addControls((viewer = new Viewer(index, wake())), wake(), go);
    grid.dataset.last = String(place);
    void viewer.open(index.photographs[place], place);
  };
  window.addEventListener("hashchange", route);
  route();
  isStarted = true;
}

/** Whether the visitor came from the grid, so that one step back leads there. */
function isFromGrid(): boolean {
  return Boolean((history.state as { fromGrid?: boolean } | null)?.fromGrid);
}

/** Says above the grid what is missing. */
function tell(index: Index, place: number | undefined): void {
  const { unread, photographs: { length } } = index, sentences: string[] = [];
  if (unread > 0) sentences.push(`The list of this gallery’s photographs is damaged: ${unread} of ${unread + length} cannot be shown.`);
  if (place === undefined && location.hash.length > 1) {
    sentences.push(`The address asks for the photograph “${nameIn(location.hash)}”, which this gallery does not have.`);
  }
  say(sentences.join("\n"));
}

function say(message: string): void {
  element("message").textContent = message;
  element("message").hidden = message === "";
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

addHelp();
start().catch((error: Error) => {
  note("start", error);
  say(error instanceof Complaint ? error.message : "The gallery cannot be shown. Reload the page.");
});
startServiceWorker();
