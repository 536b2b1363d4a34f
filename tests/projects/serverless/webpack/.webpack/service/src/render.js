(() => {
  // What webpack makes of src/render.js, with the text of src/mail.txt inside.
  const modules = { 1: (module) => { module.exports = "Hello NAME!\n"; } };
  const require_ = (id) => { const module = {}; modules[id](module); return module.exports; };
  exports.handler = async ({ name }) => require_(1).replace("NAME", name);
})();
