// What the server offers beyond the language server protocol; the counterpart of the Go package lsp/command.

/** The commands that the server executes. The language client registers each under the same name in VS Code. */
export const serverCommands = {
  run: "speclens.run",
  cancel: "speclens.cancel",
  setEnvironment: "speclens.setEnvironment",
} as const;

/** Tells the server whether the user trusts the workspace. */
export const didChangeTrust = "speclens/didChangeTrust";

export interface TrustParams {
  trusted: boolean;
}

export type RunScope = "test" | "needs" | "file";

export interface RunArgs {
  uri: string;
  version?: number;
  testId?: string;
  scope?: RunScope;
}

export interface SetEnvironmentResult {
  /** The environment in force; empty for none. */
  name: string;
}
