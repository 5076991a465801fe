// Where the extension looks for the server's program, and where it must not.
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { findServer, type ServerLookup } from "../../src/server";
import type { Reporter } from "../tap.mjs";

export function testFindServer(tap: Reporter): void {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "speclens-find-"));
  const program = (...names: string[]): string => {
    const file = path.join(dir, ...names);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, "#!/bin/sh\n", { mode: 0o755 });
    return file;
  };
  try {
    const chosen = program("chosen", "speclens");
    const bundled = program("extension", "bin", "speclens");
    const onPath = program("path", "speclens");
    const text = path.join(dir, "text");
    fs.writeFileSync(text, "no program", { mode: 0o644 });
    const relative = path.relative(process.cwd(), path.dirname(onPath));

    const find = (setting: string, extension: string, PATH: string): ServerLookup =>
      findServer({ setting, extensionPath: path.join(dir, extension), env: { PATH }, platform: "linux" });
    const table: [string, ServerLookup, { program: string } | { says: string }][] = [
      ["the setting wins", find(chosen, "extension", path.dirname(onPath)), { program: chosen }],
      ["a setting that names no program is an error, not a reason to look elsewhere", find(text, "extension", ""), { says: "not a program" }],
      ["a relative setting is refused", find("./speclens", "extension", ""), { says: "absolute" }],
      ["without a setting the bundled program wins over PATH", find("", "extension", path.dirname(onPath)), { program: bundled }],
      ["without a bundled one PATH is searched", find("", "none", `${dir}:${path.dirname(onPath)}`), { program: onPath }],
      ["a relative folder on PATH does not count", find("", "none", relative), { says: "not on PATH" }],
      ["an empty PATH finds nothing", find("", "none", ""), { says: "not on PATH" }],
    ];
    for (const [name, got, want] of table) {
      const ok =
        "program" in want ? "program" in got && got.program === want.program : "missing" in got && got.missing.includes(want.says);
      tap.report(ok, `the server: ${name}`, ok ? "" : JSON.stringify(got));
    }
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}
