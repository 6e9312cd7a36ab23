/** What page and worker say to each other. */
import type { Grid } from "./geometry";

export interface ModelEntry {
  name: string;
  decoder: string;
  scale: number;
  receptive_field: number;
  bytes: number;
  digest?: string;
}

export type Layer = "bicubic" | "restored";

/** What the worker can be asked; every question has a number, and gets an answer with it. */
export type Question =
  | { ask: "configure"; models: Record<string, ModelEntry>; engine: "webgpu" | "wasm" | "auto"; threads: number }
  | { ask: "warm"; model: string; url: string }
  | { ask: "open"; url: string }
  | { ask: "tile"; layer: Layer; level: number; x: number; y: number }
  | { ask: "png" };

export type Sent = (Question & { number: number }) | { ask: "cancel"; number: number };

export interface Opened {
  grid: Grid;
  bytes: number;
  model: string;
}

/** Why the picture is shown as it is. */
export interface Refusal {
  refused: string;
  /** Whether a browser could show the file all the same. */
  kind: "foreign" | "changed" | "damaged";
  bytes: number;
}

export interface TileAnswer {
  bitmap: ImageBitmap;
  /** Milliseconds that the decoder took; 0 where nothing was restored. */
  milliseconds: number;
  engine: string;
}

/** Why something cannot be had: the connection is gone, the server does not have a file, or a file is damaged. */
export type Failure = "connection" | "absent" | "broken";

export function failureOf(status: number): Failure | undefined {
  return status === 404 || status === 410 ? "absent" : undefined;
}

/** An error of which may be known why. */
export class Failed extends Error {
  constructor(message: string, readonly failure?: Failure) {
    super(message);
  }
}

export type Answer = { number: number; result?: unknown; error?: string; failure?: Failure | undefined; progress?: number };
