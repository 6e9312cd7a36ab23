/** Writes PNG files row by row, with the color profile of the thumbnail: a canvas would lose it. */
import { crc32 } from "../jpeg/crc32";
import type { Pixels } from "./decoder";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** A PNG file out of strips, each as wide as the picture, from top to bottom.
 * @param profile an ICC profile, or none.
 */
export async function writePng(
  width: number, height: number, strips: AsyncIterable<Pixels> | Iterable<Pixels>, profile: Uint8Array | undefined,
): Promise<Blob> {
  const header = new Uint8Array(13), view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2], 8); // 8 bits, RGB
  const parts = [SIGNATURE, chunk("IHDR", header)];
  if (profile) parts.push(chunk("iCCP", join([new TextEncoder().encode("ICC"), new Uint8Array(2), await pack(profile)])));
  const packer = new CompressionStream("deflate"), writer = packer.writable.getWriter();
  const packed = new Response(packer.readable).arrayBuffer();
  let before: Uint8Array = new Uint8Array(width * 3);
  for await (const strip of strips) {
    await writer.write(filter(strip, before));
    before = strip.data.slice(-width * 3);
  }
  await writer.close();
  parts.push(chunk("IDAT", new Uint8Array(await packed)), chunk("IEND", new Uint8Array(0)));
  return new Blob(parts as BlobPart[], { type: "image/png" });
}

/** Each row less the one above it (filter 2), which packs better. */
function filter(strip: Pixels, before: Uint8Array): Uint8Array<ArrayBuffer> {
  const stride = strip.width * 3, { data } = strip, filtered = new Uint8Array((stride + 1) * strip.height);
  for (let row = 0, to = 0; row < strip.height; row++) {
    filtered[to++] = 2;
    const above = row ? data.subarray((row - 1) * stride, row * stride) : before;
    for (let i = 0, from = row * stride; i < stride; i++) filtered[to++] = data[from + i] - above[i];
  }
  return filtered;
}

function chunk(name: string, content: Uint8Array): Uint8Array {
  const body = join([new TextEncoder().encode(name), content]);
  const bytes = new Uint8Array(body.length + 8), view = new DataView(bytes.buffer);
  view.setUint32(0, content.length);
  bytes.set(body, 4);
  view.setUint32(body.length + 4, crc32(body));
  return bytes;
}

async function pack(data: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([data as BlobPart]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function join(parts: Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    joined.set(part, place);
    place += part.length;
  }
  return joined;
}
