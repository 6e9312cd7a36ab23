/** How a picture is divided into tiles, each of which is one run of the decoder. Page and worker share this. */

/** Pixels of a photograph that is small enough to be one tile. */
const WHOLE_PIXELS = 500_000;
/** Pixels of the photograph that a tile has on a side at most, where the decoder sees nothing around it. Small tiles cover
 * little that is out of view, large ones are restored with little overlap. */
const TILE_PIXELS = 320;

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

/** Blocks that a decoder sees around each block, from its receptive field in pixels; negative where it sees all. */
export function reachOf(receptiveField: number): number {
  return receptiveField < 0 ? -1 : Math.ceil(receptiveField / 8);
}

/** Blocks that a tile owns on a side at most. */
function mostBlocks(scale: number, reach: number): number {
  return Math.ceil(TILE_PIXELS / (8 * scale)) + 2 * reach;
}

function makeAxis(blocks: number, most: number, reach: number): Axis {
  const step = Math.ceil(blocks / Math.ceil(blocks / most)), window = step + 2 * reach;
  if (window >= blocks) return { blocks, step: blocks, window: blocks, tiles: 1 };
  return { blocks, step, window, tiles: Math.ceil(blocks / step) };
}

/** @param reach blocks that the decoder sees around each block; negative where it sees the whole picture. */
export function makeGrid(thumbnail: Grid["thumbnail"], photograph: Grid["photograph"], scale: number, reach: number): Grid {
  const columns = Math.ceil(thumbnail.width / 8), rows = Math.ceil(thumbnail.height / 8);
  const isWhole = reach < 0 || columns * rows * (8 * scale) ** 2 <= WHOLE_PIXELS;
  const most = isWhole ? Infinity : mostBlocks(scale, reach), around = Math.max(0, reach);
  return {
    scale, thumbnail, photograph,
    x: makeAxis(columns, Math.min(most, columns), around), y: makeAxis(rows, Math.min(most, rows), around),
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
