import * as vscode from "vscode";
import { CodeActionRequest, type LanguageClient, type CodeAction, type Command } from "vscode-languageclient/node";
import type { Connection } from "./client";
import { newTestBelow } from "./newtest";
import type { Sample } from "./sample";
import { serverCommands, type RunArgs, type RunScope, type SetEnvironmentResult } from "./protocol";

/** The palette's commands. Which test the cursor is in, and what a run is, the server says. */
export function registerCommands(connection: Connection, sample: Sample): vscode.Disposable {
  const command = (id: string, run: () => Promise<void>): vscode.Disposable =>
    vscode.commands.registerCommand(id, async () => {
      try {
        await run();
      } catch (error) {
        void vscode.window.showErrorMessage(`speclens: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
  return vscode.Disposable.from(
    command("speclens.runTest", () => runAtCursor(connection, "test")),
    command("speclens.runTestWithNeeds", () => runAtCursor(connection, "needs")),
    command("speclens.runFile", () => runAtCursor(connection, "file")),
    command("speclens.cancelRuns", async () => {
      if (clientOf(connection)) {
        await vscode.commands.executeCommand(serverCommands.cancel, {});
      }
    }),
    command("speclens.selectEnvironment", () => selectEnvironment(connection)),
    command("speclens.newTest", async () => {
      const editor = activeSpec();
      if (editor) {
        await newTestBelow(editor);
      }
    }),
    command("speclens.openSample", () => sample.open()),
    command("speclens.restartServer", () => connection.restart()),
    command("speclens.showOutput", async () => connection.output.show()),
  );
}

function clientOf(connection: Connection): LanguageClient | undefined {
  const client = connection.running;
  if (!client) {
    void vscode.window.showWarningMessage("The speclens server is not running. See Speclens: Show Output.");
  }
  return client;
}

function activeSpec(): vscode.TextEditor | undefined {
  const editor = vscode.window.activeTextEditor;
  if (!editor || !["qube", "yaml"].includes(editor.document.languageId)) {
    void vscode.window.showWarningMessage("Open an API test spec first.");
    return undefined;
  }
  return editor;
}

/** Asks the server for its code actions at the cursor and executes the one that starts a run of this scope. */
async function runAtCursor(connection: Connection, scope: RunScope): Promise<void> {
  const editor = activeSpec();
  const client = editor && clientOf(connection);
  if (!client) {
    return;
  }
  const actions = await client.sendRequest(CodeActionRequest.type, {
    textDocument: client.code2ProtocolConverter.asTextDocumentIdentifier(editor.document),
    range: client.code2ProtocolConverter.asRange(new vscode.Range(editor.selection.active, editor.selection.active)),
    context: { diagnostics: [] },
  });
  for (const action of actions ?? []) {
    const command = commandOf(action);
    const args = command?.arguments?.[0] as RunArgs | undefined;
    if (command?.command === serverCommands.run && args?.scope === scope) {
      await vscode.commands.executeCommand(command.command, ...(command.arguments ?? []));
      return;
    }
  }
  void vscode.window.showInformationMessage(
    scope === "file" ? "This file has no tests that can be run now." : "There is no test at the cursor that can be run now.",
  );
}

function commandOf(action: Command | CodeAction): Command | undefined {
  return typeof action.command === "string" ? (action as Command) : action.command;
}

/** The server knows the environments of the project and asks; what was chosen is shown for a moment. */
async function selectEnvironment(connection: Connection): Promise<void> {
  const editor = activeSpec();
  if (!editor || !clientOf(connection)) {
    return;
  }
  const result = await vscode.commands.executeCommand<SetEnvironmentResult | null>(serverCommands.setEnvironment, {
    uri: editor.document.uri.toString(),
  });
  if (result) {
    vscode.window.setStatusBarMessage(`speclens: environment ${result.name || "(none)"}`, 5000);
  }
}
