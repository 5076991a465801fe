// VS Code's server and the page that shows its workbench.
import { spawn } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { chromium } from "playwright-core";

/** Settings of the user: nothing that talks to a network or covers the editor. */
const userSettings = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.colorTheme": "Default Dark Modern",
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "chat.commandCenter.enabled": false,
  "chat.disableAIFeatures": true,
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
  "editor.minimap.enabled": false,
  "editor.hover.delay": 100,
  "editor.smoothScrolling": false,
  "editor.selectionHighlight": false,
  "editor.lightbulb.enabled": "off",
  "editor.stickyScroll.enabled": false,
  "editor.occurrencesHighlight": "off",
};

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/**
 * Starts VS Code's server.
 *
 * @param options serverMain: its script; dir: a folder for its state; machineSettings: settings of machine scope;
 *   trust: whether the workbench asks for trust (else every workspace is trusted); env: more environment
 */
export async function startWorkbench({ serverMain, dir, machineSettings, trust = false, env = {} }) {
  const extensions = path.join(dir, "extensions");
  const data = path.join(dir, "data");
  const user = path.join(dir, "user");
  const write = (name, value) => {
    fs.mkdirSync(path.join(user, name), { recursive: true });
    fs.writeFileSync(path.join(user, name, "settings.json"), JSON.stringify(value, null, 2));
  };
  write("Machine", machineSettings);
  write("User", userSettings);

  const port = await freePort();
  const args = [
    serverMain,
    ...["--host", "127.0.0.1", "--port", String(port), "--without-connection-token", "--accept-server-license-terms"],
    ...["--enable-smoke-test-driver", "--telemetry-level", "off"],
    ...["--server-data-dir", data, "--user-data-dir", user, "--extensions-dir", extensions],
    ...(trust ? [] : ["--disable-workspace-trust"]),
  ];
  const log = fs.openSync(path.join(dir, "server.log"), "a");
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", log, log],
    env: { ...process.env, HOME: dir, ...env },
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const url = `http://127.0.0.1:${port}`;

  const deadline = Date.now() + 90_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`VS Code's server ended with code ${child.exitCode}; see ${dir}/server.log`);
    try {
      if ((await fetch(`${url}/version`)).ok) break;
    } catch {
      // Not listening yet.
    }
    if (Date.now() > deadline) throw new Error(`VS Code's server did not answer within 90 s; see ${dir}/server.log`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    authority: `127.0.0.1:${port}`,
    extensions,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** Installs a packaged extension into the folder that a workbench reads. */
export function installExtension({ serverMain, dir, vsix }) {
  const args = [serverMain, "--accept-server-license-terms", "--server-data-dir", path.join(dir, "data")];
  args.push("--extensions-dir", path.join(dir, "extensions"), "--install-extension", vsix, "--force");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, HOME: dir } });
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    child.stderr.on("data", (chunk) => (said += chunk));
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve(said) : reject(new Error(`installing ${vsix} ended with code ${code}: ${said}`)),
    );
  });
}

/** Starts Chromium with nothing that reaches out by itself. */
export function startBrowser(executablePath, dir) {
  return chromium.launchPersistentContext(path.join(dir, "chromium"), {
    executablePath,
    headless: true,
    viewport: { width: 1280, height: 1240 },
    timeout: 90_000,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
      ...["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"],
    ],
  });
}

/** The address of the workbench with a folder open and, for tests in the extension host, a payload. */
export function workbenchUrl(workbench, folder, payload = []) {
  const query = new URLSearchParams({ folder });
  if (payload.length > 0) query.set("payload", JSON.stringify(payload));
  return `${workbench.url}/?${query}`;
}
