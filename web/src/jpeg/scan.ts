import { BitReader, type HuffmanTable } from "./bits";
import { damaged } from "./errors";

/** A plane of quantized coefficients: 64 a block, in zig-zag order, blocks by rows. */
export interface Plane {
  identifier: number;
  table: number;
  coefficients: Int16Array;
}

/** What a scan header says (T.81, B.2.3). */
export interface Scan {
  parts: { plane: Plane; dc: HuffmanTable | undefined; ac: HuffmanTable | undefined }[];
  first: number;
  last: number;
  high: number; // the bit position that earlier scans reached; 0 in a first scan
  low: number;
}

type Part = Scan["parts"][number];

/** Decodes one scan into its planes.
 * @param blocks of each plane; all planes have the same sampling.
 * @param interval blocks between restart markers; 0 without.
 * @returns where the scan's data end, or a little before.
 */
export function decodeScan(
  data: Uint8Array, position: number, scan: Scan, progressive: boolean, blocks: number, interval: number,
): number {
  const bits = new BitReader(data, position);
  const state = new ScanState(bits, scan);
  const decode = progressive ? progressiveDecoder(state, scan) : (part: Part, index: number, at: number) =>
    state.sequential(part, index, at);
  for (let block = 0; block < blocks; block++) {
    if (interval && block && block % interval === 0) {
      bits.restart((block / interval - 1) & 7);
      state.reset();
    }
    for (let index = 0; index < scan.parts.length; index++) decode(scan.parts[index], index, block * 64);
    bits.check();
  }
  return bits.position;
}

function progressiveDecoder(state: ScanState, scan: Scan): (part: Part, index: number, at: number) => void {
  if (scan.first === 0) {
    return scan.high ? (part, _, at) => state.refineDc(part, at) : (part, index, at) => state.firstDc(part, index, at);
  }
  return scan.high ? (part, _, at) => state.refineAc(part, at) : (part, _, at) => state.firstAc(part, at);
}

/** What a scan carries from block to block. */
class ScanState {
  private predictions = [0, 0, 0];
  private run = 0; // blocks that still have nothing new (T.81, G.1.2.2: EOBRUN)

  constructor(private readonly bits: BitReader, private readonly scan: Scan) {}

  reset(): void {
    this.predictions = [0, 0, 0];
    this.run = 0;
  }

  sequential(part: Part, index: number, at: number): void {
    const { bits } = this, { coefficients } = part.plane, ac = part.ac!;
    coefficients[at] = this.nextDc(part, index);
    for (let k = 1; k < 64; k++) {
      const symbol = bits.decode(ac), size = symbol & 15;
      if (size === 0) {
        if (symbol !== 0xf0) return;
        k += 15;
        continue;
      }
      k += symbol >> 4;
      if (k > 63) throw damaged("a block has too many coefficients");
      coefficients[at + k] = bits.readSigned(size);
    }
  }

  firstDc(part: Part, index: number, at: number): void {
    part.plane.coefficients[at] = this.nextDc(part, index) << this.scan.low;
  }

  refineDc(part: Part, at: number): void {
    part.plane.coefficients[at] |= this.bits.read(1) << this.scan.low;
  }

  firstAc(part: Part, at: number): void {
    if (this.run) {
      this.run--;
      return;
    }
    const { bits } = this, { coefficients } = part.plane, { last, low } = this.scan;
    for (let k = this.scan.first; k <= last; k++) {
      const symbol = bits.decode(part.ac!), zeros = symbol >> 4, size = symbol & 15;
      if (size === 0 && zeros < 15) {
        this.run = (1 << zeros) - 1 + bits.read(zeros);
        return;
      }
      k += zeros;
      if (size === 0) continue;
      if (k > last) throw damaged("a block has too many coefficients");
      coefficients[at + k] = bits.readSigned(size) * (1 << low);
    }
  }

  /** T.81, G.1.2.3: one more bit of each coefficient that is not zero, and new ones of size one in between. */
  refineAc(part: Part, at: number): void {
    const { bits } = this, { last, low } = this.scan, { coefficients } = part.plane;
    let k = this.scan.first;
    while (!this.run && k <= last) {
      const symbol = bits.decode(part.ac!), size = symbol & 15;
      let zeros = symbol >> 4, value = 0;
      if (size > 1) throw damaged("a refined coefficient has more than one bit");
      if (size) value = bits.read(1) ? 1 << low : -(1 << low);
      else if (zeros < 15) {
        this.run = (1 << zeros) + bits.read(zeros);
        break;
      }
      for (; k <= last; k++) {
        if (coefficients[at + k]) this.refine(coefficients, at + k);
        else if (zeros-- === 0) break;
      }
      if (value) {
        if (k > last) throw damaged("a block has too many coefficients");
        coefficients[at + k] = value;
      }
      k++;
    }
    if (!this.run) return;
    for (; k <= last; k++) if (coefficients[at + k]) this.refine(coefficients, at + k);
    this.run--;
  }

  private refine(coefficients: Int16Array, at: number): void {
    if (!this.bits.read(1)) return;
    const bit = 1 << this.scan.low, value = coefficients[at];
    if (!(Math.abs(value) & bit)) coefficients[at] = value > 0 ? value + bit : value - bit;
  }

  private nextDc(part: Part, index: number): number {
    const size = this.bits.decode(part.dc!);
    if (size > 15) throw damaged("a coefficient has too many bits");
    return (this.predictions[index] += this.bits.readSigned(size));
  }
}
