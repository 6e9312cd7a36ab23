/** The worker: answers the page's questions one after the other, so that what is in view comes first. */
import { Refused } from "../jpeg/errors";
import { readOrigin } from "../jpeg/marker";
import { isTurned } from "../jpeg/orientation";
import { readJpeg } from "../jpeg/reader";
import { Failed, type Answer, type ModelEntry, type Opened, type Question, type Refusal, type Sent } from "../protocol";
import { Decoder } from "./decoder";
import { Photograph } from "./photograph";
import { fetchWhole, loadRuntime, type Runtime } from "./runtime";

/** Milliseconds for which the worker practises. */
const PRACTICE = 1000;

type Asked = Question & { number: number };

let models: Record<string, ModelEntry> = {};
let startRuntime: () => Promise<Runtime> = () => Promise.reject(new Error("not configured"));
let runtime: Promise<Runtime> | undefined;
const decoders = new Map<string, Promise<Decoder>>();
let current: Photograph | undefined;

const queue: Asked[] = [];
let working: Promise<void> | undefined; // undefined where nothing is asked

self.onmessage = ({ data }: MessageEvent<Sent>): void => {
  if (data.ask === "cancel") {
    const at = queue.findIndex((asked) => asked.number === data.number);
    if (at >= 0) queue.splice(at, 1);
    return;
  }
  queue.push(data);
  working ??= work().finally(() => (working = undefined));
};

async function work(): Promise<void> {
  for (let asked = queue.shift(); asked; asked = queue.shift()) {
    const answered = answerOrComplain(asked);
    // A whole picture and the runtime take long: what is in view is made in between.
    if (asked.ask !== "png" && asked.ask !== "warm") await answered;
    await hearMessages();
  }
}

/** Lets cancellations that came in meanwhile be heard. setTimeout would wait for 4 ms. */
function hearMessages(): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(undefined);
  }).finally(() => port1.close());
}

/** Waits until nothing else is asked. Runs of the decoder alone never let a message in. */
async function ourTurn(): Promise<void> {
  do {
    await hearMessages();
    await working;
  } while (working);
}

async function answerOrComplain(asked: Asked): Promise<void> {
  const { number } = asked;
  try {
    const result = await answer(asked);
    const bitmap = (result as { bitmap?: ImageBitmap } | undefined)?.bitmap;
    send({ number, result }, bitmap ? [bitmap] : []);
  } catch (error) {
    const failure = error instanceof Failed ? error.failure : undefined;
    send({ number, error: error instanceof Error ? error.message : String(error), failure });
  }
}

function send(message: Answer, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer });
}

async function answer(asked: Asked): Promise<unknown> {
  switch (asked.ask) {
    case "configure":
      models = asked.models;
      startRuntime = () => loadRuntime(asked.engine, asked.threads);
      return undefined;
    case "warm":
      return warm(asked.model, asked.url);
    case "open":
      current?.close();
      current = undefined;
      return open(asked.url);
    case "tile":
      if (!current) throw new Error("No picture is open.");
      return asked.layer === "restored" ? current.restored(asked.level, asked.x, asked.y) : current.enlarged(asked.level, asked.x, asked.y);
    case "png":
      if (!current) throw new Error("No picture is open.");
      return current.png((progress) => send({ number: asked.number, progress }), ourTurn);
  }
}

async function open(url: string): Promise<Opened | Refusal> {
  const data = await (await fetchWhole(url)).arrayBuffer();
  try {
    current = read(data);
    void decoderOf(current.origin.model).catch(() => undefined);
    return { grid: current.grid, bytes: data.byteLength, model: models[current.origin.model].name };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { refused: error.message, kind: error.kind, bytes: data.byteLength };
  }
}

function read(data: ArrayBuffer): Photograph {
  const file = readJpeg(new Uint8Array(data)), origin = readOrigin(file), model = models[origin.model];
  if (!model) {
    throw new Refused("foreign", `This thumbnail needs the model ${origin.model}, which this site does not have.`);
  }
  if (isTurned(file)) throw new Refused("changed", "Its EXIF data turn this thumbnail, so it is shown as it is, not restored.");
  if (model.scale !== origin.scale) throw new Refused("foreign", "The thumbnail's scale is not that of its model.");
  return new Photograph(file, origin, model, new Blob([data]), () => decoderOf(origin.model));
}

/** Opens a photograph and restores a tile of it again and again, for nothing: a browser compiles well only what was called
 * often. A visitor who opens a photograph ends it.
 * @returns the addresses of all files that were loaded.
 */
async function warm(id: string, url: string): Promise<string[]> {
  const [response] = await Promise.all([fetchWhole(url), decoderOf(id)]), data = await response.arrayBuffer();
  for (const start = performance.now(); !current && performance.now() - start < PRACTICE; ) {
    const photograph = read(data);
    await photograph.restored(photograph.grid.top, 0, 0);
  }
  return performance.getEntriesByType("resource").map(({ name }) => name);
}

/** A model's decoder, loaded once; a failed load may be tried again. */
function decoderOf(id: string): Promise<Decoder> {
  const known = decoders.get(id);
  if (known) return known;
  runtime ??= startRuntime();
  const loading = runtime.then((ready) => Decoder.load(ready, models[id].decoder));
  decoders.set(id, loading);
  loading.catch(() => {
    decoders.delete(id);
    runtime = undefined;
  });
  return loading;
}
