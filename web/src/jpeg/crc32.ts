/** CRCs of a byte with 0 to 3 zero bytes behind it. */
const TABLES = Array.from({ length: 4 }, () => new Uint32Array(256));
for (let index = 0; index < 256; index++) {
  let value = index;
  for (const table of TABLES) {
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    table[index] = value;
  }
}
const [ONE, TWO, THREE, FOUR] = TABLES;

/** The CRC-32 of zlib and PNG; `before` is that of the data that come first. Takes four bytes at a time. */
export function crc32(data: Uint8Array, before = 0): number {
  const fours = data.length & ~3;
  let crc = ~before, i = 0;
  for (; i < fours; i += 4) {
    crc ^= data[i] | (data[i + 1] << 8) | (data[i + 2] << 16) | (data[i + 3] << 24);
    crc = FOUR[crc & 255] ^ THREE[(crc >>> 8) & 255] ^ TWO[(crc >>> 16) & 255] ^ ONE[crc >>> 24];
  }
  for (; i < data.length; i++) crc = (crc >>> 8) ^ ONE[(crc ^ data[i]) & 255];
  return ~crc >>> 0;
}
