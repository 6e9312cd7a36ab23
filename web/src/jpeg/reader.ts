/** Reads the quantized coefficients of a JPEG file: baseline and progressive, three planes of the same size (4:4:4).
 *
 * Files of other kinds are refused, and damaged ones: nothing is guessed. Time and memory grow with the file's size at
 * most: a picture that the data cannot fill is refused before memory is taken.
 */
import { huffmanTable, type HuffmanTable } from "./bits";
import { damaged, Refused } from "./errors";
import { decodeScan, type Plane, type Scan } from "./scan";

/** Pixels of the largest thumbnail that is read: 300 MB of coefficients. */
export const MAX_PIXELS = 50_000_000;
const MAX_SCANS = 100;

export interface JpegFile {
  width: number;
  height: number;
  /** Blocks in a row, and rows of blocks. */
  columns: number;
  rows: number;
  /** Y, Cb, Cr. */
  planes: Plane[];
  /** Steps of luma and chroma, 64 each in zig-zag order. */
  tables: [Uint8Array, Uint8Array];
  /** Application segments: the last byte of the marker, and the content. */
  segments: { marker: number; content: Uint8Array }[];
}

interface Frame {
  progressive: boolean;
  width: number;
  height: number;
  planes: Plane[];
}

/** Reads a file.
 * @throws Refused with kind `foreign` for other JPEGs, `damaged` for anything else.
 */
export function readJpeg(data: Uint8Array): JpegFile {
  const reader = new Reader(data);
  reader.readSegments();
  return reader.result();
}

class Reader {
  private position = 2;
  private frame: Frame | undefined;
  private interval = 0;
  private scans = 0;
  private readonly quantization: (Uint8Array | undefined)[] = [];
  private readonly huffman: (HuffmanTable | undefined)[] = []; // 0 to 3 for DC, 16 to 19 for AC
  private readonly segments: JpegFile["segments"] = [];

  constructor(private readonly data: Uint8Array) {
    if (data.length < 4 || data[0] !== 0xff || data[1] !== 0xd8) throw damaged("it is not a JPEG file");
  }

  readSegments(): void {
    for (;;) {
      const marker = this.nextMarker();
      if (marker === 0xd9) return;
      const length = this.data[this.position] * 256 + this.data[this.position + 1];
      const end = this.position + length;
      if (!(length >= 2) || end > this.data.length) throw damaged("a segment does not end");
      const content = this.data.subarray(this.position + 2, end);
      this.position = end;
      this.readSegment(marker, content);
    }
  }

  result(): JpegFile {
    const { frame } = this;
    if (!frame || !this.scans) throw damaged("it has no picture");
    const tables = frame.planes.map((plane) => this.quantization[plane.table]);
    const [luma, blue, red] = tables;
    if (!luma || !blue || !red) throw damaged("a quantization table is missing");
    if (blue.some((step, k) => step !== red[k])) throw new Refused("foreign", "Its two color planes differ in their tables.");
    const { width, height, planes } = frame;
    return {
      width, height, planes, segments: this.segments, tables: [luma, blue],
      columns: Math.ceil(width / 8), rows: Math.ceil(height / 8),
    };
  }

  /** The last byte of the next marker; what is left of a scan's data is passed over. */
  private nextMarker(): number {
    const { data } = this;
    while (this.position + 1 < data.length) {
      const byte = data[this.position + 1];
      if (data[this.position] === 0xff && byte !== 0 && byte !== 0xff && !(byte >= 0xd0 && byte <= 0xd7)) {
        this.position += 2;
        return byte;
      }
      this.position++;
    }
    throw damaged("it ends before its end marker");
  }

  private readSegment(marker: number, content: Uint8Array): void {
    if (marker === 0xc4) this.readHuffman(content);
    else if (marker === 0xdb) this.readQuantization(content);
    else if (marker >= 0xc0 && marker <= 0xcf) this.readFrame(marker, content);
    else if (marker === 0xda) this.readScan(content);
    else if (marker === 0xdd) {
      if (content.length !== 2) throw damaged("its restart interval is not a number");
      this.interval = content[0] * 256 + content[1];
    } else if (marker >= 0xe0 && marker <= 0xef) this.segments.push({ marker, content });
    else if (marker !== 0xfe) throw damaged("it has a segment of an unknown kind");
  }

