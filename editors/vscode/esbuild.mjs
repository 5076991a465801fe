// Bundles the extension, and the tests that run inside the extension host, into one file each.
import { build } from "esbuild";

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  external: ["vscode"],
  logLevel: "warning",
};

await Promise.all([
  build({ ...common, entryPoints: ["src/extension.ts"], outfile: "dist/extension.js", minify: true, sourcemap: true }),
  build({ ...common, entryPoints: ["test/host/index.ts"], outfile: "out/host/index.js", sourcemap: "inline" }),
]);
