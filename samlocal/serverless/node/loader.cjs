// Loads files in JavaScript and TypeScript for samlocal, which sends requests as lines of JSON on one descriptor.
// What the files print goes to stderr: their values have a descriptor of their own.
'use strict';

const fs = require('fs');
const net = require('net');
const path = require('path');
const { createRequire } = require('module');
const { pathToFileURL, fileURLToPath } = require('url');
const { types } = require('util');

const OLDEST = 14;
const IDLE_MILLISECONDS = 1000;
const [channelNumber, lifelineNumber] = process.argv.slice(2, 4).map(Number);
const version = process.versions.node;

if (Number(version.split('.')[0]) < OLDEST) {
  const message = `Node.js ${version} is too old`;
  const hint = `install Node.js ${OLDEST} or newer, or put it first on the PATH`;
  fs.writeSync(channelNumber, `${JSON.stringify({ id: 1, error: { message, hint } })}\n`);
  process.exit(1);
}

// A thread of its own notices the end of samlocal, even while a file keeps this one busy.
const { Worker } = require('worker_threads');
const watch = (number) => {
  const lifeline = new (require('net').Socket)({ fd: number, readable: true, writable: false });
  lifeline.on('close', () => process.kill(-process.pid, 'SIGKILL')).on('error', () => {}).resume();
};
new Worker(`(${watch})(${lifelineNumber})`, { eval: true }).unref();

const channel = new net.Socket({ fd: channelNumber, readable: true, writable: true });
const questions = new Map();
let lastQuestion = 0;
const running = new Set();
let idle;

process.argv = [process.argv[0], 'serverless', ...process.argv.slice(4)]; // some files look for --stage there
const emitWarning = process.emitWarning;
process.emitWarning = (warning, ...rest) => {
  if (!/Type Stripping|stripTypeScriptTypes|CommonJS module .* ES Module/.test(warning)) {
    emitWarning.call(process, warning, ...rest);
  }
};

const send = (message) => channel.write(`${JSON.stringify(message)}\n`);

const ask = (question) =>
  new Promise((resolve, reject) => {
    lastQuestion += 1;
    questions.set(lastQuestion, { resolve, reject });
    channel.ref();
    send({ ask: lastQuestion, ...question });
  });

const settle = ({ answer, value, error }) => {
  const { resolve, reject } = questions.get(answer);
  questions.delete(answer);
  if (questions.size === 0) channel.unref();
  if (error === undefined) resolve(value);
  else reject(Object.assign(new Error(error), { question: answer }));
};

// --- TypeScript ------------------------------------------------------------------------------------------------

class Unreadable extends Error {}
let readsTypeScript = false;

const resolveFrom = (directory, name) => {
  try {
    return createRequire(path.join(directory, 'file.js')).resolve(name);
  } catch {
    return null;
  }
};

const resolveOnPath = (program, name) => {
  for (const directory of (process.env.PATH || '').split(path.delimiter)) {
    try {
      const found = resolveFrom(path.dirname(fs.realpathSync(path.join(directory, program))), name);
      if (found) return found;
    } catch {
      // not in this directory
    }
  }
  return null;
};

const find = (directory, program, name) => resolveFrom(directory, name) || resolveOnPath(program, name);

const registerTsNode = (directory) => {
  const tsNode = find(directory, 'ts-node', 'ts-node');
  if (!tsNode) return false;
  // As in Serverless, but types are not checked: they do not change the configuration.
  require(tsNode).register({
    cwd: directory,
    transpileOnly: true,
    compilerOptions: { module: 'commonjs' },
    ignoreDiagnostics: [5071, 5095, 5098, 5107, 5109, 5110],
  });
  return true;
};

const registerTsx = (directory) => {
  const tsx = find(directory, 'tsx', 'tsx/cjs');
  if (tsx) require(tsx);
  return Boolean(tsx);
};

const flagsOfNode = () => {
  const known = process.allowedNodeEnvironmentFlags;
  const flag = ['--experimental-transform-types', '--experimental-strip-types'].find((name) => known.has(name));
  return flag && !process.execArgv.includes(flag) ? [flag, '--disable-warning=ExperimentalWarning'] : null;
};

const registerTypeScript = (file) => {
  const problems = [];
  for (const register of [registerTsNode, registerTsx]) {
    try {
      if (register(path.dirname(file))) return;
    } catch (error) {
      problems.push(error); // ts-node without a compiler, for example
    }
  }
  if (process.features.typescript || process.execArgv.some((flag) => flag.endsWith('-types'))) return;
  const flags = flagsOfNode();
  if (flags) throw Object.assign(new Unreadable('types'), { flags });
  const reason = problems.length ? `, and ts-node or tsx fails: ${problems[0].message.split('\n')[0]}` : '';
  throw Object.assign(new Unreadable(`Node.js ${version} does not read TypeScript${reason}`), {
    hint: 'install tsx in the service (`npm install --save-dev tsx`), or use Node.js 22.18 or newer',
  });
};

// --- files -----------------------------------------------------------------------------------------------------

const isDefault = (module) =>
  (types.isModuleNamespaceObject(module) || (module && module.__esModule)) && 'default' in module;

