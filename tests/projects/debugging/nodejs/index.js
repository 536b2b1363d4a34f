exports.handler = async (event, context) => {
  let stars = event.stars;
  const remaining = context.getRemainingTimeInMillis();
  return { stars, remaining };
};
