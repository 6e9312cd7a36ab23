import type { JpegFile } from "../jpeg/reader";

const NAME = new TextEncoder().encode("ICC_PROFILE\0");

/** The color profile of a thumbnail, out of its APP2 segments (ICC.1, annex B.4); none where it is missing or not whole. */
export function colorProfile(file: JpegFile): Uint8Array | undefined {
  const parts = file.segments
    .filter(({ marker, content }) => marker === 0xe2 && NAME.every((byte, i) => content[i] === byte))
    .map(({ content }) => ({ number: content[12], count: content[13], data: content.subarray(14) }))
    .sort((a, b) => a.number - b.number);
  const isWhole = parts.length > 0 && parts.every(({ number, count }, i) => number === i + 1 && count === parts.length);
  if (!isWhole) return undefined;
  const profile = new Uint8Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let place = 0;
  for (const { data } of parts) {
    profile.set(data, place);
    place += data.length;
  }
  return profile;
}
