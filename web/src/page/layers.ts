/** The layers of the open picture, bicubic and restored, side by side. The thumbnail is the lowest level of both. */
import OpenSeadragon from "openseadragon";
import type { Grid } from "../geometry";
import type { Layer } from "../protocol";
import type { Client } from "./client";
import { photographRect, WorkerSource, type Listener } from "./source";

const UNHEARD: Listener = { asked: () => undefined, answered: () => undefined };

export class Layers {
  private bicubic: OpenSeadragon.TiledImage | undefined;
  private restored: OpenSeadragon.TiledImage | undefined;
  private grid: Grid | undefined;
  private at = 0; // pixels of the view from the left that show the bicubic layer
  private isStopped = false;

  constructor(private readonly viewer: OpenSeadragon.Viewer, private readonly client: Client) {
    viewer.addHandler("update-tile", (event) => this.choose(event as unknown as TileEvent));
    viewer.navigator?.addHandler("update-tile", (event) => {
      const { tile, tiledImage } = event as unknown as TileEvent;
      tile.exists = tiledImage.source.isThumbnail(tile.level);
    });
    viewer.addHandler("viewport-change", () => {
      this.clip();
      for (const source of this.sources()) source.cancel((tile) => tile.lastTouchTime >= source.updated && this.isWanted(source, tile));
    });
  }

  /** Shows a picture: its thumbnail at once, and what the worker makes of it as it comes.
   * @param listener hears of the restored tiles; without one, only the thumbnail is shown.
   */
  async show(grid: Grid, image: HTMLImageElement, listener?: Listener): Promise<void> {
    this.clear();
    this.grid = grid;
    this.isStopped = false;
    const add = (layer: Layer, heard: Listener, opacity: number): Promise<OpenSeadragon.TiledImage> =>
      this.add(new WorkerSource(grid, image, layer, this.client, heard), opacity);
    const adding = [add("bicubic", UNHEARD, 0), ...(listener ? [add("restored", listener, 1)] : [])];
    const [bicubic, restored] = await Promise.all(adding);
    if (this.grid !== grid) return;
    this.bicubic = bicubic;
    this.restored = restored;
    this.clip();
    this.viewer.viewport.goHome(true);
  }

  /** Shows nothing. */
  clear(): void {
    this.viewer.close();
    this.bicubic = this.restored = this.grid = undefined;
  }

  get isEmpty(): boolean {
    return this.grid === undefined;
  }

  /** Asks the worker for nothing more, until another picture is shown. */
  stop(): void {
    this.isStopped = true;
    for (const source of this.sources()) source.cancel(() => false);
  }

  /** @param at pixels of the view from the left that show the bicubic layer; 0 for none. */
  compareAt(at: number): void {
    this.at = at;
    this.clip();
  }

  /** Whether the restored layer needs the decoder at this zoom, and whether it is complete. */
  get state(): "opening" | "thumbnail" | "restoring" | "restored" {
    const { restored, grid, viewer } = this;
    if (!restored || !grid) return "opening";
    if (grid.top > 0 && this.bestLevel(viewer.viewport.getZoom()) === 0) return "thumbnail";
    return restored.getFullyLoaded() ? "restored" : "restoring";
  }

  /** The level that OpenSeadragon takes: the highest whose pixels are not smaller than half a pixel of the screen. */
  private bestLevel(zoom: number): number {
    const { grid, viewer } = this;
    if (!grid) return 0;
    const pixels = viewer.viewport.getContainerSize().x * zoom * OpenSeadragon.pixelDensityRatio;
    const ratio = pixels / (grid.thumbnail.width * grid.scale);
    let level = grid.top;
    while (level > 0 && ratio * 2 ** (grid.top - level) < 0.5) level--;
    return level;
  }

  private clip(): void {
    const { grid, restored, bicubic } = this;
    if (!grid || !bicubic) return;
    const whole = photographRect(grid);
    const divider = restored?.viewerElementToImageCoordinates(new OpenSeadragon.Point(this.at, 0)).x ?? 0;
    const left = this.at > 0 ? Math.max(0, Math.min(divider, whole.width)) : 0;
    const isBelow = !restored || grid.top === 0; // the restored layer does not have the thumbnail
    restored?.setClip(new OpenSeadragon.Rect(left, 0, whole.width - left, whole.height));
    bicubic.setClip(isBelow || left === 0 ? whole : new OpenSeadragon.Rect(0, 0, left, whole.height));
    bicubic.setOpacity(isBelow || left > 0 ? 1 : 0);
  }

  /** Lets OpenSeadragon ask for tiles of one level only, and of the thumbnail: else it asks for lower ones, too. */
  private choose({ tile, tiledImage: { source } }: TileEvent): void {
    source.see(tile);
    if (!tile.loaded && !tile.loading) tile.exists = this.isWanted(source, tile);
  }

  private isWanted(source: WorkerSource, { level }: OpenSeadragon.Tile): boolean {
    if (source.isThumbnail(level)) return true;
    return !this.isStopped && source.isReady && level === this.bestLevel(this.viewer.viewport.getZoom());
  }

  private sources(): WorkerSource[] {
    return [this.bicubic, this.restored].flatMap((layer) => (layer ? [layer.source as WorkerSource] : []));
  }

  private add(tileSource: OpenSeadragon.TileSource, opacity: number): Promise<OpenSeadragon.TiledImage> {
    return new Promise((resolve, reject) => {
      this.viewer.addTiledImage({
        tileSource,
        opacity,
        success: (event) => resolve((event as unknown as { item: OpenSeadragon.TiledImage }).item),
        error: () => reject(new Error("The picture cannot be shown.")),
      });
    });
  }
}

interface TileEvent {
  tile: OpenSeadragon.Tile;
  tiledImage: { source: WorkerSource };
}
