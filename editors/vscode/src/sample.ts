import { spawn, type ChildProcess } from "node:child_process";
import * as path from "node:path";
import * as vscode from "vscode";
import type { Connection } from "./client";

/** The sample's spec, as `speclens demo` names it. */
const sampleSpec = "users.qube.yaml";

/** The sample API of `speclens demo`, which serves until the window closes, and the spec that tests it. */
export class Sample implements vscode.Disposable {
  private process: ChildProcess | undefined;
  private folder: string | undefined;

  constructor(
    private readonly storage: vscode.Uri,
    private readonly connection: Connection,
  ) {}

  /** Opens the sample's spec; starts the API behind it unless that runs. */
  async open(): Promise<void> {
    if (!this.folder || this.process?.exitCode !== null) {
      this.folder = await this.start();
    }
    await vscode.window.showTextDocument(vscode.Uri.file(path.join(this.folder, sampleSpec)));
  }

  dispose(): void {
    this.process?.kill();
  }

  private async start(): Promise<string> {
    const program = this.connection.program();
    await vscode.workspace.fs.createDirectory(this.storage);
    // A folder of its own for each window: the addresses in it are those of this window's API.
    const folder = path.join(this.storage.fsPath, `sample-${process.pid}`);
    await vscode.workspace.fs.delete(vscode.Uri.file(folder), { recursive: true }).then(undefined, () => undefined);
    const child = spawn(program, ["demo", "--quiet", "--serve", "--keep", folder], { stdio: ["ignore", "pipe", "pipe"] });
    this.process = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      const listen = (chunk: Buffer): void => {
        said += chunk.toString();
        if (said.includes("Sample workspace")) {
          resolve();
        }
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the sample ended with code ${code}: ${said.trim()}`)));
    });
    return folder;
  }
}
