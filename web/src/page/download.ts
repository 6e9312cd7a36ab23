/** The restored picture as a PNG file. */
import type { Client } from "./client";
import { element } from "./elements";
import { Failed } from "../protocol";
import { leftPng, MAKING, NO_PNG, note, remedy } from "./sentences";
import type { Viewer } from "./viewer";

export async function download(viewer: Viewer, client: Client): Promise<void> {
  if (viewer.reason !== undefined) {
    viewer.say(viewer.reason);
    return;
  }
  const { visit } = viewer, name = element("name").textContent ?? "photograph";
  const position = element("position"), before = position.textContent;
  viewer.allow(MAKING);
  viewer.say(MAKING);
  try {
    const blob = await client.ask<Blob>({ ask: "png" }, (part) => {
      if (viewer.visit === visit) position.textContent = `PNG ${Math.round(100 * part)} %`;
    }).answer;
    performance.mark("png");
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name.replace(/\.\w+$/, "")}.png`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch (error) {
    note("PNG", error);
    const failure = error instanceof Failed ? error.failure : undefined;
    viewer.say(viewer.visit === visit ? NO_PNG + remedy(failure, "the decoder") : leftPng(name));
  }
  if (viewer.visit !== visit) return;
  position.textContent = before;
  if (viewer.reason === MAKING) viewer.allow();
}
