exports.hello = async ({ name }) => `hello ${name} (1 of ${process.env.FUNCTIONS})`;
exports.bye = async ({ name }) => `bye ${name}`;
