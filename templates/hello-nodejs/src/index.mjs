export const handler = async (event, context) => {
  const name = event.name ?? "world";
  console.log(`Greeting ${name}`);
  return {
    message: `${process.env.GREETING}, ${name}!`,
    function: context.functionName,
    node: process.versions.node.split(".")[0],
  };
};
