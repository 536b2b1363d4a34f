module.exports = ["count", "restock"];
