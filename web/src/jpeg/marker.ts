/** What a thumbnail of hyperthumb says of its photograph: hyperthumb/jpeg/marker.py, version 2. */
import { crc32 } from "./crc32";
import { Refused } from "./errors";
import type { JpegFile } from "./reader";
import { NATURAL } from "./zigzag";

export interface Origin {
  /** 1, 2, 4 or 8: of the photograph to the thumbnail. */
  scale: number;
  /** The photograph's size in pixels. */
  width: number;
  height: number;
  /** Six hexadecimal digits. */
  model: string;
}

const APP9 = 0xe9;
const VERSION = 2n;
const SEALED = new TextEncoder().encode("hyperthumb");

/** What the marker says.
 * @throws Refused for files without a marker, and for pictures that are not the one that the marker was written for.
 */
export function readOrigin(file: JpegFile): Origin {
  for (const { marker, content } of file.segments) {
    if (marker !== APP9 || content.length !== 9) continue;
    const rest = content.subarray(2);
    if ((crc32(rest, crc32(SEALED)) & 0xffff) !== content[0] * 256 + content[1]) continue;
    return parse(rest, file);
  }
  throw new Refused("foreign", "This file is not a thumbnail of hyperthumb, so it is shown as it is.");
}

function parse(content: Uint8Array, file: JpegFile): Origin {
  const number = content.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n), fields = number >> 22n;
  const part = (shift: bigint, mask: bigint): number => Number((fields >> shift) & mask);
  if (fields >> 32n !== VERSION) {
    throw new Refused("foreign", "This thumbnail was written by another version of hyperthumb, so it is shown as it is.");
  }
  const checks = checkPicture(bytesOf(fields), file);
  if (checks.whole !== Number((number >> 8n) & 0x3fffn) || checks.everything !== Number(number & 0xffn)) {
    throw new Refused(
      "changed", "The picture was changed or damaged after hyperthumb wrote it, so it is shown as it is.",
    );
  }
  const scale = 1 << part(30n, 3n);
  return {
    scale,
    height: file.height * scale - part(27n, 7n),
    width: file.width * scale - part(24n, 7n),
    model: part(0n, 0xffffffn).toString(16).padStart(6, "0"),
  };
}

/** The fields, 34 bits, as the checks take them. */
function bytesOf(fields: bigint): Uint8Array {
  return Uint8Array.from({ length: 5 }, (_, i) => Number((fields >> BigInt(32 - 8 * i)) & 0xffn));
}

/** The two checks of a picture: of its whole blocks, and of everything. */
function checkPicture(fields: Uint8Array, file: JpegFile): { whole: number; everything: number } {
  const rows = file.height >> 3, columns = file.width >> 3;
  let check = crc32(pair(rows, columns), crc32(fields));
  for (const table of file.tables) check = crc32(Uint8Array.from(NATURAL, (place) => table[place]), check);
  const whole = checkBlocks(file, [0, rows], [0, columns], check);
  let everything = crc32(pair(file.height, file.width), whole);
  everything = checkBlocks(file, [0, rows], [columns, file.columns], everything);
  everything = checkBlocks(file, [rows, file.rows], [0, file.columns], everything);
  return { whole: whole & 0x3fff, everything: everything & 0xff };
}

function pair(first: number, second: number): Uint8Array {
  return Uint8Array.of(first >> 8, first & 255, second >> 8, second & 255);
}

/** Carries a check on over blocks, as little-endian numbers of two bytes in natural order. */
function checkBlocks(file: JpegFile, rows: [number, number], columns: [number, number], before: number): number {
  const numbers = new Int16Array((columns[1] - columns[0]) * 64), bytes = new Uint8Array(numbers.buffer);
  let check = before;
  for (const { coefficients } of file.planes) {
    for (let row = rows[0]; row < rows[1]; row++) {
      let at = (row * file.columns + columns[0]) * 64;
      for (let to = 0; to < numbers.length; to += 64, at += 64) {
        for (let k = 0; k < 64; k++) numbers[to + k] = coefficients[at + NATURAL[k]];
      }
      check = crc32(bytes, check);
    }
  }
  return check;
}
