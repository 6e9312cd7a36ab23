import { damaged } from "./errors";

/** Reads the bits of entropy-coded data (ITU-T T.81, F.2.2.5), up to the next marker. */
export class BitReader {
  private hold = 0; // the next bits, from the top
  private count = 0; // how many of them
  private filled = 0; // how many of them are zeros that stand for data beyond the end

  constructor(private readonly data: Uint8Array, public position: number) {}

  /** Makes sure that at least 25 bits are at hand; behind the end they are zeros. */
  private fill(): void {
    while (this.count <= 24) {
      let byte = this.position < this.data.length ? this.data[this.position] : 0xff;
      if (byte !== 0xff) {
        this.position++;
      } else if (this.position + 1 < this.data.length && this.data[this.position + 1] === 0) {
        this.position += 2;
      } else {
        byte = 0;
        this.filled += 8;
      }
      this.hold |= byte << (24 - this.count);
      this.count += 8;
    }
  }

  /** The next number of `length` bits, 0 to 16. */
  read(length: number): number {
    if (length === 0) return 0;
    if (this.count < 16) this.fill();
    const value = this.hold >>> (32 - length);
    this.hold <<= length;
    this.count -= length;
    return value;
  }

  /** The next signed number of `length` bits (T.81, F.2.2.1: EXTEND). */
  readSigned(length: number): number {
    const value = this.read(length);
    return length && value < 1 << (length - 1) ? value - (1 << length) + 1 : value;
  }

  /** The symbol of the next code. */
  decode(table: HuffmanTable): number {
    if (this.count < 16) this.fill();
    const entry = table.quick[this.hold >>> 23];
    if (entry) {
      this.hold <<= entry >> 8;
      this.count -= entry >> 8;
      return entry & 255;
    }
    for (let length = 10; length <= 16; length++) {
      const code = this.hold >>> (32 - length);
      if (code < table.ends[length]) {
        this.hold <<= length;
        this.count -= length;
        return table.symbols[code + table.offsets[length]];
      }
    }
    throw damaged("a code in its data means nothing");
  }

  /** Raises when more was read than there is. */
  check(): void {
    if (this.filled && this.count < this.filled) throw damaged("its data end too early");
  }

  /** Goes on behind the restart marker that must follow. */
  restart(number: number): void {
    this.check();
    const { data, position } = this;
    if (data[position] !== 0xff || data[position + 1] !== 0xd0 + number) throw damaged("a restart marker is missing");
    this.position = position + 2;
    this.hold = this.count = this.filled = 0;
  }
}

/** A table of codes (T.81, annex C), as a decoder wants it. */
export interface HuffmanTable {
  /** By the next 9 bits: length << 8 | symbol, or 0 where the code is longer. */
  quick: Uint16Array;
  /** By length: the first number that is not a code of this length. */
  ends: Int32Array;
  /** By length: what to add to a code for its place in `symbols`. */
  offsets: Int32Array;
  symbols: Uint8Array;
}

/** The table of a DHT segment: 16 counts, and the symbols in the order of their codes. */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const quick = new Uint16Array(512), ends = new Int32Array(17), offsets = new Int32Array(17);
  let code = 0, place = 0;
  for (let length = 1; length <= 16; length++) {
    const count = counts[length - 1];
    if (code + count > 1 << length) throw damaged("a Huffman table has too many codes");
    offsets[length] = place - code;
    for (let i = 0; i < count; i++, code++, place++) {
      if (length <= 9) quick.fill((length << 8) | symbols[place], code << (9 - length), (code + 1) << (9 - length));
    }
    ends[length] = count ? code : 0;
    code <<= 1;
  }
  return { quick, ends, offsets, symbols };
}
