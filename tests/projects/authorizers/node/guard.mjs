// Lets a request in by its key: `allow`, in the response of the event's version.
let calls = 0

export const handler = async (event) => {
  calls += 1
  const headers = event.headers
  const key = headers['x-key'] ?? headers['X-Key']
  if (key === 'unauthorized') throw new Error('Unauthorized')
  const context = { calls, seen: event.identitySource?.join('+') ?? event.queryStringParameters.q }
  if (event.version === '2.0') {
    return { isAuthorized: key === 'allow', context: { ...context, roles: ['admin'] } }
  }
  return {
    principalId: 'node',
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Action: 'execute-api:*', Effect: 'Allow', Resource: event.methodArn },
        ...(key === 'allow' ? [] : [{ Action: '*', Effect: 'Deny', Resource: '*' }]),
      ],
    },
    context,
  }
}
