// CloudFormation's `cfn-response` for functions whose code stands in the template, written for samlocal.
//
// The interface is AWS's. The module tells a custom resource's stack how the resource fared:
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html

const http = require('http');
const https = require('https');

exports.SUCCESS = 'SUCCESS';
exports.FAILED = 'FAILED';

// Put the response to the presigned URL in the event, then end the invocation; a failure to do so is its error.
exports.send = async function (event, context, responseStatus, responseData, physicalResourceId, noEcho, reason) {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: reason || `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  console.log(`cfn-response: ${body}`);
  let error;
  try {
    const answer = await put(new URL(event.ResponseURL), body);
    console.log(`cfn-response: sent, and answered with ${answer.statusCode} ${answer.statusMessage}`);
  } catch (problem) {
    error = problem;
    console.log(`cfn-response: not sent: ${error.message}`);
  }
  if (context.done) context.done(error);
  else if (error) throw error; // from Node.js 24 on, Lambda's context has no `done`
};

function put(url, body) {
  return new Promise((resolve, reject) => {
    const { request } = url.protocol === 'http:' ? http : https;
    // S3 signed the request for an empty type of content.
    const headers = { 'Content-Type': '', 'Content-Length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'PUT', headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
