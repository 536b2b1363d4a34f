module.exports = { a: "of the script" };
