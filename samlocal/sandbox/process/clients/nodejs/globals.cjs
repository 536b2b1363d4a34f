// `awslambda`, which Lambda's Node.js has: response streams, and from Node.js 24 on the store of the running invocation.
// https://docs.aws.amazon.com/lambda/latest/dg/config-rs-write-functions.html
// https://github.com/aws/aws-lambda-invoke-store-nodejs (used by SDKs and loggers)
'use strict';

const { HANDLER_STREAMING, HIGH_WATER_MARK, HttpResponseStream } = require('./streams.cjs');
const { concurrency, hasCallbacks } = require('./runtime_version.cjs');

const REQUEST_ID = Symbol.for('_AWS_LAMBDA_REQUEST_ID');
const TRACE_ID = Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID');
const TENANT_ID = Symbol.for('_AWS_LAMBDA_TENANT_ID');
const PROTECTED = [REQUEST_ID, TRACE_ID, TENANT_ID];

class InvokeStore {
  #storage = concurrency > 0 ? new (require('node:async_hooks').AsyncLocalStorage)() : undefined;
  #context;

  static PROTECTED_KEYS = { REQUEST_ID, X_RAY_TRACE_ID: TRACE_ID, TENANT_ID };

  run(context, use) {
    if (this.#storage) return this.#storage.run(context, use);
    this.#context = context;
    return use();
  }

  getContext() {
    return this.#storage ? this.#storage.getStore() : this.#context;
  }

  hasContext() {
    return this.getContext() !== undefined;
  }

  get(key) {
    return this.getContext()?.[key];
  }

  set(key, value) {
    if (PROTECTED.includes(key)) throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    if (!this.hasContext() && this.#storage) throw new Error('No context available');
    if (!this.hasContext()) this.#context = {};
    this.getContext()[key] = value;
  }

  getRequestId() {
    return this.get(REQUEST_ID);
  }

  getXRayTraceId() {
    return this.get(TRACE_ID);
  }

  getTenantId() {
    return this.get(TENANT_ID);
  }
}

const invokeStore = new InvokeStore();

function setUpGlobals() {
  if (['1', 'true'].includes(process.env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = {
    HttpResponseStream,
    streamifyResponse: (handler, options) => {
      handler[HANDLER_STREAMING] = 'response';
      if (typeof options?.highWaterMark === 'number') handler[HIGH_WATER_MARK] = Math.trunc(options.highWaterMark);
      return handler;
    },
  };
  if (!hasCallbacks) globalThis.awslambda.InvokeStore = invokeStore;
}

// Run a function with the invocation in the store, where logs find it.
function withInvocation({ requestId, traceId, tenantId }, use) {
  return invokeStore.run({ [REQUEST_ID]: requestId, [TRACE_ID]: traceId, [TENANT_ID]: tenantId }, use);
}

module.exports = { invokeStore, setUpGlobals, withInvocation };
