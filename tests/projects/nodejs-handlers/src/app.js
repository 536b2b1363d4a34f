const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The result is made when the runtime sends it, so it tells whether the timer ran before that.
function callBackBeforeTimer(callback) {
  const result = { timer: false };
  setTimeout(() => {
    result.timer = true;
  }, 50);
  callback(null, result);
}

exports.calls = (_event, _context, callback) => callBackBeforeTimer(callback);

exports.callsAtOnce = (_event, context, callback) => {
  context.callbackWaitsForEmptyEventLoop = false;
  callBackBeforeTimer(callback);
};

exports.callsWithError = (_event, _context, callback) => callback(new RangeError("no stars"));

exports.neverCalls = () => {
  setTimeout(() => console.log("nothing is left to do"), 10);
};

exports.succeeds = (_event, context) => context.succeed("ended");

exports.fails = (_event, context) => context.fail(new RangeError("no stars"));

exports.isDone = (_event, context) => context.done(null, "ended");

exports.rejects = async () => {
  throw new RangeError("no stars");
};

exports.rejectsUnawaited = async () => {
  exports.rejects();
  await pause(1000);
};

exports.throwsLater = async () => {
  setTimeout(() => {
    throw new RangeError("no stars");
  }, 10);
  await pause(1000);
};

exports.options = async () => ({ command: process.execArgv, required: requireModule() });

function requireModule() {
  try {
    return require("./module.mjs").name;
  } catch (error) {
    return error.code;
  }
}
