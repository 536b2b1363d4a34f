const cdk = require('aws-cdk-lib');
const apigw = require('aws-cdk-lib/aws-apigateway');
const authorizers = require('aws-cdk-lib/aws-apigatewayv2-authorizers');
const cognito = require('aws-cdk-lib/aws-cognito');
const ec2 = require('aws-cdk-lib/aws-ec2');
const elb = require('aws-cdk-lib/aws-elasticloadbalancingv2');
const { LambdaTarget } = require('aws-cdk-lib/aws-elasticloadbalancingv2-targets');
const integrations = require('aws-cdk-lib/aws-apigatewayv2-integrations');
const lambda = require('aws-cdk-lib/aws-lambda');
const v2 = require('aws-cdk-lib/aws-apigatewayv2');

const echo = (scope, id) => new lambda.Function(scope, id, {
  runtime: lambda.Runtime.PYTHON_3_13,
  handler: 'index.handler',
  code: lambda.Code.fromInline('def handler(event, context):\n    return {"statusCode": 200}\n'),
});

// Methods of an API of the stack around it, as in apps with many methods.
class MoreMethods extends cdk.NestedStack {
  constructor(scope, id, { restApiId, root }) {
    super(scope, id);
    const api = apigw.RestApi.fromRestApiAttributes(this, 'Api', { restApiId, rootResourceId: root.resourceId });
    api.root.addResource('more').addMethod('GET', new apigw.LambdaIntegration(echo(this, 'More')));
  }
}

class RestStack extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const items = echo(this, 'Items');
    const guard = echo(this, 'Guard');
    const live = new lambda.Alias(this, 'Live', { aliasName: 'live', version: items.currentVersion });
    const api = new apigw.RestApi(this, 'Shop', {
      binaryMediaTypes: ['image/png'],
      minCompressionSize: cdk.Size.bytes(100),
      deployOptions: { stageName: 'dev', variables: { color: 'red' } },
      defaultCorsPreflightOptions: { allowOrigins: ['https://a.example'], allowCredentials: true },
    });
    const resource = api.root.addResource('items');
    const item = api.addModel('Item', {
      modelName: 'Item',
      schema: { type: apigw.JsonSchemaType.OBJECT, required: ['id'] },
    });
    const list = api.addModel('List', {
      schema: { type: apigw.JsonSchemaType.ARRAY, items: { modelId: item.modelId } },
    });
    const requestValidator = api.addRequestValidator('Validator', {
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    const token = new apigw.TokenAuthorizer(this, 'Token', { handler: guard, validationRegex: 'Bearer .+' });
    const request = new apigw.RequestAuthorizer(this, 'Request', {
      handler: guard,
      identitySources: [apigw.IdentitySource.header('X-A'), apigw.IdentitySource.queryString('k')],
      resultsCacheTtl: cdk.Duration.seconds(10),
    });
    const pool = new apigw.CognitoUserPoolsAuthorizer(this, 'Users', {
      cognitoUserPools: [new cognito.UserPool(this, 'Pool')],
    });
    resource.addMethod('GET', new apigw.LambdaIntegration(live, { timeout: cdk.Duration.seconds(10) }), {
      authorizer: token,
      requestValidator,
      requestParameters: { 'method.request.querystring.q': true, 'method.request.header.h': false },
    });
    resource.addMethod('POST', new apigw.LambdaIntegration(items), {
      authorizer: request,
      requestValidator,
      requestModels: { 'application/json': list },
      apiKeyRequired: true,
      operationName: 'Create',
    });
    resource.addResource('{id}').addMethod('DELETE', new apigw.LambdaIntegration(items), {
      authorizer: pool,
      authorizationScopes: ['shop/write'],
    });
    api.root.addResource('stream').addMethod(
      'GET',
      new apigw.LambdaIntegration(items, { responseTransferMode: apigw.ResponseTransferMode.STREAM }),
      { authorizationType: apigw.AuthorizationType.IAM },
    );
    api.root.addProxy({
      defaultIntegration: new apigw.HttpIntegration('https://example.com/{proxy}', {
        httpMethod: 'ANY',
        options: { requestParameters: { 'integration.request.path.proxy': 'method.request.path.proxy' } },
      }),
      defaultMethodOptions: { requestParameters: { 'method.request.path.proxy': true } },
    });
    api.addGatewayResponse('Denied', {
      type: apigw.ResponseType.ACCESS_DENIED,
      statusCode: '418',
      responseHeaders: { 'Access-Control-Allow-Origin': "'*'" },
      templates: { 'application/json': '{"m": "$context.error.messageString"}' },
    });
    new apigw.LambdaRestApi(this, 'Proxy', { handler: items });
    new MoreMethods(this, 'MoreMethods', { restApiId: api.restApiId, root: api.root });
  }
}

