import { mayEarn } from '../loyalty/own-activities.ts';
import { merchant, setting } from './config.ts';
import { openEnrolment } from './enrolment.ts';
import { openFactsQueue } from './facts-queue.ts';
import { ledger, members, waitingRoom } from './shop.ts';
import { sqs } from './sqs.ts';

/** This shop's enrolment: apart from its stores, so that a till's functions do without a queue. */
export const enrolment = () =>
  openEnrolment({
    members: members(),
    ledger: ledger(),
    waitingRoom: waitingRoom(),
    facts: openFactsQueue({ client: sqs, url: setting('QUEUE_FACTS_URL') }),
    consentAtEnrolment: merchant().consentAtEnrolment,
    mayEarn: (activity) => mayEarn(merchant().program, activity),
  });
