exports.handler = async () => ({ function: 'moderation', table: process.env.TABLE_NAME });
