const tables = ["users", "orders"];

module.exports = {
  service: "inventory",
  provider: {
    name: "aws",
    runtime: "nodejs22.x",
    environment: Object.fromEntries(tables.map((name) => [`TABLE_${name.toUpperCase()}`, `\${sls:stage}-${name}`])),
  },
  functions: require("./functions").map((name) => ({ [name]: { handler: `src/${name}.handler`, timeout: 20 } })),
};
