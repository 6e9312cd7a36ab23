/** The viewer: one photograph, restored where it is looked at. */
import type OpenSeadragon from "openseadragon";
import { makeGrid, reachOf, type Grid } from "../geometry";
import type { Opened, Refusal, TileAnswer } from "../protocol";
import type { Client } from "./client";
import { element } from "./elements";
import { inBytes, inSeconds, showFigures } from "./figures";
import { addressOf, type Entry, type Index } from "./index";
import { Layers } from "./layers";
import type { Listener } from "./source";
import { AS_IT_IS, BROKEN, KEPT, MISSING, note, NOTHING, OPENING, UNRESTORED } from "./sentences";
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
    await this.show(entry, url, asked.answer).catch((error: Error) => {
      if (this.entry === entry) this.giveUp(this.layers.isEmpty ? MISSING : KEPT, error.message);
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

  private async show(entry: Entry, url: string, answer: Promise<Opened | Refusal>): Promise<void> {
    const image = new Image();
    image.src = url;
    const clearing = setTimeout(() => this.entry === entry && this.layers.clear(), PATIENCE);
    const isShown = await image.decode().then(() => true, () => false);
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
    if ("refused" in opened) this.giveUp(isShown ? AS_IT_IS[opened.kind] : BROKEN, opened.refused);
    else if (!isShown) this.giveUp(MISSING, "the browser cannot show the file");
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
    if (error && !this.isAsItIs) this.giveUp(UNRESTORED, error.message);
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
    if (state === "thumbnail") figures.push("at this zoom the thumbnail is enough");
    if (state === "restoring") figures.push("restoring…");
    if (state === "restored" && this.engine) figures.push(`restored in ${inSeconds(this.spent)}`, this.engine);
    showFigures(this.figures, figures);
  }
}

function sizeOf({ naturalWidth, naturalHeight }: HTMLImageElement): Grid["thumbnail"] {
  return { width: naturalWidth, height: naturalHeight };
}

/** A picture that is shown in its own size. */
function plainGrid(image: HTMLImageElement): Grid {
  return makeGrid(sizeOf(image), sizeOf(image), 1, 0);
}
