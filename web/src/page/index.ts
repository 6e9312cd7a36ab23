/** The site's index: what `hyperthumb gallery` writes, checked before anything of it is used. */
import { failureOf, type ModelEntry } from "../protocol";
import { DAMAGED_LIST, NO_LIST, OLD_PAGE, remedy } from "./sentences";

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
  digest?: string;
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

/** Of the index, as this page reads it. */
const FORMAT = 1;
const NUMBERS = ["bytes", "width", "height", "thumbnail_width", "thumbnail_height", "bpp"] as const;

/** @throws Complaint when the index is missing or makes no sense. */
export async function loadIndex(): Promise<Index> {
  const response = await fetch("index.json", { cache: "no-cache" }).catch(() => undefined);
  if (!response?.ok) throw new Complaint(NO_LIST + remedy(response ? failureOf(response.status) : "connection", "it"));
  const index = (await response.json().catch(() => null)) as (Partial<Index> & { format?: number }) | null;
  if (Number(index?.format) > FORMAT) throw new Complaint(OLD_PAGE);
  if (index?.format !== FORMAT || !Array.isArray(index.photographs) || typeof index.models !== "object") {
    throw new Complaint(DAMAGED_LIST);
  }
  const models = Object.fromEntries(Object.entries(index.models ?? {}).filter(([, model]) => isInside(model?.decoder)));
  for (const model of Object.values(models)) model.decoder = versioned(model.decoder, model.digest);
  const photographs = index.photographs.filter(isEntry);
  for (const entry of photographs) entry.name = entry.name.replace(/\p{Surrogate}/gu, "\ufffd"); // no address can hold these
  const unread = index.photographs.length - photographs.length;
  return { title: String(index.title ?? "Photographs"), models, photographs, unread };
}

/** Where a photograph's thumbnail is. */
export function addressOf({ thumbnail, digest }: Entry): string {
  return versioned(thumbnail, digest);
}

/** The place of the photograph that a part of an address (`#NAME`) names, counted from 0. */
export function placeOf(hash: string, { photographs }: Index): number | undefined {
  const name = nameIn(hash), place = photographs.findIndex((entry) => entry.name === name);
  return place >= 0 ? place : undefined;
}

/** The part of an address that names a photograph: it stays the same when the gallery grows. */
export function hashOf({ name }: Entry): string {
  return `#${encodeURIComponent(name)}`;
}

/** The name in a part of an address. */
export function nameIn(hash: string): string {
  const name = hash.slice(1);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** An address that changes with the file, so that a copy in the browser's cache is never an old one. The service worker
 * keeps files with a digest only. */
function versioned(path: string, digest = ""): string {
  const address = new URL(path.split("/").map(encodeURIComponent).join("/"), document.baseURI);
  address.search = digest;
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
