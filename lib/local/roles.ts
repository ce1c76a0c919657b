import { account } from './known-resources.ts';
import { type Assembly, type Resource, unknownIn } from './template.ts';

/** What a principal asks for. */
export interface Request {
  /** `dynamodb:PutItem`. */
  readonly action: string;
  /** An ARN. */
  readonly resource: string;
}

/** Not allowed, in AWS's own words: who, which action, on which resource. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDeniedException';
}

/** The identity-based rights of one role. */
interface Role {
  readonly name: string;
  decide(request: Request): 'allowed' | 'denied' | 'not-mentioned';
}

/** Who may do what, by the statements in the template and by nothing else. */
export interface Roles {
  /** Throws `AccessDenied` when the function's role does not allow it. */
  checkFunction(functionName: string, request: Request): void;
  /** The same for a role that a service takes on, such as a schedule's. `session` is what it acts for. */
  checkRole(roleArn: string, session: string, request: Request): void;
  /** The same for a service that comes as itself, such as the bus, by the policy of the queue. */
  checkService(service: string, sourceArn: string, request: Request): void;
}

interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly RegExp[];
  readonly resources: readonly RegExp[];
  /** Service principals; empty in a role's policy. */
  readonly services: readonly string[];
  readonly conditions: readonly Condition[];
}

interface Condition {
  readonly key: string;
  readonly values: readonly RegExp[];
}

type Context = Readonly<Record<string, string>>;

