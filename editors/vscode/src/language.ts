import * as path from "node:path";
import * as vscode from "vscode";

const projectFiles = [".qube.yaml", ".qube.yml"];

/**
 * Gives YAML files under `tests/` the language `qube` where a project configuration lies beside that folder. The
 * manifest cannot say this: by name alone the files would be taken from every project that keeps YAML there.
 */
export function adoptSpecs(): vscode.Disposable {
  const adopt = async (document: vscode.TextDocument): Promise<void> => {
    if (document.languageId === "yaml" && document.uri.scheme === "file" && (await isProjectTest(document.uri))) {
      await vscode.languages.setTextDocumentLanguage(document, "qube");
    }
  };
  const adoptQuietly = (document: vscode.TextDocument): void => {
    adopt(document).then(undefined, () => {
      // The document was closed meanwhile; there is nothing left to adopt.
    });
  };
  vscode.workspace.textDocuments.forEach(adoptQuietly);
  return vscode.workspace.onDidOpenTextDocument(adoptQuietly);
}

/** Whether the nearest project configuration at or above a file lies beside a folder `tests` that holds the file. */
export async function isProjectTest(uri: vscode.Uri): Promise<boolean> {
  for (let folder = path.dirname(uri.fsPath), tests = false; ; folder = path.dirname(folder)) {
    for (const name of projectFiles) {
      if (await exists(vscode.Uri.file(path.join(folder, name)))) {
        return tests;
      }
    }
    tests = path.basename(folder) === "tests";
    if (path.dirname(folder) === folder) {
      return false;
    }
  }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
