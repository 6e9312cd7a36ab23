/** What a visitor is told when something is wrong, and what the page shows instead. Details are for the console. */
import type { Failure, Refusal } from "../protocol";

/** Why a file is shown as it is. */
export const AS_IT_IS: Record<Refusal["kind"], string> = {
  foreign: "This picture was not made for this gallery, so its details cannot be restored. You see the file as it is.",
  changed: "This picture was changed or damaged after the gallery was made, so its details cannot be restored. You see the file as it is.",
  damaged: "This picture’s file is damaged, so its details cannot be restored. You see what can be read of it.",
};
export const BROKEN = "This picture’s file is damaged and cannot be shown.";
export const MISSING = "This picture’s file cannot be loaded. ";
export const KEPT =
  "This picture’s file cannot be loaded, so its details cannot be restored. You see the small picture that the browser has kept. ";
export const UNRESTORED = "The details of this picture cannot be restored now. You see the small picture, enlarged. ";

/** Why there are no photographs. */
export const NO_LIST = "The list of this gallery’s photographs cannot be loaded. ";
export const OLD_PAGE =
  "This page is older than the list of this gallery’s photographs, so it cannot read it. Reload the page. If that does not help, tell the gallery’s owner.";
export const DAMAGED_LIST =
  "The list of this gallery’s photographs is damaged, so no photographs can be shown. Tell the gallery’s owner to make it again.";

/** What a visitor can do where a file cannot be had.
 * @param what names the file.
 */
export function remedy(failure: Failure | undefined, what: string): string {
  if (failure === "connection") return "Check the connection, then reload the page.";
  if (failure === "absent") return `The server does not have ${what}. Tell the gallery’s owner.`;
  if (failure === "broken") return `The file of ${what} is damaged. Tell the gallery’s owner.`;
  return "Reload the page, or try again later.";
}

/** Why there is nothing to compare and to download. */
export const OPENING = "This picture is still being opened. Then you can download it and compare it.";
export const NOTHING = "This picture is not restored, so there is nothing to compare and to download.";
export const MAKING = "The PNG file is being made. Opening another picture ends it.";
export const NO_PNG = "The PNG file cannot be made. ";

/** Of a download that ended because the visitor went on. */
export function leftPng(name: string): string {
  return `The PNG file of “${name}” was not finished, because you left the picture.`;
}

/** For the site's owner, who looks at the console. */
export function note(what: string, error: unknown): void {
  console.warn(`${what}: ${error instanceof Error ? error.message : String(error)}`);
}
