module.exports = { entry: "./src/render.js", target: "node" };
