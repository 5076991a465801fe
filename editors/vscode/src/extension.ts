import * as vscode from "vscode";
import { Connection } from "./client";
import { registerCommands } from "./commands";
import { adoptSpecs } from "./language";
import { Sample } from "./sample";

let connection: Connection | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel("speclens", { log: true });
  connection = new Connection(context.extensionPath, output);
  const sample = new Sample(context.globalStorageUri, connection);
  context.subscriptions.push(
    output,
    sample,
    registerCommands(connection, sample),
    adoptSpecs(),
    vscode.workspace.onDidGrantWorkspaceTrust(() => connection?.trust()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("speclens.server.path")) {
        void connection?.settingsChanged();
      }
    }),
  );
  try {
    await connection.start();
  } catch {
    // The client has told the user and the output channel. The commands stay, so that Restart Server can be tried.
  }
}

/** VS Code waits for this when the window closes, so that the server ends in good order. */
export async function deactivate(): Promise<void> {
  await connection?.stop();
  connection = undefined;
}
