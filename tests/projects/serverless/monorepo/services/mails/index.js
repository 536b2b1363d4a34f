exports.send = async ({ to }) => ({ from: process.env.SENDER, to, api: process.env.API });