export function readRoles(assembly: Assembly): Roles {
  const roles = new Map(assembly.ofType('AWS::IAM::Role').map((role) => [role.arn, readRole(role, assembly)]));
  const functions = new Map(
    assembly.ofType('AWS::Lambda::Function').map((lambda) => {
      const role = roles.get(String(lambda.properties.Role));
      if (role === undefined) throw unknownIn(lambda, `its Role ${lambda.properties.Role} is not in the template`);
      return [lambda.physicalId, role];
    }),
  );
  const queuePolicies = readQueuePolicies(assembly);

  const check = (role: Role | undefined, session: string, request: Request): void => {
    const decision = role?.decide(request) ?? 'not-mentioned';
    if (decision === 'allowed') return;
    const because =
      decision === 'denied'
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${request.action} action`;
    throw new AccessDenied(
      `${who(role?.name ?? 'no-role', session)} is not authorized to perform: ${ask(request)} ${because}`,
    );
  };

  return {
    checkFunction: (functionName, request) => check(functions.get(functionName), functionName, request),
    checkRole: (roleArn, session, request) => check(roles.get(roleArn), session, request),
    checkService(service, sourceArn, request) {
      const context = { 'aws:SourceArn': sourceArn, 'aws:SourceAccount': account };
      const statements = (queuePolicies.get(request.resource) ?? []).filter(({ services }) =>
        services.some((name) => name === '*' || name === service),
      );
      if (decide(statements, request, context) === 'allowed') return;
      throw new AccessDenied(
        `${service} for ${sourceArn} is not authorized to perform: ${ask(request)} because no resource-based policy allows it`,
      );
    },
  };
}

const who = (role: string, session: string): string => `User: arn:aws:sts::${account}:assumed-role/${role}/${session}`;
const ask = ({ action, resource }: Request): string => `${action} on resource: ${resource}`;

function readRole(role: Resource, assembly: Assembly): Role {
  for (const managed of list(role.properties.ManagedPolicyArns)) {
    // Logs only, which are files here.
    if (String(managed).endsWith(':policy/service-role/AWSLambdaBasicExecutionRole')) continue;
    throw unknownIn(role, `the managed policy ${managed} is not known to the local cloud`);
  }
  const inline = list(role.properties.Policies).map((policy) => (policy as { PolicyDocument: unknown }).PolicyDocument);
  const statements = inline.flatMap((document) => readStatements(document, role));
  for (const policy of assembly.ofType('AWS::IAM::Policy')) {
    if (!list(policy.properties.Roles).includes(role.physicalId)) continue;
    statements.push(...readStatements(policy.properties.PolicyDocument, policy));
  }
  const decided = new Map<string, ReturnType<Role['decide']>>();
  return {
    name: role.physicalId,
    decide(request) {
      const key = `${request.action} ${request.resource}`;
      const decision = decided.get(key) ?? decide(statements, request, {});
      decided.set(key, decision);
      return decision;
    },
  };
}

function readQueuePolicies(assembly: Assembly): Map<string, Statement[]> {
  const arnOf = new Map(assembly.ofType('AWS::SQS::Queue').map((queue) => [queue.physicalId, queue.arn]));
  const policies = new Map<string, Statement[]>();
  for (const policy of assembly.ofType('AWS::SQS::QueuePolicy')) {
    const statements = readStatements(policy.properties.PolicyDocument, policy);
    for (const url of list(policy.properties.Queues)) {
      const arn = arnOf.get(String(url)) ?? '';
      policies.set(arn, [...(policies.get(arn) ?? []), ...statements]);
    }
  }
  return policies;
}

function decide(statements: readonly Statement[], { action, resource }: Request, context: Context) {
  const whole: Context = {
    'aws:SecureTransport': 'true',
    // Roles are passed to schedules, and to nothing else.
    'iam:PassedToService': 'scheduler.amazonaws.com',
    ...context,
  };
  const applying = statements.filter(
    (statement) =>
      statement.actions.some((pattern) => pattern.test(action)) &&
      statement.resources.some((pattern) => pattern.test(resource)) &&
      statement.conditions.every(({ key, values }) => values.some((pattern) => pattern.test(whole[key] ?? ''))),
  );
  if (applying.some(({ effect }) => effect === 'Deny')) return 'denied';
  return applying.length > 0 ? 'allowed' : 'not-mentioned';
}

const knownParts = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Principal', 'Condition']);
const knownOperators = new Set(['StringEquals', 'StringLike', 'ArnEquals', 'ArnLike', 'Bool']);
const knownKeys = new Set(['aws:SecureTransport', 'aws:SourceArn', 'aws:SourceAccount', 'iam:PassedToService']);

function readStatements(document: unknown, at: Resource): Statement[] {
  return list((document as { Statement?: unknown }).Statement).map((entry) => {
    const statement = entry as Record<string, unknown>;
    const unknown = Object.keys(statement).find((part) => !knownParts.has(part));
    if (unknown !== undefined) throw unknownIn(at, `${unknown} in a policy statement is not known to the local cloud`);
    return {
      effect: statement.Effect === 'Deny' ? 'Deny' : 'Allow',
      actions: list(statement.Action).map((action) => wildcard(String(action), 'i')),
      resources: list(statement.Resource).map((resource) => wildcard(String(resource), '')),
      services: readServices(statement.Principal),
      conditions: readConditions(statement.Condition, at),
    };
  });
}

function readServices(principal: unknown): string[] {
  if (principal === undefined) return [];
  if (principal === '*') return ['*'];
  const { AWS, Service } = principal as { AWS?: unknown; Service?: unknown };
  return [
    ...list(Service).map(String),
    ...list(AWS)
      .filter((name) => name === '*')
      .map(String),
  ];
}

function readConditions(condition: unknown, at: Resource): Condition[] {
  return Object.entries((condition ?? {}) as Record<string, Record<string, unknown>>).flatMap(([operator, tests]) =>
    Object.entries(tests).map(([key, values]) => {
      if (!knownOperators.has(operator) || !knownKeys.has(key)) {
        throw unknownIn(at, `the condition ${operator} ${key} is not known to the local cloud`);
      }
      return { key, values: list(values).map((value) => wildcard(String(value), '')) };
    }),
  );
}

const list = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** `*` and `?` as in IAM. Operators without wildcards get none in their values, so one matcher does for all. */
function wildcard(pattern: string, flags: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, flags);
}
