import * as vscode from "vscode";
import { LanguageClient, type LanguageClientOptions, type ServerOptions } from "vscode-languageclient/node";
import { didChangeTrust, serverCommands, type TrustParams } from "./protocol";
import { findServer, type ServerSources } from "./server";

const installHelp = "https://github.com/speclens/speclens#install";

/**
 * The one connection to the server, for all folders of the window. A client for each folder would register the
 * server's commands more than once, which VS Code refuses.
 */
export class Connection implements vscode.Disposable {
  private client: LanguageClient | undefined;
  /** The setting that the last start went by. */
  private startedWith: string | undefined;
  /** Starts and stops, one after the other: a restart that is asked for during a start waits for it. */
  private queue: Promise<void> = Promise.resolve();

  constructor(
    private readonly extensionPath: string,
    readonly output: vscode.LogOutputChannel,
  ) {}

  /** The server's program; an error that says what is wrong where there is none. */
  program(): string {
    const found = findServer(this.sources());
    if ("missing" in found) {
      void this.offerHelp(found.missing);
      throw new Error(found.missing);
    }
    return found.program;
  }

  /** The client when it runs. */
  get running(): LanguageClient | undefined {
    return this.client?.isRunning() ? this.client : undefined;
  }

  start(): Promise<void> {
    return this.enqueue(() => this.startNow());
  }

  restart(): Promise<void> {
    return this.enqueue(async () => {
      await this.stopNow();
      await this.startNow();
    });
  }

  stop(): Promise<void> {
    return this.enqueue(() => this.stopNow());
  }

  dispose(): void {
    void this.stop();
  }

  /** Tells the server that the workspace is trusted now; a server that starts later learns it at its start. */
  async trust(): Promise<void> {
    const params: TrustParams = { trusted: true };
    await this.running?.sendNotification(didChangeTrust, params);
  }

  private enqueue(step: () => Promise<void>): Promise<void> {
    const done = this.queue.then(step);
    this.queue = done.catch(() => undefined);
    return done;
  }

  /** Restarts the server if the settings name another program than the one that runs. */
  settingsChanged(): Promise<void> {
    return this.enqueue(async () => {
      if (serverSetting() !== this.startedWith) {
        await this.stopNow();
        await this.startNow();
      }
    });
  }

  private async startNow(): Promise<void> {
    this.startedWith = serverSetting();
    const found = findServer(this.sources());
    if ("missing" in found) {
      this.output.error(found.missing);
      void this.offerHelp(found.missing);
      return;
    }
    this.output.info(`starting ${found.program} lsp`);
    const server: ServerOptions = { command: found.program, args: ["lsp"] };
    this.client = new LanguageClient("speclens", "speclens", server, this.options());
    try {
      await this.client.start();
    } catch (error) {
      this.output.error(`the server did not start: ${String(error)}`);
      await this.stopNow();
      throw error;
    }
  }

  private sources(): ServerSources {
    return { setting: serverSetting(), extensionPath: this.extensionPath, env: process.env, platform: process.platform };
  }

  private async stopNow(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    if (client) {
      await client.dispose();
    }
  }

  private options(): LanguageClientOptions {
    return {
      // YAML is sent as well: the `specs:` of a project may name files that are not called *.qube.yaml, and only
      // the server reads that. It leaves other YAML alone.
      documentSelector: [{ language: "qube" }, { language: "yaml", scheme: "file" }],
      outputChannel: this.output,
      initializationOptions: () => ({
        trusted: vscode.workspace.isTrusted,
        // Completing a key should go on with the list of its values.
        retriggerCommand: "editor.action.triggerSuggest",
        // Then what is typed already needs no entry of its own to be safe from Enter.
        selectsNothing: selectionMode() === "never",
      }),
      // Diagnostics are asked for after every edit; by default the client asks when a document opens, and no more.
      diagnosticPullOptions: { onChange: true },
      // Text from specs, plugins and servers under test ends up in hovers: no command links, no HTML.
      markdown: { isTrusted: false, supportHtml: false },
      middleware: {
        workspace: {
          // A setting may change while the server is restarted for it; the new one asks for all of them anyway.
          didChangeConfiguration: async (sections, next) => {
            if (this.running) {
              await next(sections);
            }
          },
        },
        executeCommand: async (command, args, next) => {
          if (command === serverCommands.run && !vscode.workspace.isTrusted) {
            await explainTrust();
            return undefined;
          }
          return next(command, args);
        },
      },
    };
  }

  private async offerHelp(problem: string): Promise<void> {
    const install = "How to Install";
    const settings = "Open Settings";
    const choice = await vscode.window.showErrorMessage(`speclens cannot start its server. ${problem}`, install, settings);
    if (choice === install) {
      await vscode.env.openExternal(vscode.Uri.parse(installHelp));
    } else if (choice === settings) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "speclens.server.path");
    }
  }
}

/** What a list that opens by itself selects in a spec; the extension's default is nothing. */
function selectionMode(): string {
  return vscode.workspace.getConfiguration("editor", { languageId: "qube" }).get<string>("suggest.selectionMode", "");
}

function serverSetting(): string {
  return vscode.workspace.getConfiguration("speclens").get<string>("server.path", "");
}

/** Says why nothing ran; the server refuses too, but knows no button that leads to the trust editor. */
export async function explainTrust(): Promise<void> {
  const manage = "Manage Workspace Trust";
  const choice = await vscode.window.showWarningMessage(
    "Tests send requests, so they run only in a trusted workspace.",
    manage,
  );
  if (choice === manage) {
    await vscode.commands.executeCommand("workbench.trust.manage");
  }
}
