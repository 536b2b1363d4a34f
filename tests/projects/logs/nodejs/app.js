exports.handler = async (event) => {
  console.trace("below the level");
  console.debug("a detail");
  console.error("a problem");
  throw new RangeError("no stars");
};
