/** An exported decoder at work: coefficients of a window of blocks to pixels. */
import type { InferenceSession } from "onnxruntime-web";
import type { Axis, Grid } from "../geometry";
import { place } from "../geometry";
import type { JpegFile } from "../jpeg/reader";
import { Failed } from "../protocol";
import { fetchWhole, nameOf, type Runtime } from "./runtime";

/** Pixels, three bytes each, by rows. */
export interface Pixels {
  width: number;
  height: number;
  data: Uint8Array;
}

export class Decoder {
  private last: Promise<unknown> = Promise.resolve(); // a session does one run at a time

  private constructor(private readonly runtime: Runtime, private readonly session: InferenceSession) {}

  /** @throws Failed when the file cannot be had or used. */
  static async load(runtime: Runtime, url: string): Promise<Decoder> {
    const model = new Uint8Array(await (await fetchWhole(url)).arrayBuffer());
    const session = await runtime.ort.InferenceSession.create(model, {
      executionProviders: [runtime.provider],
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
    }).catch((error: Error) => {
      throw new Failed(`${nameOf(url)} cannot be used: ${error.message}`, "broken");
    });
    return new Decoder(runtime, session);
  }

  get engine(): string {
    return this.runtime.name;
  }

  /** Restores a tile: all that it owns, without what lies outside of the thumbnail. */
  async restore(file: JpegFile, grid: Grid, x: number, y: number): Promise<Pixels> {
    const window = gather(file, grid, x, y);
    return crop(await this.run(window, grid.x.window, grid.y.window), grid, x, y);
  }

  private async run(window: Float32Array, width: number, height: number): Promise<Uint8Array> {
    const input = new this.runtime.ort.Tensor("float32", window, [1, 192, height, width]);
    const run = this.last.then(() => this.session.run({ coefficients: input }, ["picture"]));
    this.last = run.catch(() => undefined);
    const { picture } = await run, data = (await picture.getData()) as Uint8Array;
    picture.dispose();
    return data;
  }
}

/** The coefficients that a tile's window holds, times their steps: 192 planes, three times 64 in zig-zag order. */
export function gather(file: JpegFile, grid: Grid, x: number, y: number): Float32Array {
  const left = place(grid.x, x).window, top = place(grid.y, y).window;
  const width = grid.x.window, height = grid.y.window, area = width * height;
  const values = new Float32Array(192 * area);
  file.planes.forEach(({ coefficients }, plane) => {
    const steps = file.tables[plane ? 1 : 0];
    for (let row = 0; row < height; row++) {
      let from = ((top + row) * file.columns + left) * 64;
      for (let column = 0; column < width; column++, from += 64) {
        let to = plane * 64 * area + row * width + column;
        for (let k = 0; k < 64; k++, to += area) values[to] = coefficients[from + k] * steps[k];
      }
    }
  });
  return values;
}

function crop(data: Uint8Array, grid: Grid, x: number, y: number): Pixels {
  const block = 8 * grid.scale;
  const side = (axis: Axis, index: number, pixels: number): [number, number] => {
    const { window, start, end } = place(axis, index);
    return [(start - window) * block, Math.min(end * block, pixels * grid.scale) - start * block];
  };
  const [left, width] = side(grid.x, x, grid.thumbnail.width), [top, height] = side(grid.y, y, grid.thumbnail.height);
  const cropped = new Uint8Array(width * height * 3), stride = grid.x.window * block * 3;
  for (let row = 0; row < height; row++) {
    const from = (top + row) * stride + left * 3;
    cropped.set(data.subarray(from, from + width * 3), row * width * 3);
  }
  return { width, height, data: cropped };
}
