import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  type TableProps,
} from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { type Deployment, keepUnlessCopy } from './deployment.ts';
import { acknowledge } from './findings.ts';

export interface DataStackProps extends StackProps {
  readonly deployment: Deployment;
}

/** What a merchant may not lose. It changes rarely and on purpose, and nothing else lives here. */
export class DataStack extends Stack {
  /** One item a member: the state of the account, without personal data. */
  readonly accounts: Table;
  /** The journal, append-only. Its stream is the outbox. */
  readonly entries: Table;
  /** Profiles, identities, consents. */
  readonly members: Table;
  /** API keys, waiting facts, deliveries, cursors: what runs beside the members. */
  readonly program: Table;
  /** Sums and a row for each member, made from the journal: it could be made again. */
  readonly reports: Table;

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const { deployment } = props;

    this.accounts = this.table(deployment, 'Accounts', { partitionKey: text('memberId') });
    for (const indexName of DUE_INDEXES) {
      // Sparse: an account stands in it only while something is due, so that a sweep reads nobody else.
      this.accounts.addGlobalSecondaryIndex({
        indexName,
        partitionKey: text(indexName),
        sortKey: text('memberId'),
        projectionType: ProjectionType.KEYS_ONLY,
      });
    }
    this.entries = this.table(deployment, 'Entries', {
      partitionKey: text('memberId'),
      sortKey: text('key'),
      stream: StreamViewType.NEW_IMAGE,
    });
    this.members = this.table(deployment, 'Members', { partitionKey: text('pk'), sortKey: text('sk') });
    for (const indexName of ROUND_INDEXES) {
      this.members.addGlobalSecondaryIndex({
        indexName,
        partitionKey: text(indexName),
        sortKey: text('pk'),
        projectionType: ProjectionType.KEYS_ONLY,
      });
    }
    this.program = this.table(deployment, 'Program', {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      timeToLiveAttribute: 'ttl',
    });
    this.reports = this.table(deployment, 'Reports', { partitionKey: text('pk'), sortKey: text('sk') });
  }

  private table(deployment: Deployment, name: string, keys: TableProps): Table {
    const real = deployment.stage === undefined;
    const table = new Table(this, name, {
      ...keys,
      tableName: `${deployment.prefix}-${name.toLowerCase()}`,
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: real },
      deletionProtection: real,
      removalPolicy: keepUnlessCopy(deployment),
    });
    if (!real)
      acknowledge(table, 'AwsSolutions-DDB3', 'A copy to try things on holds nothing that anybody would restore.');
    new CfnOutput(this, `${name}Table`, { value: table.tableName, description: `The ${name.toLowerCase()} table` });
    return table;
  }
}

/** When something falls due on an account: points that expire; pending points, holds and tiers to look at; absences. */
export const DUE_INDEXES = ['expiryDue', 'reviewDue', 'inactiveDue'] as const;

/** The days of the year on which a member was born and has joined: personal, so they are here and go with the row. */
export const ROUND_INDEXES = ['birthdayDue', 'joinedDue'] as const;

const text = (name: string) => ({ name, type: AttributeType.STRING });
