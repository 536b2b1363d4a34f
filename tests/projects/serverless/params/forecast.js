const { ENDPOINT, CACHE, REGION, AWS_REGION, AWS_LAMBDA_FUNCTION_MEMORY_SIZE: memory } = process.env;

exports.handler = async () => ({ ENDPOINT, CACHE, REGION, AWS_REGION, memory });
