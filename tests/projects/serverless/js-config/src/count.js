exports.handler = async (event) => ({ items: event.items.length, table: process.env.TABLE_ORDERS });
