// The main job in VS Code's extension host, through the API that extensions have. The workbench calls run().
//
// Environment: SPECLENS_STORY, SPECLENS_WORKSPACE, and SPECLENS_RESULT, the file that the report is written to; its
// last line begins with "1..", then "end" and the number of things that were not seen.
import * as fs from "node:fs";
import * as path from "node:path";
import * as vscode from "vscode";
import { must, reporter } from "../tap.mjs";
import { testFindServer } from "./server";

interface Story {
  spec: string;
  diagnostic: { at: string; says: string };
  hover: { at: string; says: string };
  completion: { after: string; typed: string; offers: string[] };
  run: { test: string; outcome: string; events: string[] };
  failure: { test: string; outcome: string; events: string[]; after: string; at: string; says: string[] };
  environments: [string, string];
  adopted: { spec: string; test: string };
  other: string;
}

const env = (name: string): string => must(process.env[name], `${name} is not set`) as string;
const patience = Number(process.env.SPECLENS_PATIENCE_MS ?? 30_000);

export async function run(): Promise<void> {
  const lines: string[] = [];
  const result = env("SPECLENS_RESULT");
  const tap = reporter((line) => {
    lines.push(line);
    fs.writeFileSync(`${result}.partial`, lines.join("\n"));
  }, patience);
  try {
    testFindServer(tap);
    await main(tap);
  } catch (error) {
    tap.report(false, "the check ran to its end", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const failures = tap.done();
  lines.push(`end ${failures}`);
  fs.writeFileSync(`${result}.partial`, lines.join("\n") + "\n");
  fs.renameSync(`${result}.partial`, result);
}

type Tap = ReturnType<typeof reporter>;

async function main(tap: Tap): Promise<void> {
  const story = JSON.parse(fs.readFileSync(env("SPECLENS_STORY"), "utf8")) as Story;
  const uri = vscode.Uri.file(path.join(env("SPECLENS_WORKSPACE"), story.spec));
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document);
  const spec = new Spec(document);

  await tap.expect("a spec opens as qube and the extension is active", () => {
    const extension = must(vscode.extensions.getExtension("speclens.speclens"), "the extension is not there");
    must(extension.isActive, "the extension is not active");
    must(document.languageId === "qube", `language ${document.languageId}`);
    return `VS Code ${vscode.version}, language ${document.languageId}`;
  });

  await tap.expect("the misspelt field has a diagnostic", () => {
    const at = spec.find(story.diagnostic.at);
    const all = vscode.languages.getDiagnostics(uri);
    const found = all.find((d) => d.range.start.line === at.line && d.message.includes(story.diagnostic.says));
    return describe(must(found, all) as vscode.Diagnostic);
  });

  await tap.expect("hover explains a field", async () => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>("vscode.executeHoverProvider", uri, spec.find(story.hover.at));
    const text = hovers.flatMap((hover) => hover.contents.map((c) => (typeof c === "string" ? c : c.value))).join("\n");
    must(text.toLowerCase().includes(story.hover.says.toLowerCase()), `the hover says ${text}`);
    return text;
  });

  const below = spec.find(story.completion.after).line + 1;
  await editor.edit((edit) => edit.insert(new vscode.Position(below, 0), `${story.completion.typed}\n`));
  await tap.expect("completion offers fields of the core and of the plugin", async () => {
    const position = new vscode.Position(below, story.completion.typed.length);
    const list = await vscode.commands.executeCommand<vscode.CompletionList>("vscode.executeCompletionItemProvider", uri, position);
    const labels = list.items.map((item) => (typeof item.label === "string" ? item.label : item.label.label));
    for (const offer of story.completion.offers) must(labels.includes(offer), `no ${offer} among ${labels.join(", ")}`);
    return labels.join(", ");
  });
  await vscode.commands.executeCommand("undo");

  await tap.expect("every test and the file have a lens", async () => {
    const lenses = await spec.lenses();
    const tests = document.getText().match(/^  - /gm)?.length ?? 0;
    const perTest = lenses.filter((lens) => lens.command?.title === "▶ Run").length;
    const shown = lenses.map((lens) => `line ${lens.range.start.line + 1}: ${lens.command?.title}`);
    must(perTest === tests && shown.some((text) => text.includes("▶ Run file")), `${tests} tests, lenses ${shown.join("; ")}`);
    return shown.join("\n");
  });

  const runLens = must(
    (await spec.lenses(spec.test(story.run.test))).find((lens) => lens.command?.title === "▶ Run")?.command,
    `no lens on ${story.run.test}`,
  ) as vscode.Command;
  await vscode.commands.executeCommand(runLens.command, ...(runLens.arguments ?? []));
  await tap.expect("running a test by its lens shows its outcome and its events", async () => {
    const labels = await spec.hints(spec.test(story.run.test));
    for (const text of [story.run.outcome, ...story.run.events]) {
      must(labels.some((label) => label.includes(text)), `no ${text} among ${labels.join("; ")}`);
    }
    return labels.join("\n");
  });

  await vscode.commands.executeCommand("speclens.runFile");
  await tap.expect("running the file shows the outcome of the failing test", async () => {
    const labels = await spec.hints(spec.test(story.failure.test));
    for (const text of [story.failure.outcome, ...story.failure.events]) {
      must(labels.some((label) => label.includes(text)), `no ${text} among ${labels.join("; ")}`);
    }
    return labels.join("\n");
  });
  await tap.expect("the key that failed has a diagnostic with expected and actual", () => {
    const at = spec.find(story.failure.at, story.failure.after);
    const run = vscode.languages.getDiagnostics(uri).filter((d) => d.source === "speclens-run");
    const found = must(run.find((d) => d.range.start.line === at.line), run.map(describe)) as vscode.Diagnostic;
    for (const text of story.failure.says) must(found.message.includes(text), `no ${text} in ${found.message}`);
    return describe(found);
  });

  await vscode.commands.executeCommand("speclens.setEnvironment", { uri: uri.toString(), name: story.environments[1] });
  await tap.expect("the environment that was chosen stands in a lens", async () => {
    const now = (await spec.lenses()).map((lens) => lens.command?.title ?? "");
    return must(now.find((title) => title === `env: ${story.environments[1]}`), now.join("; ")) as string;
  });

  const adopted = vscode.Uri.file(path.join(env("SPECLENS_WORKSPACE"), story.adopted.spec));
  const slowEditor = await vscode.window.showTextDocument(adopted);
  await tap.expect("YAML under the tests of a project becomes a spec", () => {
    const now = vscode.workspace.textDocuments.find((d) => d.uri.toString() === adopted.toString());
    must(now?.languageId === "qube", `language ${now?.languageId}`);
    return now?.languageId;
  });
  const slow = new Spec(slowEditor.document);
  const slowTest = slow.test(story.adopted.test);
  const titles = async (): Promise<string[]> => (await slow.lenses(slowTest)).map((lens) => lens.command?.title ?? "");
  await tap.expect("its test has a lens", async () => {
    const now = await titles();
    return must(now.find((title) => title === "▶ Run"), now.join("; ")) as string;
  });
  slowEditor.selection = new vscode.Selection(slowTest.start.translate(1, 4), slowTest.start.translate(1, 4));
  await vscode.commands.executeCommand("speclens.runTest");
  await tap.expect("while a test runs its lens cancels it", async () => {
    const now = await titles();
    return must(now.find((title) => title.startsWith("■ Cancel")), now.join("; ")) as string;
  });
  await vscode.commands.executeCommand("speclens.cancelRuns");
  await tap.expect("after cancelling the lens runs again", async () => {
    const now = await titles();
    must(!now.some((title) => title.startsWith("■ Cancel")), now.join("; "));
    return must(now.find((title) => title.startsWith("▶ Run")), now.join("; ")) as string;
  });

  const plain = await vscode.workspace.openTextDocument(path.join(env("SPECLENS_WORKSPACE"), story.other));
  const quiet = vscode.languages.getDiagnostics(plain.uri);
  tap.report(
    plain.languageId === "yaml" && quiet.length === 0,
    "other YAML of a project stays YAML and has no diagnostics",
    [plain.languageId, ...quiet.map(describe)].join("\n"),
  );

  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand("speclens.restartServer");
  await tap.expect("after a restart of the server the diagnostics are back", () => {
    const found = vscode.languages.getDiagnostics(uri).find((d) => d.message.includes(story.diagnostic.says));
    return describe(must(found, "no diagnostic") as vscode.Diagnostic);
  });

  editor.selection = new vscode.Selection(spec.find(`name: ${story.run.test}`), spec.find(`name: ${story.run.test}`));
  await vscode.window.showTextDocument(document);
  await vscode.commands.executeCommand("speclens.newTest");
  await tap.expect("a new test stands below the one at the cursor, with the cursor in its name", () => {
    const active = must(vscode.window.activeTextEditor, "no editor");
    const line = document.lineAt(active.selection.active.line).text;
    must(/^ *- name: $/.test(line), `the cursor is in ${JSON.stringify(line)}`);
    const last = spec.test(story.run.test).end.line;
    must(active.selection.active.line === last + 1, `the test ends at line ${last + 1}, the new one is at line ${active.selection.active.line + 1}`);
    return `line ${active.selection.active.line + 1}`;
  });
  await vscode.commands.executeCommand("workbench.action.files.revert");

  await vscode.commands.executeCommand("speclens.openSample");
  await tap.expect("the sample opens, and its API answers", async () => {
    const sample = must(vscode.window.activeTextEditor, "no editor").document;
    must(path.basename(path.dirname(sample.fileName)).startsWith("sample-"), sample.fileName);
    const config = fs.readFileSync(path.join(path.dirname(sample.fileName), ".qube.yaml"), "utf8");
    const address = must(/http:\/\/[\w.:]+/.exec(config + sample.getText())?.[0], "no address in the sample");
    const response = await fetch(address);
    return `${sample.fileName}, ${address} says ${response.status}`;
  });
}

