/** One thumbnail at work: its tiles, restored or enlarged, and the whole picture as PNG. */
import { makeGrid, place, reachOf, type Grid } from "../geometry";
import type { Origin } from "../jpeg/marker";
import type { JpegFile } from "../jpeg/reader";
import type { ModelEntry, TileAnswer } from "../protocol";
import { enlarge } from "./bicubic";
import type { Decoder, Pixels } from "./decoder";
import { writePng } from "./png";
import { colorProfile } from "./profile";

/** Bytes of restored tiles that are kept. */
const MOST_KEPT = 150e6;

export class Photograph {
  readonly grid: Grid;
  private readonly profile: Uint8Array | undefined;
  private readonly kept = new Map<string, Pixels>(); // the oldest first
  private keptBytes = 0;
  private thumbnail: Promise<ImageData> | undefined;
  private isClosed = false;

  constructor(
    readonly file: JpegFile, readonly origin: Origin, model: ModelEntry, private readonly data: Blob,
    private readonly decoder: () => Promise<Decoder>,
  ) {
    const sizeOf = ({ width, height }: Grid["thumbnail"]): Grid["thumbnail"] => ({ width, height }); // the page gets the grid
    this.grid = makeGrid(sizeOf(file), sizeOf(origin), origin.scale, reachOf(model.receptive_field));
    this.profile = colorProfile(file);
  }

  /** A restored tile of the level `top`, or the same at half its size for each level below. */
  async restored(level: number, x: number, y: number): Promise<TileAnswer> {
    const decoder = await this.decoder(), start = performance.now();
    const known = this.kept.size, pixels = await this.restore(x, y);
    const milliseconds = this.kept.size === known ? 0 : performance.now() - start;
    let small = pixels;
    for (let step = level; step < this.grid.top; step++) small = halve(small);
    return { bitmap: await this.draw(small), milliseconds, engine: decoder.engine };
  }

  /** The same tile of the thumbnail, enlarged without the decoder. */
  async enlarged(level: number, x: number, y: number): Promise<TileAnswer> {
    this.thumbnail ??= decodeWith(this.data);
    const times = 2 ** level, { thumbnail } = this.grid;
    const [across, down] = [place(this.grid.x, x), place(this.grid.y, y)];
    const left = across.start * 8 * times, top = down.start * 8 * times;
    const width = Math.min(across.end * 8, thumbnail.width) * times - left;
    const height = Math.min(down.end * 8, thumbnail.height) * times - top;
    const pixels = enlarge(await this.thumbnail, times, left, top, width, height);
    return { bitmap: await createImageBitmap(imageData(pixels)), milliseconds: 0, engine: "" };
  }

  /** Ends what is still being made. */
  close(): void {
    this.isClosed = true;
  }

  /** The whole restored photograph.
   * @param report is told the finished part, 0 to 1.
   * @param turn is awaited before each tile, so that what is in view comes first.
   */
  async png(report: (part: number) => void, turn: () => Promise<void>): Promise<Blob> {
    const { width, height } = this.grid.photograph;
    return writePng(width, height, this.strips(report, turn), this.profile);
  }

  private async *strips(report: (part: number) => void, turn: () => Promise<void>): AsyncIterable<Pixels> {
    const { grid } = this, { width, height } = grid.photograph, block = 8 * grid.scale;
    for (let y = 0; y < grid.y.tiles; y++) {
      const { start, end } = place(grid.y, y);
      const rows = Math.min(end * block, height) - start * block;
      const strip = { width, height: rows, data: new Uint8Array(width * rows * 3) };
      for (let x = 0; x < grid.x.tiles; x++) {
        await turn();
        if (this.isClosed) throw new Error("Another picture was opened before the PNG file was complete.");
        paste(await this.restore(x, y), strip, place(grid.x, x).start * block);
        report((y * grid.x.tiles + x + 1) / (grid.x.tiles * grid.y.tiles));
      }
      yield strip;
    }
  }

  private async restore(x: number, y: number): Promise<Pixels> {
    const key = `${x} ${y}`, known = this.kept.get(key);
    if (known) return known;
    const pixels = await (await this.decoder()).restore(this.file, this.grid, x, y);
    this.kept.set(key, pixels);
    this.keptBytes += pixels.data.length;
    for (const [oldest, { data }] of this.kept) {
      if (this.keptBytes <= MOST_KEPT) break;
      this.kept.delete(oldest);
      this.keptBytes -= data.length;
    }
    return pixels;
  }

  /** Colors are converted by the browser, which knows color profiles in image files only. */
  private async draw(pixels: Pixels): Promise<ImageBitmap> {
    if (!this.profile) return createImageBitmap(imageData(pixels));
    return createImageBitmap(await writePng(pixels.width, pixels.height, [pixels], this.profile));
  }
}

async function decodeWith(data: Blob): Promise<ImageData> {
  const bitmap = await createImageBitmap(data);
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d")!;
  context.drawImage(bitmap, 0, 0);
  return context.getImageData(0, 0, bitmap.width, bitmap.height);
}

function imageData({ width, height, data }: Pixels): ImageData {
  const image = new ImageData(width, height), words = new Uint32Array(image.data.buffer);
  for (let i = 0, from = 0; i < words.length; i++, from += 3) {
    words[i] = (0xff000000 | (data[from + 2] << 16) | (data[from + 1] << 8) | data[from]) >>> 0;
  }
  return image;
}

/** The mean of every 2x2 pixels; an odd edge is repeated. */
function halve({ width, height, data }: Pixels): Pixels {
  const small = { width: (width + 1) >> 1, height: (height + 1) >> 1 }, half = new Uint8Array(small.width * small.height * 3);
  for (let y = 0, to = 0; y < small.height; y++) {
    const above = 2 * y * width * 3, below = Math.min(2 * y + 1, height - 1) * width * 3;
    for (let x = 0; x < small.width; x++) {
      const left = 6 * x, right = Math.min(2 * x + 1, width - 1) * 3;
      for (let c = 0; c < 3; c++) {
        half[to++] = (data[above + left + c] + data[above + right + c] + data[below + left + c] + data[below + right + c] + 2) >> 2;
      }
    }
  }
  return { ...small, data: half };
}

/** Copies a tile into a strip, from column `left` on; what does not fit is left out. */
function paste(tile: Pixels, strip: Pixels, left: number): void {
  const width = Math.min(tile.width, strip.width - left), rows = Math.min(tile.height, strip.height);
  for (let row = 0; row < rows; row++) {
    const from = row * tile.width * 3;
    strip.data.set(tile.data.subarray(from, from + width * 3), (row * strip.width + left) * 3);
  }
}
