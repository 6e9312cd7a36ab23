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
  /** Photographs that are left out, because their entries make no sense. */
  unread: number;
}

/** An error whose message is for visitors. */
export class Complaint extends Error {}

const NUMBERS = ["bytes", "width", "height", "thumbnail_width", "thumbnail_height", "bpp"] as const;

/** @throws Complaint when the index is missing or makes no sense. */
export async function loadIndex(): Promise<Index> {
  const response = await fetch("index.json", { cache: "no-cache" }).catch(() => undefined);
  if (!response?.ok) throw new Complaint("The list of this gallery’s photographs cannot be loaded. Check the connection, then reload the page.");
  const index = (await response.json().catch(() => null)) as (Partial<Index> & { format?: number }) | null;
  if (index?.format !== 1 || !Array.isArray(index.photographs) || typeof index.models !== "object") {
    throw new Complaint("The list of this gallery’s photographs is damaged, so no photographs can be shown. Tell the gallery’s owner to make it again.");
  }
  const models = Object.fromEntries(Object.entries(index.models ?? {}).filter(([, model]) => isInside(model?.decoder)));
  for (const model of Object.values(models)) model.decoder = versioned(model.decoder, model.bytes);
  const photographs = index.photographs.filter(isEntry), unread = index.photographs.length - photographs.length;
  return { title: String(index.title ?? "Photographs"), models, photographs, unread };
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

function isEntry(entry: Entry | null): boolean {
  const isNamed = typeof entry?.name === "string" && isInside(entry.thumbnail) && entry.original_bytes >= 0;
  return isNamed && NUMBERS.every((key) => entry[key] > 0 && Number.isFinite(entry[key]));
}

/** Whether a path stays inside the site. */
function isInside(path: unknown): boolean {
  return typeof path === "string" && !/^[/\\]|[:\\]|(^|\/)\.\.(\/|$)/.test(path);
}
