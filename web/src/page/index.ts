/** The site's index: what `hyperthumb gallery` writes, checked before anything of it is used. */
import type { ModelEntry } from "../protocol";

export interface Entry {
  name: string;
  thumbnail: string;
  bytes: number;
  width: number;
  height: number;
  thumbnail_width: number;
  thumbnail_height: number;
  bpp: number;
  model: string;
  original_bytes: number;
}

export interface Index {
  title: string;
  models: Record<string, ModelEntry>;
  photographs: Entry[];
}

const NUMBERS = ["bytes", "width", "height", "thumbnail_width", "thumbnail_height", "bpp", "original_bytes"] as const;

/** @throws Error with a sentence, when the index is missing or makes no sense. */
export async function loadIndex(): Promise<Index> {
  const response = await fetch("index.json", { cache: "no-cache" }).catch(() => undefined);
  if (!response?.ok) throw new Error("The gallery's index.json cannot be loaded. Reload the page to try again.");
  const index = (await response.json().catch(() => ({}))) as Partial<Index> & { format?: number };
  if (index.format !== 1 || !Array.isArray(index.photographs) || typeof index.models !== "object") {
    throw new Error("The gallery's index.json is not one that this page can read. Make the gallery again.");
  }
  const models = Object.fromEntries(Object.entries(index.models).filter(([, model]) => isInside(model.decoder)));
  for (const model of Object.values(models)) model.decoder = versioned(model.decoder, model.bytes);
  return { title: String(index.title ?? "Photographs"), models, photographs: index.photographs.filter(isEntry) };
}

/** Where a photograph's thumbnail is. */
export function addressOf({ thumbnail, bytes, model }: Entry): string {
  return versioned(thumbnail, bytes, model);
}

/** An address that changes with the file, so that a copy in the browser's cache is never an old one. */
function versioned(path: string, bytes: number, model = ""): string {
  const address = new URL(path.split("/").map(encodeURIComponent).join("/"), document.baseURI);
  address.search = `${model}-${bytes}`;
  return address.href;
}

function isEntry(entry: Entry): boolean {
  return typeof entry.name === "string" && isInside(entry.thumbnail) && NUMBERS.every((key) => Number.isFinite(entry[key]));
}

/** Whether a path stays inside the site. */
function isInside(path: unknown): boolean {
  return typeof path === "string" && !/^[/\\]|[:\\]|(^|\/)\.\.(\/|$)/.test(path);
}
