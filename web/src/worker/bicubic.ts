/** Bicubic enlarging (Keys, a = -0.5, as hyperthumb/images/resize.py): what a thumbnail gives without its decoder. */
import type { Pixels } from "./decoder";

/** Enlarges a part of the thumbnail.
 * @param left, top of the part in the enlarged picture.
 */
export function enlarge(
  thumbnail: ImageData, scale: number, left: number, top: number, width: number, height: number,
): Pixels {
  const across = taps(left, width, scale, thumbnail.width), down = taps(top, height, scale, thumbnail.height);
  const first = Math.min(...down.places), last = Math.max(...down.places);
  const rows = new Float32Array((last - first + 1) * width * 3);
  for (let row = first, to = 0; row <= last; row++) {
    const at = row * thumbnail.width * 4;
    for (let x = 0; x < width; x++) {
      for (let plane = 0; plane < 3; plane++) {
        let sum = 0;
        for (let tap = 4 * x; tap < 4 * x + 4; tap++) {
          sum += across.weights[tap] * thumbnail.data[at + across.places[tap] * 4 + plane];
        }
        rows[to++] = sum;
      }
    }
  }
  return { width, height, data: blend(rows, down, first, width * 3, height) };
}

function blend(rows: Float32Array, down: Taps, first: number, stride: number, height: number): Uint8Array {
  const data = new Uint8ClampedArray(height * stride);
  for (let y = 0, to = 0; y < height; y++) {
    const [a, b, c, d] = [0, 1, 2, 3].map((tap) => (down.places[4 * y + tap] - first) * stride);
    const [p, q, r, s] = down.weights.subarray(4 * y, 4 * y + 4);
    for (let x = 0; x < stride; x++) data[to++] = p * rows[a + x] + q * rows[b + x] + r * rows[c + x] + s * rows[d + x];
  }
  return new Uint8Array(data.buffer);
}

interface Taps {
  weights: Float32Array;
  places: Int32Array;
}

/** Four weights and places for each of `count` pixels from `start` on. Edges are mirrored with the edge repeated. */
function taps(start: number, count: number, scale: number, size: number): Taps {
  const weights = new Float32Array(4 * count), places = new Int32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const center = (start + i + 0.5) / scale - 0.5, before = Math.floor(center) - 1;
    for (let tap = 0; tap < 4; tap++) {
      weights[4 * i + tap] = keys(center - before - tap);
      let at = before + tap;
      if (at < 0) at = -1 - at;
      if (at >= size) at = 2 * size - 1 - at;
      places[4 * i + tap] = Math.max(0, Math.min(at, size - 1));
    }
  }
  return { weights, places };
}

function keys(distance: number): number {
  const x = Math.abs(distance);
  return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0;
}
