/** The viewer: one photograph, restored where it is looked at. */
import type OpenSeadragon from "openseadragon";
import { makeGrid, reachOf, type Grid } from "../geometry";
import { Failed, type Opened, type Refusal, type TileAnswer } from "../protocol";
import type { Client } from "./client";
import { element } from "./elements";
import { inBytes, inSeconds, showFigures } from "./figures";
import { addressOf, type Entry, type Index } from "./index";
import { Layers } from "./layers";
import type { Listener } from "./source";
import { AS_IT_IS, BROKEN, KEPT, MISSING, note, NOTHING, OPENING, remedy, UNRESTORED } from "./sentences";
import { makeStage, sayZoom } from "./stage";

/** Milliseconds for which the last picture stays in view while the next one is loaded. */
const PATIENCE = 200;

export class Viewer {
  readonly dialog = element("viewer", HTMLDialogElement);
  readonly stage: OpenSeadragon.Viewer;
  readonly layers: Layers;
  /** Why there is nothing to compare and to download; undefined where there is. */
  reason: string | undefined;
  /** Changes with each photograph that is opened. */
  visit = 0;
  private readonly figures = element("figures");
  private readonly notice = element("notice");
  private entry: Entry | undefined;
  private engine = "";
  private pending = 0;
  private since = 0; // when the tiles that are pending were first asked for
  private spent = 0; // milliseconds during which tiles were pending
  private isAsItIs = false;
  private found: string[] | undefined; // figures of a file that is not what the index says

  constructor(private readonly index: Index, private readonly client: Client) {
    this.dialog.showModal(); // the stage takes its size from an element that is shown
    this.stage = makeStage(element("stage"));
    this.layers = new Layers(this.stage, client);
    sayZoom(this.stage, element("spoken"));
    this.stage.addHandler("update-viewport", () => this.showState());
  }

  /** Opens a photograph: the thumbnail at once, then what the decoder makes of it. */
  async open(entry: Entry, place: number): Promise<void> {
    performance.mark("open");
    this.layers.stop();
    this.visit++;
    const count = this.index.photographs.length, isFirst = this.entry === undefined;
    this.entry = entry;
    this.engine = "";
    this.pending = this.spent = 0;
    this.isAsItIs = false;
    this.found = undefined;
    this.notice.hidden = true;
    element("name").textContent = entry.name;
    element("position").textContent = `${place + 1} of ${count}`;
    element("previous").ariaDisabled = String(place === 0);
    element("next").ariaDisabled = String(place === count - 1);
    this.allow(OPENING);
    this.stage.canvas.setAttribute("aria-label", entry.name);
    if (!this.dialog.open) this.dialog.showModal();
    if (isFirst) this.stage.canvas.focus();
    this.showState();
    const url = addressOf(entry);
    const asked = this.client.ask<Opened | Refusal>({ ask: "open", url });
    asked.answer.catch(() => undefined); // heard below, after the thumbnail is shown
    await this.show(entry, place, asked.answer).catch((error: Error) => {
      if (this.entry === entry) this.fail(this.layers.isEmpty ? MISSING : KEPT, error, "it");
    });
  }

  close(): void {
    this.entry = undefined;
    this.layers.stop();
    this.layers.clear();
    if (this.dialog.open) this.dialog.close();
  }

  say(sentence: string): void {
    this.notice.textContent = sentence;
    this.notice.hidden = false;
  }

  /** Allows the comparison and the download, or says why there is nothing to compare and to download. */
  allow(reason?: string): void {
    if (this.notice.textContent === this.reason) this.notice.hidden = true;
    this.reason = reason;
    const button = element("download");
    button.ariaDisabled = String(reason !== undefined);
    button.title = reason ?? "Download as PNG (D)";
  }

