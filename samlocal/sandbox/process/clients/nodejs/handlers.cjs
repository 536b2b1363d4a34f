// The lookup of a handler: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');
const errors = require('./errors.cjs');
const { hasCallbacks, runtime } = require('./runtime_version.cjs');

// Messages name Lambda's own client, which need not exist.
const requireAsLambda = createRequire('/var/runtime/index.mjs');

async function loadHandler(root, name) {
  if (name.includes('..')) {
    throw new errors.MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(name);
  const folder = name.slice(0, name.indexOf(base));
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match) throw new errors.MalformedHandlerName('Bad handler');
  const [, module, nested] = match;
  const load = hasCallbacks ? requireOrImport : importFirst;
  const loaded = await translated(() => load(root, folder, module));
  let handler = property(loaded, nested);
  if (!handler && !hasCallbacks && typeof loaded === 'object') handler = property(loaded?.default, nested);
  if (!handler) throw new errors.HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== 'function') throw new errors.HandlerNotFound(`${name} is not a function`);
  if (!hasCallbacks) refuseCallback(handler);
  return handler;
}

async function translated(load) {
  try {
    return await load();
  } catch (error) {
    if (error instanceof SyntaxError) throw new errors.UserCodeSyntaxError(error);
    if (error?.code === 'MODULE_NOT_FOUND') throw new errors.ImportModuleError(error);
    throw error;
  }
}

function property(value, nested) {
  return nested.split('.').reduce((found, key) => found && found[key], value);
}

// Up to Node.js 22: `require`, or `import` for what is an ES module by its name or its package.
async function requireOrImport(root, folder, module) {
  const file = path.resolve(root, folder, module);
  const found = requireFile(file);
  if (found) return found;
  const isModule = isInModule(`${file}.js`);
  const loaded =
    (isModule ? await importFile(`${file}.js`) : requireFile(`${file}.js`)) ||
    (await importFile(`${file}.mjs`)) ||
    requireFile(`${file}.cjs`);
  return loaded || requireAsLambda(requireAsLambda.resolve(module, { paths: [root, folder] }));
}

// From Node.js 24 on: `import`.
async function importFirst(root, folder, module) {
  const file = path.resolve(root, folder, module);
  for (const end of ['', '.js', '.mjs', '.cjs']) {
    const loaded = await importFile(file + end);
    if (loaded) return loaded;
  }
  return requireAsLambda(requireAsLambda.resolve(module, { paths: [root, path.join(root, folder)] }));
}

function requireFile(file) {
  return fs.existsSync(file) ? requireAsLambda(file) : undefined;
}

async function importFile(file) {
  return fs.existsSync(file) ? import(pathToFileURL(file).href) : undefined;
}

// Whether the nearest package.json makes a file an ES module: https://nodejs.org/api/packages.html#type
function isInModule(file) {
  if (!fs.existsSync(file)) return false;
  for (let folder = path.dirname(file); !folder.endsWith('/node_modules'); folder = path.dirname(folder)) {
    const description = path.join(folder, 'package.json');
    if (fs.existsSync(description)) {
      try {
        return JSON.parse(fs.readFileSync(description))?.type === 'module';
      } catch (error) {
        console.warn(`${description} cannot be read, it will be ignored for ES module detection purposes.`, error);
        return false;
      }
    }
    if (folder === path.dirname(folder)) break;
  }
  return false;
}

function refuseCallback(handler) {
  const { isStreaming } = require('./streams.cjs');
  if (handler.length < 3 || isStreaming(handler)) return;
  const [problem, remedy] =
    runtime < 24
      ? [
          'does not support callback-based function handlers when using Node.js 22 with Managed Instances',
          'To use Managed Instances, modify this function to use a supported handler signature.',
        ]
      : [
          'has removed support for callback-based function handlers starting with Node.js 24',
          'You need to modify this function to use a supported handler signature to use Node.js 24 or later.',
        ];
  const page = 'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html';
  throw new errors.CallbackHandlerDeprecated(`ERROR: AWS Lambda ${problem}. ${remedy} For more information see ${page}.`);
}

module.exports = { loadHandler };
