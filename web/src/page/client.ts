import { Failed, type Answer, type Question, type Sent } from "../protocol";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  report: ((progress: number) => void) | undefined;
}

/** Asks the worker. */
export class Client {
  private readonly worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => this.hear(data);
    this.worker.onerror = () => this.waiting.forEach(({ reject }) => reject(new Error("The worker cannot be started.")));
  }

  /** @param report is told how much is done, 0 to 1, where the question takes long. */
  ask<Result>(question: Question, report?: (progress: number) => void): { answer: Promise<Result>; cancel(): void } {
    const number = ++this.last;
    const answer = new Promise<Result>((resolve, reject) => {
      this.waiting.set(number, { resolve: resolve as (value: unknown) => void, reject, report });
    });
    this.send({ ...question, number });
    const cancel = (): void => {
      if (this.waiting.delete(number)) this.send({ ask: "cancel", number });
    };
    return { answer, cancel };
  }

  private send(message: Sent): void {
    this.worker.postMessage(message);
  }

  private hear({ number, result, error, failure, progress }: Answer): void {
    const waiting = this.waiting.get(number);
    if (!waiting) {
      (result as { bitmap?: ImageBitmap } | undefined)?.bitmap?.close();
      return;
    }
    if (progress !== undefined) {
      waiting.report?.(progress);
      return;
    }
    this.waiting.delete(number);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new Failed(error, failure));
  }
}
