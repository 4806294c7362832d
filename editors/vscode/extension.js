// The client of `vslmc lsp`: starts the language server, and says what to do where it is missing.
"use strict";

const { execFile } = require("node:child_process");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

/** The configured command, with the open folder filled in. */
function command() {
  const configured = vscode.workspace.getConfiguration("vslmc").get("path") || "vslmc";
  const folders = vscode.workspace.workspaceFolders || [];
  const folder = folders.length > 0 ? folders[0].uri.fsPath : "";
  return configured.replaceAll("${workspaceFolder}", folder);
}

/** Resolves to null if the command runs, else to why it does not. */
function problem(path) {
  return new Promise((resolve) => {
    execFile(path, ["lsp", "--help"], { timeout: 20000 }, (error) => {
      if (!error) {
        resolve(null);
      } else if (error.code === "ENOENT" || error.code === "EACCES") {
        resolve(`\`${path}\` was not found.`);
      } else {
        resolve(`\`${path} lsp\` does not run: ${error.message}`);
      }
    });
  });
}

/** Says why there is no server, and offers the setting that names it. */
async function complain(reason) {
  const advice = "Install it (pip install 'vslmc[lsp]'), or set vslmc.path to the command.";
  const open = "Open the setting";
  const choice = await vscode.window.showErrorMessage(`vslm: ${reason} ${advice}`, open);
  if (choice === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "vslmc.path");
  }
}

async function start() {
  const path = command();
  const reason = await problem(path);
  if (reason) {
    void complain(reason);
    return;
  }
  const watcher = vscode.workspace.createFileSystemWatcher("**/*.{vslm,py}");
  client = new LanguageClient(
    "vslmc",
    "vslm",
    { command: path, args: ["lsp"] },
    {
      documentSelector: [{ language: "vslm" }],
      synchronize: { fileEvents: watcher },
    },
  );
  await client.start();
}

async function stop() {
  const running = client;
  client = undefined;
  if (running) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("vslmc.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("vslmc.path")) {
        void restart();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