  private readHuffman(content: Uint8Array): void {
    for (let place = 0; place < content.length; ) {
      const number = content[place], counts = content.subarray(place + 1, place + 17);
      const symbols = counts.reduce((sum, count) => sum + count, 0), end = place + 17 + symbols;
      if (number & 0xec || symbols > 256 || end > content.length) throw damaged("a Huffman table does not end");
      this.huffman[number] = huffmanTable(counts, content.slice(place + 17, end));
      place = end;
    }
  }

  private readQuantization(content: Uint8Array): void {
    for (let place = 0; place < content.length; place += 65) {
      const number = content[place], steps = content.slice(place + 1, place + 65);
      if (number >> 4) throw new Refused("foreign", "Its quantization tables are of 16 bits.");
      if (number > 3 || steps.length < 64 || steps.includes(0)) throw damaged("a quantization table makes no sense");
      this.quantization[number] = steps;
    }
  }

  private readFrame(marker: number, content: Uint8Array): void {
    if (this.frame) throw damaged("it has several pictures");
    if (marker > 0xc2) throw new Refused("foreign", "It is a JPEG of a rare kind (lossless or arithmetic-coded).");
    const count = content[5];
    if (content.length < 6 || content.length !== 6 + 3 * count) throw damaged("its header makes no sense");
    if (content[0] !== 8 || count !== 3) throw new Refused("foreign", "It has other than three planes of 8 bits.");
    const height = content[1] * 256 + content[2], width = content[3] * 256 + content[4];
    if (!width || !height) throw damaged("it has no size");
    const entries = [6, 9, 12].map((place) => content.subarray(place, place + 3));
    if (entries.some((entry) => entry[1] !== 0x11)) throw new Refused("foreign", "Its colors are subsampled.");
    const blocks = Math.ceil(width / 8) * Math.ceil(height / 8);
    if (width * height > MAX_PIXELS) throw new Refused("foreign", `A picture of ${width}x${height} is too large to restore here.`);
    if (blocks * 3 > 8 * this.data.length) throw damaged(`${this.data.length} bytes cannot hold ${width}x${height} pixels`);
    const planes = entries.map(([identifier, , table]) => {
      if (table > 3) throw damaged("a plane names a table that cannot be");
      return { identifier, table, coefficients: new Int16Array(blocks * 64) };
    });
    if (new Set(planes.map((plane) => plane.identifier)).size < 3) throw damaged("two planes have the same name");
    this.frame = { progressive: marker === 0xc2, width, height, planes };
  }

  private readScan(content: Uint8Array): void {
    const { frame } = this, count = content[0];
    if (!frame) throw damaged("a scan stands before the header");
    if (++this.scans > MAX_SCANS) throw damaged(`it has more than ${MAX_SCANS} scans`);
    if (!(count >= 1 && count <= 3) || content.length !== 4 + 2 * count) throw damaged("a scan header makes no sense");
    const parts = Array.from({ length: count }, (_, i) => {
      const plane = frame.planes.find((each) => each.identifier === content[1 + 2 * i]);
      if (!plane) throw damaged("a scan names a plane that is not there");
      const tables = content[2 + 2 * i];
      return { plane, dc: this.huffman[tables >> 4], ac: this.huffman[16 + (tables & 15)] };
    });
    if (new Set(parts.map((part) => part.plane)).size < count) throw damaged("a scan names a plane twice");
    const [first, last, bits] = content.subarray(1 + 2 * count);
    const scan: Scan = { parts, first, last, high: bits >> 4, low: bits & 15 };
    checkScan(scan, frame.progressive);
    const blocks = Math.ceil(frame.width / 8) * Math.ceil(frame.height / 8);
    this.position = decodeScan(this.data, this.position, scan, frame.progressive, blocks, this.interval);
  }
}

function checkScan(scan: Scan, progressive: boolean): void {
  const { first, last, high, low, parts } = scan;
  const isWhole = first === 0 && last === 63 && high === 0 && low === 0;
  const isDc = first === 0 && last === 0, isAc = first > 0 && first <= last && last <= 63 && parts.length === 1;
  const isPart = (isDc || isAc) && low <= 13 && (high === 0 || high === low + 1);
  if (!(progressive ? isPart : isWhole)) throw damaged("a scan header makes no sense");
  const needsDc = progressive ? isDc && !high : true, needsAc = progressive ? isAc : true;
  for (const part of parts) {
    if ((needsDc && !part.dc) || (needsAc && !part.ac)) throw damaged("a Huffman table is missing");
  }
}
