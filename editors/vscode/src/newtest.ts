import * as vscode from "vscode";

/** Puts a new test below the one that the cursor is in, or behind the last one, with tab stops in reading order. */
export async function newTestBelow(editor: vscode.TextEditor): Promise<void> {
  const document = editor.document;
  const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
    "vscode.executeDocumentSymbolProvider",
    document.uri,
  );
  const tests = flatten(symbols ?? []).filter((symbol) => symbol.kind === vscode.SymbolKind.Method);
  const last = tests.filter((test) => test.range.start.isBeforeOrEqual(editor.selection.active)).pop() ?? tests[0];
  const dash = last && itemColumn(document, last.range.start.line);
  if (!last || dash === undefined) {
    void vscode.window.showInformationMessage("There is no test to put another one below. Write `tests:` first, then `- `.");
    return;
  }
  const end = document.lineAt(lastLine(document, last.range)).range.end;
  const indent = " ".repeat(dash);
  const lines = ["- name: $1", "  method: ${2:GET}", "  resource: ${3:/}", "  expect:", "    status: ${4:200}$0"];
  const snippet = new vscode.SnippetString(`\n\n${lines.map((line) => indent + line).join("\n")}`);
  await editor.insertSnippet(snippet, end, { keepWhitespace: true, undoStopBefore: true, undoStopAfter: true });
}

function flatten(symbols: vscode.DocumentSymbol[]): vscode.DocumentSymbol[] {
  return symbols.flatMap((symbol) => (symbol.kind === vscode.SymbolKind.Method ? [symbol] : flatten(symbol.children)));
}

/** The column of the dash of the item that a line begins; undefined where it begins none, as in brackets. */
function itemColumn(document: vscode.TextDocument, line: number): number | undefined {
  for (let at = line; at >= 0 && at > line - 3; at--) {
    const dash = /^( *)-(?: |$)/.exec(document.lineAt(at).text);
    if (dash) {
      return dash[1]?.length ?? 0;
    }
  }
  return undefined;
}

/** The last line of a range that holds anything. */
function lastLine(document: vscode.TextDocument, range: vscode.Range): number {
  let line = range.end.character === 0 && range.end.line > range.start.line ? range.end.line - 1 : range.end.line;
  while (line > range.start.line && document.lineAt(line).isEmptyOrWhitespace) {
    line--;
  }
  return line;
}