  private async show(entry: Entry, place: number, answer: Promise<Opened | Refusal>): Promise<void> {
    let image = new Image();
    image.src = addressOf(entry);
    const clearing = setTimeout(() => this.entry === entry && this.layers.clear(), PATIENCE);
    let isShown = await image.decode().then(() => true, () => false);
    const known = element("grid").children[place].querySelector("img");
    if (!isShown && known?.complete && known.naturalWidth > 0) { // the browser has it, and cannot load it again
      image = known;
      isShown = true;
    }
    clearTimeout(clearing);
    if (this.entry !== entry) return;
    if (!isShown) this.layers.clear();
    const grid = this.gridOf(entry, image), listener: Listener = {
      asked: () => this.heard(entry, 1),
      answered: (tile, error) => this.heard(entry, -1, tile, error),
    };
    if (isShown) await this.layers.show(grid ?? plainGrid(image), image, grid && listener);
    this.stage.addOnceHandler("tile-drawn", () => performance.mark("shown"));
    const opened = await answer;
    if (this.entry !== entry) return;
    if ("refused" in opened) {
      this.found = [inBytes(opened.bytes), ...(isShown ? [`${image.naturalWidth} × ${image.naturalHeight}`] : [])];
      this.giveUp(isShown ? AS_IT_IS[opened.kind] : BROKEN, opened.refused);
    } else if (!isShown) this.giveUp(BROKEN, "the browser cannot show the file");
    else if (!this.isAsItIs) {
      if (JSON.stringify(grid) !== JSON.stringify(opened.grid)) await this.layers.show(opened.grid, image, listener);
      this.allow();
      this.settle();
    }
  }

  /** How the worker will divide the picture, if the file is what the index says. */
  private gridOf({ model, width, height }: Entry, image: HTMLImageElement): Grid | undefined {
    const known = this.index.models[model], thumbnail = sizeOf(image), scale = known?.scale;
    const fits = Math.ceil(width / scale) === thumbnail.width && Math.ceil(height / scale) === thumbnail.height;
    return fits ? makeGrid(thumbnail, { width, height }, scale, reachOf(known.receptive_field)) : undefined;
  }

  private giveUp(sentence: string, detail: string): void {
    note(this.entry?.name ?? "", detail);
    this.isAsItIs = true;
    this.layers.stop();
    this.say(sentence);
    this.allow(NOTHING);
    this.settle();
  }

  /** @param what names the file that cannot be had. */
  private fail(sentence: string, error: Error, what: string): void {
    this.giveUp(sentence + remedy(error instanceof Failed ? error.failure : undefined, what), error.message);
  }

  private settle(): void {
    this.dialog.dispatchEvent(new Event("settled"));
    this.showState();
  }

  private heard(entry: Entry, more: number, tile?: TileAnswer, error?: Error): void {
    if (this.entry !== entry) return;
    if (this.pending === 0 && more > 0) this.since = performance.now();
    this.pending += more;
    if (this.pending === 0) this.spent += performance.now() - this.since;
    if (tile) {
      performance.mark("tile");
      this.engine = tile.engine;
    }
    if (error && !this.isAsItIs) this.fail(UNRESTORED, error, "the decoder");
    this.showState();
  }

  private showState(): void {
    const { entry } = this;
    if (!entry) return;
    const state = this.isAsItIs ? "as-it-is" : this.layers.state;
    if (this.dialog.dataset.state !== state) {
      this.dialog.dataset.state = state;
      performance.mark(state);
    }
    const figures = [inBytes(entry.bytes), `${entry.bpp.toFixed(2)} bpp`, `${entry.width} × ${entry.height}`];
    if (entry.original_bytes) figures.push(`original ${inBytes(entry.original_bytes)}`);
    // The state first: a small window has room for one line.
    if (state === "thumbnail") figures.unshift("at this zoom the thumbnail is enough");
    if (state === "restoring") figures.unshift("restoring…");
    if (state === "restored" && this.engine) figures.unshift(`restored in ${inSeconds(this.spent)}`, this.engine);
    showFigures(this.figures, this.found ?? figures);
  }
}

function sizeOf({ naturalWidth, naturalHeight }: HTMLImageElement): Grid["thumbnail"] {
  return { width: naturalWidth, height: naturalHeight };
}

/** A picture that is shown in its own size. */
function plainGrid(image: HTMLImageElement): Grid {
  return makeGrid(sizeOf(image), sizeOf(image), 1, 0);
}
