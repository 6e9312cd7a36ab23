/** Why a file cannot be restored, in a sentence for the visitor. */
export class Refused extends Error {
  /** `foreign`: not written by hyperthumb; `changed`: written by it and changed since; `damaged`: not a whole JPEG. */
  constructor(readonly kind: "foreign" | "changed" | "damaged", message: string) {
    super(message);
  }
}

export function damaged(what: string): Refused {
  return new Refused("damaged", `The file is damaged: ${what}.`);
}
