/** What a visitor is told when something is wrong, and what the page shows instead. Details are for the console. */
import type { Refusal } from "../protocol";

/** Why a file is shown as it is. */
export const AS_IT_IS: Record<Refusal["kind"], string> = {
  foreign: "This picture was not made for this gallery, so its details cannot be restored. You see the file as it is.",
  changed: "This picture was changed or damaged after the gallery was made, so its details cannot be restored. You see the file as it is.",
  damaged: "This picture’s file is damaged, so its details cannot be restored. You see what can be read of it.",
};
export const BROKEN = "This picture’s file is damaged and cannot be shown.";
export const MISSING = "This picture’s file cannot be loaded. Check the connection, then open the picture again.";
export const KEPT =
  "This picture’s file cannot be loaded, so its details cannot be restored. You see the small picture that the browser has kept. Check the connection, then open the picture again.";
export const UNRESTORED =
  "The details of this picture cannot be restored now. You see the small picture, enlarged. Check the connection, then reload the page.";

/** Why there is nothing to compare and to download. */
export const OPENING = "This picture is still being opened. Then you can download it and compare it.";
export const NOTHING = "This picture is not restored, so there is nothing to compare and to download.";
export const MAKING = "The PNG file is being made.";
export const NO_PNG = "The PNG file cannot be made. Check the connection, then reload the page.";

/** Of a download that ended because the visitor went on. */
export function leftPng(name: string): string {
  return `The PNG file of “${name}” was not finished, because you left the picture.`;
}

/** For the site's owner, who looks at the console. */
export function note(what: string, error: unknown): void {
  console.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
}
