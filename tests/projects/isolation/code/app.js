const fs = require("node:fs");

exports.handler = async (event) => {
  fs.writeFileSync("/tmp/file", "content");
  return { user: process.getuid(), event };
};
