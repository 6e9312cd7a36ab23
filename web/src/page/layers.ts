/** The layers of the open picture: the thumbnail at the bottom, bicubic and restored over it, side by side. */
import OpenSeadragon from "openseadragon";
import type { Grid } from "../geometry";
import type { Layer } from "../protocol";
import type { Client } from "./client";
import { photographRect, ThumbnailSource, WorkerSource, type Listener } from "./source";

export class Layers {
  private bicubic: OpenSeadragon.TiledImage | undefined;
  private restored: OpenSeadragon.TiledImage | undefined;
  private grid: Grid | undefined;
  private at = 0; // pixels of the view from the left that show the bicubic layer

  constructor(private readonly viewer: OpenSeadragon.Viewer, private readonly client: Client) {
    viewer.addHandler("viewport-change", () => this.clip());
  }

  /** Shows a thumbnail, and nothing else. */
  async showThumbnail(grid: Grid, image: HTMLImageElement): Promise<void> {
    this.viewer.close();
    this.bicubic = this.restored = undefined;
    this.grid = grid;
    const added = await this.add(new ThumbnailSource(grid, image));
    added.setClip(photographRect(grid));
    this.viewer.viewport.goHome(true);
  }

  /** Adds the layers of a picture that can be restored. */
  async showRestored(grid: Grid, image: HTMLImageElement, listener: Listener): Promise<void> {
    const source = (layer: Layer, heard: Listener): WorkerSource => new WorkerSource(grid, image, layer, this.client, heard);
    const unheard: Listener = { asked: () => undefined, answered: () => undefined };
    this.grid = grid;
    const bicubic = await this.add(source("bicubic", unheard), 0);
    const restored = await this.add(source("restored", listener));
    if (this.grid !== grid) return;
    this.bicubic = bicubic;
    this.restored = restored;
    this.compareAt(this.at);
  }

  /** @param at pixels of the view from the left that show the bicubic layer; 0 for none. */
  compareAt(at: number): void {
    this.at = at;
    this.bicubic?.setOpacity(at > 0 ? 1 : 0);
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
    if (!grid || !restored || !bicubic) return;
    const whole = photographRect(grid);
    const divider = restored.viewerElementToImageCoordinates(new OpenSeadragon.Point(this.at, 0)).x;
    const left = this.at > 0 ? Math.max(0, Math.min(divider, whole.width)) : 0;
    restored.setClip(new OpenSeadragon.Rect(left, 0, whole.width - left, whole.height));
    bicubic.setClip(new OpenSeadragon.Rect(0, 0, left, whole.height));
  }

  private add(tileSource: OpenSeadragon.TileSource, opacity = 1): Promise<OpenSeadragon.TiledImage> {
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
