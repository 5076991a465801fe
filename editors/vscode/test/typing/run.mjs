// The type-through: types every spec of testdata/specs and testdata/typing into a real VS Code, key by key.
//
//   SERVER_MAIN=… CHROMIUM=… SPECLENS_SERVER=… node test/typing/run.mjs [NAME…]
//
// With names, only files whose path holds one of them are typed. TYPING_PASSES and TYPING_PAGES choose what is done, and in how
// many windows side by side; TYPING_ALL=1 types every file in every pass. Prints TAP and the figures; see testdata/typing/README.md for the rules.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installExtension, startBrowser, startWorkbench, workbenchUrl } from "../workbench.mjs";
import { Typist } from "./typist.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const extension = path.dirname(path.dirname(here));
const testdata = path.resolve(extension, "../../testdata");
const shots = path.join(extension, "out/typing");
const patience = Number(process.env.SPECLENS_PATIENCE_MS ?? 60_000);
const pages = Number(process.env.TYPING_PAGES ?? 5);

const passes = {
  bare0: { title: "bare, 0 ms a key", delay: 0 },
  // Every file is typed at full speed; the two slow passes leave out testdata/specs, to end within a few minutes.
  bare40: { title: "bare, 40 ms a key", delay: 40, only: "typing/" },
  accept: { title: "accepting the first suggestion", delay: 0, accept: true, only: "typing/" },
};
const chosen = (process.env.TYPING_PASSES ?? "bare0,bare40,accept").split(",");

function required(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}
const serverMain = required("SERVER_MAIN");
const chromium = required("CHROMIUM");
const server = required("SPECLENS_SERVER");

const files = ["specs", "typing"]
  .flatMap((folder) => fs.readdirSync(path.join(testdata, folder)).map((name) => path.join(folder, name)))
  .filter((name) => name.endsWith(".yaml"))
  .filter((name) => process.argv.length < 3 || process.argv.slice(2).some((wanted) => name.includes(wanted)));

const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "speclens-typing-")));

let number = 0;
let failures = 0;
function report(good, name, ...details) {
  failures += good ? 0 : 1;
  console.log(`${good ? "ok" : "not ok"} ${++number} - ${name}`);
  for (const detail of details) console.log(`  # ${detail}`);
}

/** Says whether a typed file is the file. */
function judge(pass, name, result) {
  // Who accepts suggestions presses Enter in lists, too, and within snippets that chose the column.
  const good = result.wrong === 0 && (passes[pass].accept || (result.taken.length === 0 && result.spared.length === 0));
  const details = [];
  if (result.wrong > 0) details.push(`${result.wrong} characters differ; see out/typing/${pass}-${path.basename(name)}`);
  if (result.taken.length > 0) details.push(`Enter was taken at the end of line ${result.taken.join(", ")}`);
  if (result.spared.length > 0) details.push(`the column had to be corrected in line ${result.spared.join(", ")}, which goes on where the text above says`);
  report(good, `${name} typed ${passes[pass].title} is the file`, ...details);
}

/** What whole files do not show: pairs, and how a suggestion is taken. */
async function smallThings(typist, folder) {
  // A file of its own for each, too.
  let files = 0;
  const next = () => path.join(folder, `small-${++files}.qube.yaml`);
  for (const [keys, want, name] of [
    ['password: "', 'password: ""', "a quote behind a key closes"],
    ["password: '", "password: ''", "a single quote behind a key closes"],
    ['password: "x"', 'password: "x"', "typing the closing quote steps over it"],
    ["name: it's", "name: it's", "an apostrophe in a word does not close"],
    ['body: "{{', 'body: "{{}}"', "the braces of a template close in quotes"],
    ["path: /{{", "path: /{{}}", "the braces of a template close in a plain text"],
    ["tags: [", "tags: []", "a bracket behind a key closes"],
    [["a", ":", " ", "|", "Enter", "{", "b", "[", "(", '"'], 'a: |\n  {b[("', "nothing closes in a block text"],
    ["# {[(\"", "# {[(\"", "nothing closes in a comment"],
    [["t", "a", "g", "s", ":", " ", "[", "Enter", "a", "]"], "tags: [\n  a]", "a bracket that was closed is stepped over in the next line"],
  ]) {
    const got = await typist.typed(next(), [...keys]);
    report(got === want, name, ...(got === want ? [] : [`${JSON.stringify(want)} expected, got ${JSON.stringify(got)}`]));
  }
  report((await typist.tabbed(next(), "targ")) === 0, "a list that opens by itself selects nothing, and Tab takes its first entry");
}

