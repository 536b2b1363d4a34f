exports.handler = async (event) => ({ greeting: `Hi, ${event.name}!`, table: process.env.TABLE });
