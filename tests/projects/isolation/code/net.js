exports.trusts = async (event) => {
  try {
    return { fetch: (await fetch(event.url)).ok };
  } catch (error) {
    if (error.cause?.code?.includes("CERT") || error.cause?.code?.includes("SIGNATURE"))
      return { fetch: false };
    throw error;
  }
};