/** Types files of the queue into a window of its own until none is left. */
async function typeIn(workbench, number, queue, results) {
  const folder = path.join(scratch, `window-${number}`);
  fs.mkdirSync(folder, { recursive: true });
  const browser = await startBrowser(chromium, folder + ".browser");
  const page = await browser.newPage();
  try {
    const payload = [["extensionDevelopmentPath", `vscode-remote://${workbench.authority}${path.join(here, "peek")}`]];
    await page.goto(workbenchUrl(workbench, folder, payload), { timeout: 180_000 });
    const deadline = Date.now() + 180_000;
    while (!fs.existsSync(`${folder}.port`) || fs.readFileSync(`${folder}.port`, "utf8") === "") {
      if (Date.now() > deadline) throw new Error("the extension host did not start within 180 s");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const typist = new Typist(page, fs.readFileSync(`${folder}.port`, "utf8"), patience);
    if (number === 0) await smallThings(typist, folder);
    for (let job = queue.shift(); job; job = queue.shift()) {
      const text = fs.readFileSync(path.join(testdata, job.name), "utf8");
      // Each pass has files of its own: a buffer that was closed in another pass may hear late that its file changed.
      const file = path.join(folder, job.pass, job.name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      const result = await typist.type(file, text, passes[job.pass]);
      const shot = `${job.pass}-${path.basename(job.name)}`;
      if (result.wrong > 0) {
        await page.screenshot({ path: path.join(shots, `${shot}.png`) });
        fs.writeFileSync(path.join(shots, shot), result.text);
      }
      // What one file names is offered in the others; whether it is must not depend on which came first.
      fs.rmSync(file);
      results.push({ ...job, ...result });
      judge(job.pass, job.name, result);
    }
  } catch (error) {
    await page.screenshot({ path: path.join(shots, `error-${number}.png`) }).catch(() => undefined);
    throw error;
  } finally {
    await browser.close();
  }
}

fs.rmSync(shots, { recursive: true, force: true });
fs.mkdirSync(shots, { recursive: true });
const started = Date.now();
await installExtension({ serverMain, dir: scratch, vsix: path.join(extension, "out/speclens.vsix") });
const workbench = await startWorkbench({ serverMain, dir: scratch, machineSettings: { "speclens.server.path": server, "files.autoSave": "off" } });
try {
  const queue = chosen.flatMap((pass) =>
    files.filter((name) => process.env.TYPING_ALL === "1" || name.startsWith(passes[pass].only ?? "")).map((name) => ({ pass, name })),
  );
  const results = [];
  await Promise.all(Array.from({ length: Math.min(pages, queue.length) }, (_, number) => typeIn(workbench, number, queue, results)));

  for (const pass of chosen) {
    const of = results.filter((result) => result.pass === pass);
    const sum = (of_) => of.reduce((total, result) => total + of_(result), 0);
    const lines = sum((result) => result.lines);
    const per100 = (count) => ((100 * count) / lines).toFixed(1);
    console.log(`# VS Code, ${passes[pass].title}: ${of.length} files, ${lines} lines, ${sum((r) => r.characters)} characters, ${sum((r) => r.keys)} keys`);
    if (passes[pass].accept) console.log(`#   ${sum((r) => r.accepted)} suggestions accepted; ${((100 * sum((r) => r.keys)) / sum((r) => r.characters)).toFixed(0)} keys for 100 characters`);
    console.log(`#   wrong characters ${sum((r) => r.wrong)}, Enter keys taken ${sum((r) => r.taken.length)}`);
    console.log(`#   corrections of the column ${sum((r) => r.corrections)}, ${per100(sum((r) => r.corrections))} per 100 lines; no editor can spare ${sum((r) => r.unavoidable)}, ${per100(sum((r) => r.unavoidable))}`);
  }
  console.log(`1..${number}`);
} finally {
  await workbench.stop();
  console.log(`# ${((Date.now() - started) / 1000).toFixed(0)} s`);
  if (failures === 0) fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = failures === 0 ? 0 : 1;
