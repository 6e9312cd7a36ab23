/** OpenSeadragon's view of a picture: a pyramid whose lowest level is the thumbnail, and whose others the worker makes. */
import OpenSeadragon from "openseadragon";
import type { Grid } from "../geometry";
import type { Layer, TileAnswer } from "../protocol";
import type { Client } from "./client";

interface Job {
  postData: { level: number; x: number; y: number };
  userData: { cancel?: () => void };
  finish(data: ImageBitmap | HTMLImageElement, request: null, type: "imageBitmap" | "image"): void;
  fail(message: string, request: null): void;
}

/** Hears of tiles that the worker was asked for. */
export interface Listener {
  asked(): void;
  answered(answer: TileAnswer | undefined, error?: Error): void;
}

/** The size of all levels is that of the whole thumbnail, which may reach a few pixels beyond the photograph. */
function options({ thumbnail, scale }: Grid, levels: { minLevel: number; maxLevel: number }): OpenSeadragon.TileSourceOptions {
  const width = thumbnail.width * scale, height = thumbnail.height * scale;
  return { width, height, tileWidth: width, tileHeight: height, tileOverlap: 0, ...levels } as OpenSeadragon.TileSourceOptions;
}

let sources = 0;

/** The thumbnail alone, enlarged by whoever draws it. */
export class ThumbnailSource extends OpenSeadragon.TileSource {
  private readonly number = ++sources;

  constructor(grid: Grid, private readonly image: HTMLImageElement) {
    super(options(grid, { minLevel: 0, maxLevel: 0 }));
  }

  override getTileUrl(): string {
    return `thumbnail:${this.number}`;
  }

  override downloadTileStart(job: unknown): void {
    (job as Job).finish(this.image, null, "image");
  }

  override downloadTileAbort(): void {
    // It is there at once.
  }
}

/** A layer that the worker makes at every level above the thumbnail: restored, or enlarged by bicubic interpolation. */
export class WorkerSource extends OpenSeadragon.TileSource {
  private readonly number = ++sources;

  constructor(
    private readonly grid: Grid, private readonly image: HTMLImageElement, private readonly layer: Layer,
    private readonly client: Client, private readonly listener: Listener,
  ) {
    super(options(grid, { minLevel: 0, maxLevel: grid.top }));
  }

  /** The only level of a model of scale 1 is a restored one. */
  private isThumbnail(level: number): boolean {
    return level === 0 && (this.grid.top > 0 || this.layer === "bicubic");
  }

  override getTileWidth(level: number): number {
    return this.isThumbnail(level) ? this.grid.thumbnail.width : this.grid.x.step * 8 * 2 ** level;
  }

  override getTileHeight(level: number): number {
    return this.isThumbnail(level) ? this.grid.thumbnail.height : this.grid.y.step * 8 * 2 ** level;
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
    this.listener.asked();
    job.userData.cancel = () => {
      asked.cancel();
      this.listener.answered(undefined);
    };
    asked.answer.then(
      (answer) => {
        delete job.userData.cancel;
        job.finish(answer.bitmap, null, "imageBitmap");
        this.listener.answered(answer);
      },
      (error: Error) => {
        delete job.userData.cancel;
        job.fail(error.message, null);
        this.listener.answered(undefined, error);
      },
    );
  }

  override downloadTileAbort(context: unknown): void {
    (context as Job).userData.cancel?.();
  }
}

/** The photograph's part of a layer. */
export function photographRect({ photograph }: Grid): OpenSeadragon.Rect {
  return new OpenSeadragon.Rect(0, 0, photograph.width, photograph.height);
}