const isModuleSyntax = (error) =>
  error instanceof SyntaxError && /import statement|token 'export'|'import\.meta'/.test(error.message);

const loadModule = async (file) => {
  if (path.extname(file) === '.mjs') return import(pathToFileURL(file));
  try {
    return require(file);
  } catch (error) {
    if (error && error.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
      const flags = flagsOfNode();
      if (flags) throw Object.assign(new Unreadable('types'), { flags });
    }
    const isModule = error && ['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE'].includes(error.code);
    if (!isModule && !isModuleSyntax(error)) throw error;
    return import(pathToFileURL(file));
  }
};

const load = async (file) => {
  if (/\.[mc]?ts$/.test(file) && !readsTypeScript) {
    registerTypeScript(file);
    readsTypeScript = true;
  }
  const module = await loadModule(file);
  let root = module;
  while (isDefault(root)) root = root.default;
  return { module, root };
};

const readConfiguration = async ({ path: file }) => {
  const { root } = await load(file);
  return typeof root === 'function' ? root() : root;
};

const readVariable = async ({ path: file, address, options }) => {
  const { module, root } = await load(file);
  const tools = {
    options,
    resolveVariable: (variable) => ask({ variable: String(variable) }),
    resolveConfigurationProperty: (property) => ask({ property: [].concat(property).map(String) }),
  };
  let isCalled = false;
  const evaluate = (value, owner) => {
    if (isCalled || typeof value !== 'function') return value;
    isCalled = true;
    return value.call(owner, tools);
  };
  const exported = module === root ? {} : module;
  let value = await evaluate(root, undefined);
  const keys = address === null ? [] : address.split('.');
  for (const [index, key] of keys.entries()) {
    if (typeof value === 'string') value = await ask({ text: value });
    const missing = value === null || value === undefined || value[key] === undefined;
    const owner = missing && index === 0 ? exported : value;
    if (owner === null || owner === undefined) return null;
    value = await evaluate(owner[key], owner);
    if (value === null || value === undefined) return null;
  }
  return value;
};

// --- requests --------------------------------------------------------------------------------------------------

const loadedFiles = () =>
  Object.keys(require.cache).filter((name) => name !== __filename && !name.includes(`${path.sep}node_modules${path.sep}`));

const positionOf = (error) => {
  const text = error && typeof error.stack === 'string' ? error.stack : '';
  const patterns = [
    /^(\/[^\n:]*):(\d+)\n/, // a syntax error
    /^\s+at (?:.*\()?((?:file:\/\/)?\/[^()\n]*?):(\d+):(\d+)\)?$/gm,
    /((?:\/|[\w.-]+\/)*[\w.-]+\.[mc]?ts)(?:\(|:)(\d+)[,:](\d+)/g, // a TypeScript compiler's
  ];
  for (const pattern of patterns) {
    const matches = pattern.global ? [...text.matchAll(pattern)] : [text.match(pattern)].filter(Boolean);
    for (const [, name, line, column] of matches) {
      const file = name.startsWith('file://') ? fileURLToPath(name) : path.resolve(name);
      if (file !== __filename && !file.includes('/node_modules/')) {
        return { file, line: Number(line), column: Number(column || 1) };
      }
    }
  }
  return {};
};

const describe = (error) => {
  if (error instanceof Unreadable) return { message: error.message, hint: error.hint, flags: error.flags };
  const isError = error && typeof error.message === 'string';
  const name = isError && error.name && error.name !== 'Error' ? `${error.name}: ` : '';
  const message = isError ? `${name}${error.message}` : String(error);
  return { message: message.trim(), question: (error && error.question) || null, isThrown: true, ...positionOf(error) };
};

// A text that is not Unicode has a replacement character, as where Node.js gives it to the system.
const LONE_SURROGATE = /(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g;
const toJson = (value) => {
  const json = JSON.stringify(value);
  return json === undefined ? null : json.replace(LONE_SURROGATE, '$1\ufffd');
};

const finish = (id, result) => {
  if (!running.delete(id)) return;
  send({ id, ...result, files: loadedFiles() });
  if (running.size > 0) return;
  channel.ref();
  idle = setTimeout(() => process.kill(-process.pid, 'SIGKILL'), IDLE_MILLISECONDS);
};

const handle = async (request) => {
  running.add(request.id);
  clearTimeout(idle);
  if (questions.size === 0) channel.unref(); // so that it shows when nothing is left to run
  try {
    Object.assign(process.env, request.environment);
    const read = request.isConfiguration ? readConfiguration : readVariable;
    finish(request.id, { json: toJson(await read(request)) });
  } catch (error) {
    finish(request.id, { error: describe(error) });
  }
};

process.on('beforeExit', () => {
  const message = 'the file gives a promise that is never resolved';
  for (const id of running) finish(id, { error: { message } });
});

let rest = '';
channel.setEncoding('utf8');
channel.on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  for (const message of lines.map((line) => JSON.parse(line))) {
    if ('answer' in message) settle(message);
    else handle(message);
  }
});
channel.on('end', () => process.exit()).on('error', () => process.exit());
