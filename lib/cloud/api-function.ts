import { Duration } from 'aws-cdk-lib';
import { type HttpMethod, HttpRoute, HttpRouteKey, type IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { acknowledge } from './findings.ts';
import { ShopFunction, type ShopFunctionProps } from './shop-function.ts';

/** As an API's document writes it: `GET /v1/members/{id}`. */
export type Route = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;

export interface ApiFunctionProps extends Omit<ShopFunctionProps, 'timeout'> {
  readonly api: IHttpApi;
  readonly routes: readonly Route[];
  /** How it asks who calls; absent: for an API key. */
  readonly guardedBy?: string;
}

/** A function that answers a till or a shop. */
export class ApiFunction extends Construct {
  constructor(scope: Construct, id: string, props: ApiFunctionProps) {
    super(scope, id);
    const { handler } = new ShopFunction(this, 'Answer', { ...props, timeout: API_TIMEOUT });
    routeTo(
      this,
      props.api,
      handler,
      props.routes,
      props.guardedBy ?? 'The function itself asks for an API key with the right scope, kept as a hash.',
    );
  }
}

/** Long enough for a cold start and a few conflicts, short enough that a till can still tell its customer something. */
export const API_TIMEOUT = Duration.seconds(10);

/** Opens the routes to the function. Who may call is the function's own question: `guardedBy` says how it asks. */
export function routeTo(
  scope: Construct,
  httpApi: IHttpApi,
  handler: IFunction,
  routes: readonly Route[],
  guardedBy: string,
): void {
  const integration = new HttpLambdaIntegration('Integration', handler);
  for (const route of routes) {
    const [method, path] = route.split(' ') as [HttpMethod, string];
    const opened = new HttpRoute(scope, route.replaceAll('/', '.'), {
      httpApi,
      integration,
      routeKey: HttpRouteKey.with(path, method),
    });
    acknowledge(opened, 'AwsSolutions-APIG4', guardedBy);
  }
}
