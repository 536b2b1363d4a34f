const path = require('node:path');
const cdk = require('aws-cdk-lib');
const dynamodb = require('aws-cdk-lib/aws-dynamodb');
const lambda = require('aws-cdk-lib/aws-lambda');
const secretsmanager = require('aws-cdk-lib/aws-secretsmanager');
const ssm = require('aws-cdk-lib/aws-ssm');
const { Construct } = require('constructs');

const code = (name) => lambda.Code.fromAsset(path.join(__dirname, 'functions', name));

// A construct of its own, so that a function stands deeper than its stack.
class Moderation extends Construct {
  constructor(scope, id, { table }) {
    super(scope, id);
    this.handler = new lambda.Function(this, 'Handler', {
      runtime: lambda.Runtime.NODEJS_22_X,
      handler: 'index.handler',
      code: code('moderation'),
      environment: { TABLE_NAME: table.tableName, TABLE_ARN: table.tableArn },
    });
  }
}

class ReportsStack extends cdk.NestedStack {
  constructor(scope, id, { table }) {
    super(scope, id);
    new lambda.Function(this, 'Report', {
      runtime: lambda.Runtime.PYTHON_3_11,
      handler: 'app.handler',
      code: code('report'),
      timeout: cdk.Duration.seconds(60),
      environment: { TABLE_NAME: table.tableName, STACK: this.stackName },
    });
  }
}

class RatingsStack extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const stage = new cdk.CfnParameter(this, 'Stage', { type: 'String', default: 'dev' });
    this.table = new dynamodb.Table(this, 'Table', {
      partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING },
    });
    const shared = new lambda.LayerVersion(this, 'Shared', {
      code: lambda.Code.fromAsset(path.join(__dirname, 'layers', 'shared')),
    });
    const secret = new secretsmanager.Secret(this, 'Secret', { secretName: 'ratings/api' });
    const ratings = new lambda.Function(this, 'Ratings', {
      functionName: 'ratings-api',
      runtime: lambda.Runtime.PYTHON_3_11,
      handler: 'app.handler',
      code: code('ratings'),
      memorySize: 512,
      timeout: cdk.Duration.seconds(15),
      layers: [shared],
      environment: {
        STAGE: stage.valueAsString,
        TABLE_NAME: this.table.tableName,
        REGION: this.region,
        SECRET_ARN: secret.secretArn,
        API_KEY: secret.secretValueFromJson('key').unsafeUnwrap(),
        LIMIT: ssm.StringParameter.valueForStringParameter(this, '/ratings/limit'),
      },
    });
    new lambda.Alias(this, 'Live', { aliasName: 'live', version: ratings.currentVersion });
    new Moderation(this, 'Moderation', { table: this.table });
    new ReportsStack(this, 'Reports', { table: this.table });
    new lambda.Function(this, 'Inline', {
      runtime: lambda.Runtime.PYTHON_3_11,
      handler: 'index.handler',
      code: lambda.Code.fromInline('def handler(event, context):\n    return event\n'),
    });
  }
}

class ThumbnailsStack extends cdk.Stack {
  constructor(scope, id, { table, ...props }) {
    super(scope, id, props);
    new lambda.DockerImageFunction(this, 'Thumbnails', {
      code: lambda.DockerImageCode.fromImageAsset(path.join(__dirname, 'functions', 'thumbnails'), {
        cmd: ['app.handler'],
        buildArgs: { SIZE: '64' },
        file: 'Dockerfile.lambda',
      }),
      environment: { TABLE_NAME: table.tableName },
    });
    new Moderation(this, 'Moderation', { table });
  }
}

const app = new cdk.App();
const ratings = new RatingsStack(app, 'RatingsStack');
new ThumbnailsStack(app, 'ThumbnailsStack', { table: ratings.table });
