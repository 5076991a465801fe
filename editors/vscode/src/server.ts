import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/** Where the server's program may come from, in the order in which it is looked for. */
export interface ServerSources {
  /** The setting `speclens.server.path`; it is machine-scoped, so no workspace can name a program. */
  setting: string;
  /** The folder of the extension, which may bring the program along in `bin/`. */
  extensionPath: string;
  /** The environment of the extension host. */
  env: NodeJS.ProcessEnv;
  platform: NodeJS.Platform;
}

export type ServerLookup = { program: string } | { missing: string };

function executable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Finds the server's program. Only absolute places count: a relative entry of PATH could be a folder of the
 * workspace that is open.
 */
export function findServer(sources: ServerSources): ServerLookup {
  const name = sources.platform === "win32" ? "speclens.exe" : "speclens";
  const setting = sources.setting.trim();
  if (setting !== "") {
    const program = setting === "~" || /^~[/\\]/.test(setting) ? path.join(os.homedir(), setting.slice(1)) : setting;
    if (!path.isAbsolute(program)) {
      return { missing: `speclens.server.path must be an absolute path, not ${JSON.stringify(setting)}.` };
    }
    if (!executable(program)) {
      return { missing: `speclens.server.path names ${program}, which is not a program.` };
    }
    return { program };
  }
  const bundled = path.join(sources.extensionPath, "bin", name);
  if (executable(bundled)) {
    return { program: bundled };
  }
  const delimiter = sources.platform === "win32" ? ";" : ":";
  for (const folder of (sources.env.PATH ?? sources.env.Path ?? "").split(delimiter)) {
    if (path.isAbsolute(folder) && executable(path.join(folder, name))) {
      return { program: path.join(folder, name) };
    }
  }
  return { missing: "The program speclens is not on PATH." };
}
