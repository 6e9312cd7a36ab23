/** How a picture is divided into tiles, each of which is one run of the decoder. Page and worker share this. */

/** Pixels of the photograph that a tile should have on a side. */
const TILE_PIXELS = 640;

/** One side of a picture, in blocks of 8x8 thumbnail pixels. */
export interface Axis {
  blocks: number;
  /** Blocks that a tile owns; the last one may own fewer. */
  step: number;
  /** Blocks that the decoder is given for a tile: the same for all, so that its shapes never change. */
  window: number;
  tiles: number;
}

export interface Grid {
  scale: number;
  /** The thumbnail's size; the photograph is at most `scale` times as large. */
  thumbnail: { width: number; height: number };
  photograph: { width: number; height: number };
  x: Axis;
  y: Axis;
  /** The level of the pyramid with the photograph's own pixels; level 0 is the thumbnail. */
  top: number;
}

/** @param reach blocks that the decoder sees around each block; negative where it sees the whole picture. */
export function makeAxis(blocks: number, scale: number, reach: number): Axis {
  const wanted = Math.ceil(TILE_PIXELS / (8 * scale)), whole = { blocks, step: blocks, window: blocks, tiles: 1 };
  if (reach < 0 || blocks <= wanted + 2 * reach) return whole;
  const step = Math.ceil(blocks / Math.ceil(blocks / wanted)), window = step + 2 * reach;
  return window >= blocks ? whole : { blocks, step, window, tiles: Math.ceil(blocks / step) };
}

export function makeGrid(thumbnail: Grid["thumbnail"], photograph: Grid["photograph"], scale: number, reach: number): Grid {
  return {
    scale, thumbnail, photograph,
    x: makeAxis(Math.ceil(thumbnail.width / 8), scale, reach),
    y: makeAxis(Math.ceil(thumbnail.height / 8), scale, reach),
    top: Math.log2(scale),
  };
}

/** The blocks of a tile: where its window starts, where what it owns starts and ends. A window never leaves the picture,
 * because the decoder continues a picture at its borders in its own way. */
export function place(axis: Axis, index: number): { window: number; start: number; end: number } {
  const start = index * axis.step, end = Math.min(start + axis.step, axis.blocks);
  const reach = (axis.window - axis.step) >> 1;
  return { window: Math.max(0, Math.min(start - reach, axis.blocks - axis.window)), start, end };
}
