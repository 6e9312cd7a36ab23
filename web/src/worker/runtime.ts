/** ONNX Runtime for the web: WebGPU where the browser has it, else WebAssembly, with threads where the page is isolated. */
import type * as Ort from "onnxruntime-web";
import { Failed, failureOf } from "../protocol";

export interface Runtime {
  ort: typeof Ort;
  provider: "webgpu" | "wasm";
  /** For people: "WebGPU" or "WebAssembly, 2 threads". */
  name: string;
}

const MOST_THREADS = 8;

/** Loads the runtime. Its WebAssembly is stored packed by gzip, so that any host sends few bytes.
 * @param engine `auto` takes WebGPU where it works.
 * @param threads at most; 0 for as many as there are processors.
 */
export async function loadRuntime(engine: "webgpu" | "wasm" | "auto", threads: number): Promise<Runtime> {
  if (engine !== "wasm" && (await hasWebGpu())) {
    const ort = await load("ort.jspi.min.js", "ort-wasm-simd-threaded.jspi", 1);
    return { ort, provider: "webgpu", name: "WebGPU" };
  }
  if (engine === "webgpu") throw new Error("This browser has no WebGPU that ONNX Runtime can use.");
  const most = self.crossOriginIsolated ? Math.min(navigator.hardwareConcurrency || 1, MOST_THREADS) : 1;
  const used = threads ? Math.min(threads, most) : most;
  const ort = await load("ort.wasm.min.js", "ort-wasm-simd-threaded", used);
  return { ort, provider: "wasm", name: `WebAssembly, ${used} thread${used === 1 ? "" : "s"}` };
}

/** WebGPU is taken only with JavaScript Promise Integration: that build of the runtime is half as large. */
async function hasWebGpu(): Promise<boolean> {
  const gpu = (navigator as { gpu?: { requestAdapter(): Promise<unknown> } }).gpu;
  if (!gpu || !("Suspending" in WebAssembly)) return false;
  return Boolean(await gpu.requestAdapter().catch(() => null));
}

async function load(script: string, binary: string, threads: number): Promise<typeof Ort> {
  const at = (name: string): string => new URL(`runtime/${name}`, import.meta.url).href;
  const importing = import(at(script)) as Promise<typeof Ort>;
  importing.catch(() => undefined); // where both fail, the other file says why
  const wasm = await unpack(at(`${binary}.wasm.packed`)), ort = await importing;
  ort.env.wasm.wasmBinary = wasm;
  ort.env.wasm.wasmPaths = { mjs: at(`${binary}.js`) };
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = "error";
  return ort;
}

async function unpack(url: string): Promise<ArrayBuffer> {
  const response = await fetchWhole(url);
  return new Response(response.body!.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
}

/** A file of this site.
 * @throws Failed with a sentence that names it, when it cannot be had.
 */
export async function fetchWhole(url: string): Promise<Response> {
  const name = nameOf(url);
  let response: Response;
  try {
    response = await fetch(url);
  } catch {
    throw new Failed(`${name} cannot be loaded: the connection is gone.`, "connection");
  }
  if (!response.ok) throw new Failed(`${name} cannot be loaded: the server answered ${response.status}.`, failureOf(response.status));
  return response;
}

export function nameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split("/").pop() ?? url);
}
