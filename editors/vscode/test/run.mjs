// Drives a real VS Code: first its extension host through the API, then its workbench in a page through the screen.
//
//   SERVER_MAIN=… CHROMIUM=… SPECLENS_SERVER=… SPECLENS_WORKSPACE=… SPECLENS_STORY=… node test/run.mjs
//
// Prints TAP. Pictures of the page end up in out/shots/.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { drivePage, driveUntrusted } from "./page.mjs";
import { installExtension, startBrowser, startWorkbench, workbenchUrl } from "./workbench.mjs";

const extension = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const shots = path.join(extension, "out/shots");
const patience = Number(process.env.SPECLENS_PATIENCE_MS ?? 60_000);

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
const serverMain = required("SERVER_MAIN");
const chromium = required("CHROMIUM");
const server = required("SPECLENS_SERVER");
const workspace = fs.realpathSync(required("SPECLENS_WORKSPACE"));
const storyFile = path.resolve(required("SPECLENS_STORY"));
const story = JSON.parse(fs.readFileSync(storyFile, "utf8"));

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "speclens-vscode-"));
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** The tests of test/host, in the extension host that the workbench starts for a page. */
async function inExtensionHost() {
  const dir = path.join(scratch, "host");
  const result = path.join(dir, "result.tap");
  const machineSettings = { "speclens.server.path": server };
  const env = { SPECLENS_STORY: storyFile, SPECLENS_WORKSPACE: workspace, SPECLENS_RESULT: result, SPECLENS_PATIENCE_MS: String(patience) };
  const workbench = await startWorkbench({ serverMain, dir, machineSettings, env });
  const browser = await startBrowser(chromium, dir);
  try {
    const page = await browser.newPage();
    const remote = (file) => `vscode-remote://${workbench.authority}${file}`;
    const payload = [
      ["extensionDevelopmentPath", remote(extension)],
      ["extensionTestsPath", remote(path.join(extension, "out/host/index.js"))],
    ];
    await page.goto(workbenchUrl(workbench, workspace, payload), { timeout: 180_000 });
    const deadline = Date.now() + 240_000;
    while (!fs.existsSync(result)) {
      if (Date.now() > deadline) {
        await page.screenshot({ path: path.join(shots, "host-timeout.png") });
        const partial = fs.existsSync(`${result}.partial`) ? fs.readFileSync(`${result}.partial`, "utf8") : "(nothing)";
        throw new Error(`no report from the extension host within 240 s; so far:\n${partial}\nVS Code's log:\n${tail(path.join(dir, "server.log"))}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await page.screenshot({ path: path.join(shots, "host.png") });
    const lines = fs.readFileSync(result, "utf8").trim().split("\n");
    const end = lines.pop();
    lines.forEach((line) => console.log(line));
    return Number(end.replace("end ", ""));
  } finally {
    await browser.close();
    await workbench.stop();
  }
}

/** The packaged extension, installed as a user would, and looked at and clicked in the page. */
async function onScreen(name, drive, trust) {
  const dir = path.join(scratch, name);
  fs.mkdirSync(dir, { recursive: true });
  await installExtension({ serverMain, dir, vsix: path.join(extension, "out/speclens.vsix") });
  const workbench = await startWorkbench({ serverMain, dir, trust, machineSettings: { "speclens.server.path": server } });
  const browser = await startBrowser(chromium, dir);
  const page = await browser.newPage();
  try {
    const file = `vscode-remote://${workbench.authority}${path.join(workspace, story.spec)}`;
    await page.goto(workbenchUrl(workbench, workspace, [["openFile", file]]), { timeout: 180_000 });
    return await drive({ page, story, shots, patience });
  } catch (error) {
    await page.screenshot({ path: path.join(shots, `${name}-error.png`) }).catch(() => undefined);
    console.log(`not ok - the check ran to its end\n  # ${String(error?.stack ?? error).split("\n").join("\n  # ")}`);
    return 1;
  } finally {
    await browser.close();
    await workbench.stop();
  }
}

function tail(file, lines = 40) {
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").slice(-lines).join("\n") : "(no log)";
}

fs.rmSync(shots, { recursive: true, force: true });
fs.mkdirSync(shots, { recursive: true });
let failures = 0;
try {
  for (const [name, part] of [
    ["VS Code, in the extension host", inExtensionHost],
    ["VS Code, on screen", () => onScreen("screen", drivePage, false)],
    ["VS Code, in a folder that is not trusted", () => onScreen("untrusted", driveUntrusted, true)],
  ]) {
    const started = Date.now();
    console.log(`# ${name}`);
    const missed = await part();
    failures += missed;
    console.log(`# ${name}: ${missed === 0 ? "all seen" : `${missed} not seen`}, ${seconds(started)}`);
  }
} finally {
  if (failures === 0) fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  else console.log(`# logs are kept in ${scratch}`);
}
process.exitCode = failures === 0 ? 0 : 1;
