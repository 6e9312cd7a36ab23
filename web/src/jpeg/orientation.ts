import type { JpegFile } from "./reader";

const EXIF = new TextEncoder().encode("Exif\0\0");
const ORIENTATION = 0x0112;
const SHORT = 3;

/** Whether EXIF data tell browsers to turn or mirror the picture (Exif 3.0, tag 0x0112). */
export function isTurned(file: JpegFile): boolean {
  return file.segments.some(({ marker, content }) => {
    return marker === 0xe1 && EXIF.every((byte, i) => content[i] === byte) && readOrientation(content.subarray(EXIF.length)) > 1;
  });
}

/** The number from 1 to 8 that a TIFF header's first directory has; 1 where it has none. */
function readOrientation(tiff: Uint8Array): number {
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.byteLength);
  try {
    const isLittle = view.getUint16(0) === 0x4949, start = view.getUint32(4, isLittle), count = view.getUint16(start, isLittle);
    for (let at = start + 2; at < start + 2 + 12 * count; at += 12) {
      if (view.getUint16(at, isLittle) !== ORIENTATION || view.getUint16(at + 2, isLittle) !== SHORT) continue;
      const value = view.getUint16(at + 8, isLittle);
      return value <= 8 ? value : 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the directory does not end: browsers ignore it
  }
  return 1;
}
