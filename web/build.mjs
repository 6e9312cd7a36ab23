// Builds the gallery's page into hyperthumb/gallery/page: `make web`.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const page = join(here, "../hyperthumb/gallery/page"), assets = join(page, "assets");

/** The hash of all that the build depends on; tests/gallery/test_page.py computes it again. */
function hashSources() {
  const list = (folder) => readdirSync(join(here, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => relative(here, join(entry.parentPath ?? entry.path, entry.name)));
  const files = ["build.mjs", "package-lock.json", "tsconfig.json", ...list("src"), ...list("static")].sort();
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(join(here, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

const sources = hashSources();
rmSync(page, { recursive: true, force: true });
mkdirSync(join(assets, "runtime"), { recursive: true });
const common = {
  bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none", logLevel: "warning",
  define: { SOURCES: JSON.stringify(sources.slice(0, 16)) }, absWorkingDir: here,
};
await build({ ...common, entryPoints: { page: "src/page/main.ts", jpeg: "src/jpeg/public.ts" }, outdir: assets });
await build({ ...common, entryPoints: { worker: "src/worker/main.ts" }, outdir: assets });
await build({ ...common, format: "iife", entryPoints: { service: "src/service.ts" }, outdir: page });
await build({ ...common, entryPoints: { page: "static/page.css" }, outdir: assets });
cpSync(join(here, "static/index.html"), join(page, "index.html"));

const runtime = join(here, "node_modules/onnxruntime-web/dist");
for (const name of ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi.mjs"]) {
  const script = readFileSync(join(runtime, name), "utf8").replace(/^\/\/# sourceMappingURL=.*$/m, "");
  writeFileSync(join(assets, "runtime", name.replace(".mjs", ".js")), script);
}
for (const name of ["ort-wasm-simd-threaded.wasm", "ort-wasm-simd-threaded.jspi.wasm"]) {
  writeFileSync(join(assets, "runtime", `${name}.packed`), gzipSync(readFileSync(join(runtime, name)), { level: 9 }));
}
const licenses = ["onnxruntime-web", "openseadragon"].map((name) => {
  const folder = join(here, "node_modules", name), { version, license } = JSON.parse(readFileSync(join(folder, "package.json")));
  const text = readdirSync(folder).filter((file) => /^licen[cs]e/i.test(file)).map((file) => readFileSync(join(folder, file), "utf8"));
  return [`${name} ${version} (${license})`, ...text].join("\n\n");
});
writeFileSync(join(assets, "LICENSES.txt"), licenses.join("\n\n"));
writeFileSync(join(assets, "build.json"), `${JSON.stringify({ sources })}\n`);
for (const file of readdirSync(page, { recursive: true }).sort()) {
  const path = join(page, file);
  if (statSync(path).isFile()) console.log(`${String(gzipSync(readFileSync(path)).length).padStart(9)} bytes packed  ${file}`);
}
