// Opens files and tells what the active editor holds, over HTTP on a loopback port that it writes into the workspace's parent.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const vscode = require("vscode");

function state() {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return {};
  const { document, selection } = editor;
  return {
    file: document.uri.fsPath,
    language: document.languageId,
    text: document.getText(),
    version: document.version,
    from: document.offsetAt(selection.start),
    to: document.offsetAt(selection.end),
  };
}

/** Whether the list will hold something that begins like the word at the cursor. */
async function offers() {
  const { document, selection } = vscode.window.activeTextEditor;
  const list = await vscode.commands.executeCommand("vscode.executeCompletionItemProvider", document.uri, selection.active);
  return list.items.some((item) => {
    const range = item.range?.inserting ?? item.range;
    const typed = range ? document.getText(new vscode.Range(range.start, selection.active)) : "";
    const name = item.filterText ?? (typeof item.label === "string" ? item.label : item.label.label);
    return name.toLowerCase().startsWith(typed.toLowerCase());
  });
}

exports.activate = (context) => {
  const folder = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const server = http.createServer(async (request, response) => {
    try {
      const url = new URL(request.url, "http://peek");
      if (url.pathname === "/open") {
        await vscode.commands.executeCommand("workbench.action.closeAllEditors");
        await vscode.window.showTextDocument(vscode.Uri.file(url.searchParams.get("file")));
      }
      if (url.pathname === "/save") await vscode.workspace.saveAll();
      const answer = url.pathname === "/offers" ? await offers() : state();
      response.end(JSON.stringify(answer));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error));
    }
  });
  server.listen(0, "127.0.0.1", () => fs.writeFileSync(`${folder}.port`, String(server.address().port)));
  context.subscriptions.push({ dispose: () => server.close() });
};
