/** OpenSeadragon's view of a picture: a pyramid whose lowest level is the thumbnail, and whose others the worker makes. */
import OpenSeadragon from "openseadragon";
import type { Grid } from "../geometry";
import type { Layer, TileAnswer } from "../protocol";
import type { Client } from "./client";

/** Milliseconds for which finished tiles wait for others: the browser draws the whole view anew for each delivery. */
const DELIVERY = 200;

interface Job {
  postData: { level: number; x: number; y: number };
  tile: OpenSeadragon.Tile;
  finish(data: ImageBitmap | HTMLImageElement, request: null, type: "imageBitmap" | "image"): void;
  fail(message: string, request: null): void;
  jobId: number; // of the timer that lets it fail
}

/** Hears of tiles that the worker was asked for. */
export interface Listener {
  asked(): void;
  answered(answer: TileAnswer | undefined, error?: Error): void;
}

let sources = 0;

/** A layer that the worker makes at every level above the thumbnail: restored, or enlarged by bicubic interpolation. The
 * size of all levels is that of the whole thumbnail, which may reach a few pixels beyond the photograph. */
export class WorkerSource extends OpenSeadragon.TileSource {
  private readonly number = ++sources;
  private readonly pending = new Map<Job, () => void>(); // what ends each question
  private finished: (() => void)[] = [];
  private delivered = 0; // when tiles were handed over last
  private thumbnail: OpenSeadragon.Tile | undefined;
  /** When OpenSeadragon last looked for what is in view. */
  updated = 0;

  constructor(
    private readonly grid: Grid, private readonly image: HTMLImageElement, private readonly layer: Layer,
    private readonly client: Client, private readonly listener: Listener,
  ) {
    const width = grid.thumbnail.width * grid.scale, height = grid.thumbnail.height * grid.scale;
    const levels = { minLevel: 0, maxLevel: grid.top };
    super({ width, height, tileWidth: width, tileHeight: height, tileOverlap: 0, ...levels } as OpenSeadragon.TileSourceOptions);
  }

  /** The only level of a model of scale 1 is a restored one. */
  isThumbnail(level: number): boolean {
    return level === 0 && (this.grid.top > 0 || this.layer === "bicubic");
  }

  /** Notes a tile that OpenSeadragon looks at. */
  see(tile: OpenSeadragon.Tile): void {
    this.updated = tile.lastTouchTime;
    if (this.isThumbnail(tile.level)) this.thumbnail = tile;
  }

  /** Whether the worker may be asked for tiles: OpenSeadragon would not load the thumbnail below tiles that are on their way. */
  get isReady(): boolean {
    return this.thumbnail?.loaded ?? !this.isThumbnail(0);
  }

  override getTileWidth(level: number): number {
    return this.isThumbnail(level) ? this.grid.thumbnail.width : this.grid.x.step * 8 * 2 ** level;
  }

  override getTileHeight(level: number): number {
    return this.isThumbnail(level) ? this.grid.thumbnail.height : this.grid.y.step * 8 * 2 ** level;
  }

  /** OpenSeadragon never shows a level below this one; by itself it takes the highest one of a single tile. */
  override getClosestLevel(): number {
    return 0;
  }

  override getTileUrl(level: number, x: number, y: number): string {
    return `${this.layer}:${this.number}/${level}/${x}/${y}`;
  }

  override getTilePostData(level: number, x: number, y: number): object {
    return { level, x, y };
  }

  override downloadTileStart(context: unknown): void {
    const job = context as Job, { level, x, y } = job.postData;
    if (this.isThumbnail(level)) {
      job.finish(this.image, null, "image");
      return;
    }
    const asked = this.client.ask<TileAnswer>({ ask: "tile", layer: this.layer, level, x, y });
    this.pending.set(job, asked.cancel);
    this.listener.asked();
    asked.answer.then(
      (answer) => this.end(job, () => job.finish(answer.bitmap, null, "imageBitmap"), answer),
      (error: Error) => this.end(job, () => job.fail(error.message, null), undefined, error),
    );
  }

  override downloadTileAbort(context: unknown): void {
    const job = context as Job;
    this.pending.get(job)?.();
    this.end(job, () => undefined);
  }

  /** Ends the questions for tiles that are not wanted any more, as if they had not been asked; OpenSeadragon's own way to
   * abort a job counts it as failed. */
  cancel(isWanted: (tile: OpenSeadragon.Tile) => boolean): void {
    for (const job of [...this.pending.keys()].filter(({ tile }) => !isWanted(tile))) {
      clearTimeout(job.jobId);
      job.tile.loading = false;
      this.downloadTileAbort(job);
    }
  }

  private end(job: Job, finish: () => void, answer?: TileAnswer, error?: Error): void {
    if (!this.pending.delete(job)) return;
    this.finished.push(finish);
    if (this.pending.size === 0 || performance.now() - this.delivered > DELIVERY) {
      this.finished.forEach((each) => each());
      this.finished = [];
      this.delivered = performance.now();
    }
    this.listener.answered(answer, error);
  }
}

/** The photograph's part of a layer. */
export function photographRect({ photograph }: Grid): OpenSeadragon.Rect {
  return new OpenSeadragon.Rect(0, 0, photograph.width, photograph.height);
}