class HttpStack extends cdk.Stack {
  constructor(scope, id) {
    super(scope, id);
    const items = echo(this, 'Items');
    const guard = echo(this, 'Guard');
    const api = new v2.HttpApi(this, 'Api', {
      corsPreflight: { allowOrigins: ['https://a.example'], allowMethods: [v2.CorsHttpMethod.ANY], maxAge: cdk.Duration.minutes(5) },
    });
    const integration = new integrations.HttpLambdaIntegration('Call', items);
    api.addRoutes({
      path: '/items',
      methods: [v2.HttpMethod.GET, v2.HttpMethod.POST],
      integration,
      authorizer: new authorizers.HttpJwtAuthorizer('Jwt', 'https://issuer.example', { jwtAudience: ['me'] }),
      authorizationScopes: ['read'],
    });
    api.addRoutes({
      path: '/items/{id}',
      methods: [v2.HttpMethod.ANY],
      integration: new integrations.HttpLambdaIntegration('Old', items, {
        payloadFormatVersion: v2.PayloadFormatVersion.VERSION_1_0,
        timeout: cdk.Duration.seconds(5),
      }),
      authorizer: new authorizers.HttpLambdaAuthorizer('Guarded', guard, {
        responseTypes: [authorizers.HttpLambdaResponseType.SIMPLE],
        identitySource: ['$request.header.X'],
        resultsCacheTtl: cdk.Duration.seconds(7),
      }),
    });
    api.addRoutes({ path: '/iam', methods: [v2.HttpMethod.GET], integration, authorizer: new authorizers.HttpIamAuthorizer() });
    api.addRoutes({
      path: '/elsewhere/{proxy+}',
      methods: [v2.HttpMethod.ANY],
      integration: new integrations.HttpUrlIntegration('Elsewhere', 'https://example.com/', {
        parameterMapping: new v2.ParameterMapping().overwritePath(v2.MappingValue.requestPathParam('proxy')),
      }),
    });
    api.addStage('Beta', { stageName: 'beta', autoDeploy: true });
    const chat = new v2.WebSocketApi(this, 'Chat', {
      connectRouteOptions: {
        integration: new integrations.WebSocketLambdaIntegration('Connect', items),
        authorizer: new authorizers.WebSocketLambdaAuthorizer('Door', guard, { identitySource: ['route.request.querystring.token'] }),
      },
      defaultRouteOptions: {
        integration: new integrations.WebSocketLambdaIntegration('Fallback', items),
        returnResponse: true,
      },
    });
    chat.addRoute('send', { integration: new integrations.WebSocketLambdaIntegration('Send', items) });
    new v2.WebSocketStage(this, 'ChatStage', { webSocketApi: chat, stageName: 'prod', autoDeploy: true });
    items.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.NONE });
    const vpc = ec2.Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['us-east-1a', 'us-east-1b'],
      publicSubnetIds: ['subnet-1', 'subnet-2'],
      publicSubnetRouteTableIds: ['rtb-1', 'rtb-2'],
    });
    const listener = new elb.ApplicationLoadBalancer(this, 'Balancer', { vpc, internetFacing: true }).addListener('Listener', { port: 80, open: false });
    listener.addTargetGroups('Default', {
      targetGroups: [
        new elb.ApplicationTargetGroup(this, 'Group', {
          targetType: elb.TargetType.LAMBDA,
          targets: [new LambdaTarget(items)],
          multiValueHeadersEnabled: true,
        }),
      ],
    });
    listener.addTargets('Guard', {
      priority: 10,
      conditions: [elb.ListenerCondition.pathPatterns(['/a*']), elb.ListenerCondition.httpHeader('x-a', ['1'])],
      targets: [new LambdaTarget(guard)],
    });
    listener.addAction('Fixed', {
      priority: 20,
      conditions: [elb.ListenerCondition.hostHeaders(['x.example'])],
      action: elb.ListenerAction.fixedResponse(404),
    });
  }
}

const app = new cdk.App();
new RestStack(app, 'RestStack');
new HttpStack(app, 'HttpStack');
