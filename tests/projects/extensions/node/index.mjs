export const handler = async () => "handled";
