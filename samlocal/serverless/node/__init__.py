"""Files in JavaScript and TypeScript, which the Node.js on this machine reads."""
