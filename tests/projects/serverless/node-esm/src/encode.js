export const encode = (text) => Buffer.from(text).toString("base64url").slice(-6);