function describe(diagnostic: vscode.Diagnostic): string {
  const { line, character } = diagnostic.range.start;
  return `${line + 1}:${character + 1} [${diagnostic.source}] ${diagnostic.message}`;
}

class Spec {
  constructor(private readonly document: vscode.TextDocument) {}

  /** Where a text stands, the first one or the first after another. */
  find(text: string, after = ""): vscode.Position {
    const all = this.document.getText();
    const at = all.indexOf(text, Math.max(all.indexOf(after), 0));
    must(at >= 0, `${this.document.fileName} does not hold ${text}`);
    return this.document.positionAt(at);
  }

  /** From the line of a test's name to the end of the line before the next test. */
  test(name: string): vscode.Range {
    const first = this.find(`- name: ${name}`).line;
    const indent = this.document.lineAt(first).firstNonWhitespaceCharacterIndex;
    let last = first;
    while (last + 1 < this.document.lineCount && !this.document.lineAt(last + 1).text.startsWith(`${" ".repeat(indent)}- `)) {
      last += 1;
    }
    return new vscode.Range(first, 0, last, this.document.lineAt(last).text.length);
  }

  async lenses(within?: vscode.Range): Promise<vscode.CodeLens[]> {
    const all = await vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", this.document.uri, 1000);
    return all.filter((lens) => !within || within.contains(lens.range.start));
  }

  async hints(within: vscode.Range): Promise<string[]> {
    const all = await vscode.commands.executeCommand<vscode.InlayHint[]>("vscode.executeInlayHintProvider", this.document.uri, within);
    return all.map((hint) => (typeof hint.label === "string" ? hint.label : hint.label.map((part) => part.value).join("")));
  }
}
