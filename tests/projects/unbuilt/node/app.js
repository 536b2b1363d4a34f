const { tint } = require('@nobody/colors/tint');

exports.handler = async (event) => tint(event);
